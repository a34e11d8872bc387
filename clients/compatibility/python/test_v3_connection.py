"""usesmileid, as its users rely on it: tokens that expire, a server that is busy, answers that are lost."""

import base64
import json
import time
from types import SimpleNamespace

import httpx
import pytest
import usesmileid.client.auth
from calling_v3 import JOE_LEO, client, nin, refused, said
from lost_answers import losing_answers
from server import selfsame
from usesmileid import errors

NO_JOB = "job_01jd8qk3fxe1x8p2v5w7y9z0ab"
TOKEN, STATUS = ("POST", "/v3/token"), ("GET", f"/v3/status/{NO_JOB}")


def token_of(service):
    key = {"smileid-partner-id": "2343", "smileid-api-key": service.partner["sandbox_api_key"]}
    with httpx.Client(base_url=service.https, verify=service.certificates.trusting()) as http:
        return http.post("/v3/token", headers=key).json()["token"]


def test_one_token_serves_many_requests(service):
    seen = []
    with client(service, seen=seen) as asking:
        for _ in range(3):
            asking.verifications.retrieve(NO_JOB)
    assert seen == [(*TOKEN, 200)] + [(*STATUS, 404)] * 3
    claims = token_of(service).split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert (claims["iss"], claims["aud"], claims["partner_id"]) == ("smileid-auth", "smileid-api", "2343")
    assert claims["exp"] - claims["iat"] == 900 and claims["nbf"] <= claims["iat"]


def test_a_token_that_has_expired_is_replaced_once(strict_service, monkeypatch):
    """By a client whose clock is an hour slow: it takes the token for good and is told otherwise."""
    monkeypatch.setattr(usesmileid.client.auth, "time", SimpleNamespace(time=lambda: time.time() - 3600))
    seen = []
    asking = client(strict_service, seen=seen)
    asking.verifications.retrieve(NO_JOB)
    assert seen == [(*TOKEN, 200), (*STATUS, 404)]
    old = token_of(strict_service)
    deadline = time.monotonic() + 60
    with httpx.Client(base_url=strict_service.https, verify=strict_service.certificates.trusting()) as http:
        while (answer := http.get(STATUS[1], headers={"SmileID-Token": old})).status_code != 401:
            assert time.monotonic() < deadline, "a token does not expire"
            time.sleep(1)
    expired = errors.parse_error(answer)
    assert type(expired) is errors.AuthenticationError and "expired" in expired.message
    seen.clear()
    assert asking.verifications.retrieve(NO_JOB).is_not_found
    assert seen == [(*STATUS, 401), (*TOKEN, 200), (*STATUS, 404)]


def test_a_new_key_ends_the_old_one_s_tokens(service):
    partner = service.add_partner("5001")
    seen = []
    old = client(service, partner="5001", key=partner["sandbox_api_key"], seen=seen)
    old.verifications.retrieve(NO_JOB)
    [rotated] = selfsame("partner", "--data", service.data, "rotate-key", "--id", "5001", "--environment", "sandbox")
    seen.clear()
    refused(errors.AuthenticationError, "", old.verifications.retrieve, NO_JOB)
    assert seen == [(*STATUS, 401), (*TOKEN, 401)]
    new = client(service, partner="5001", key=rotated["api_key"])
    assert new.verifications.retrieve(NO_JOB).is_not_found


def test_who_asks_too_often_waits_as_long_as_it_is_told(strict_service):
    partner = strict_service.add_partner("5002")
    answers = []
    http = httpx.Client(verify=strict_service.certificates.trusting(), event_hooks={"response": [answers.append]})
    own = dict(partner_id="5002", api_key=partner["sandbox_api_key"], base_url=strict_service.https, http_client=http)
    impatient = usesmileid.Client(max_retries=0, **own)
    with pytest.raises(errors.RateLimitError) as limited:
        for _ in range(1000):
            impatient.verifications.retrieve(NO_JOB)
    assert limited.value.status == "Too Many Requests"
    assert int(answers[-1].headers["Retry-After"]) >= 1
    # A client that may try again waits, and is served.
    patient = usesmileid.Client(**own)
    for _ in range(1000):
        answers.clear()
        assert patient.verifications.retrieve(NO_JOB).is_not_found
        if 429 in (told := [answer.status_code for answer in answers]):
            assert told[-1] == 404
            return
    raise AssertionError("the limit was not reached again")


def test_a_server_without_room_for_more_jobs(idle_service):
    partner = idle_service.add_partner("5003")
    asking = client(idle_service, partner="5003", key=partner["sandbox_api_key"])
    with pytest.raises(errors.APIError) as busy:
        for _ in range(9):
            asking.enhanced_kyc.verify(**nin(), **said(JOE_LEO))
    assert (busy.value.status_code, busy.value.status) == (503, "Service Unavailable")


def test_a_submission_whose_answer_is_lost_is_found_again(service):
    with losing_answers(service.base, service.certificates) as lossy:
        asking = client(service, base=lossy.url)
        sent = said(JOE_LEO)
        lossy.lose("/v3/enhanced_kyc")
        with pytest.raises(errors.ConnectionError):
            asking.enhanced_kyc.verify(**nin(), **sent)
        # The client does not repeat a submission: the job would be there twice.
        assert lossy.requests == ["/v3/token", "/v3/enhanced_kyc"]
        # Its webhook names it, and from then on its status can be asked for.
        webhook = service.webhooks.with_order(sent["partner_params"]["order"])
        lossy.requests.clear()
        path = f"/v3/status/{webhook.job_id}"
        lossy.lose(path)
        assert asking.verifications.retrieve(webhook.job_id).status == webhook.body["status"] == "clear"
        # What only asks, it repeats.
        assert [request for request in lossy.requests if request == path] == [path] * 2


def test_a_server_that_is_not_there(service):
    with losing_answers(service.base, service.certificates) as gone:
        base = gone.url
    with pytest.raises(errors.ConnectionError):
        client(service, base=base, max_retries=0).services.bank_codes()
