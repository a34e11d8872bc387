"""usesmileid, as its users call it, after a job was submitted: its status, its webhook once more, and reports of fraud."""

import uuid

import pytest
from calling import submitted
from calling_v3 import JOE_LEO, client, decision, ended, nin, refused, said
from server import selfsame
from smile_id_core import ServerError
from usesmileid import errors

# A TypeID that names no job.
NO_JOB = "job_01jd8qk3fxe1x8p2v5w7y9z0ab"


def test_a_job_that_there_is_not(service):
    asking = client(service)
    status = asking.verifications.retrieve(NO_JOB)
    assert (status.status, status.job_id, status.user_id) == ("not_found", NO_JOB, "unknown")
    assert not status.is_complete
    # Who waits takes it for one that is still to come, unless told not to.
    assert asking.verifications.wait_until_complete(NO_JOB, treat_not_found_as_pending=False).is_not_found
    with pytest.raises(errors.TimeoutError):
        asking.verifications.wait_until_complete(NO_JOB, interval=0.05, timeout=0.1)
    refused(errors.NotFoundError, "", asking.verifications.replay, NO_JOB)
    for name in ("job_1", NO_JOB.upper(), NO_JOB.replace("job_", "user_"), "job_81jd8qk3fxe1x8p2v5w7y9z0ab", "../token"):
        refused(errors.InvalidRequestError, "job_id", asking.verifications.retrieve, name)
        refused(errors.InvalidRequestError, "job_id", asking.verifications.replay, name)


def test_a_job_under_way(idle_service):
    asking = client(idle_service)
    accepted = asking.enhanced_kyc.verify(**nin(), **said(JOE_LEO))
    status = asking.verifications.retrieve(accepted.job_id)
    assert status.is_processing and status.user_id == accepted.user_id
    with pytest.raises(errors.TimeoutError):
        asking.verifications.wait_until_complete(accepted.job_id, interval=0.05, timeout=0.1)
    refused(errors.ConflictError, "", asking.verifications.replay, accepted.job_id)


def test_a_webhook_once_more(service):
    asking = client(service)
    accepted = asking.enhanced_kyc.verify(**nin(), **said(JOE_LEO))
    first = ended(service, asking, accepted)
    url = service.webhooks.url
    # To a URL that is given, to the client's own, and to the job's where the client names none.
    for count, default, more, path in [
        (2, url, {"callback_url": url + "/given"}, "/webhook/given"),
        (3, url + "/default", {}, "/webhook/default"),
        (4, None, {}, "/webhook"),
    ]:
        replayed = client(service, default_callback_url=default).verifications.replay(accepted.job_id, **more)
        assert (replayed.status, replayed.job_id, replayed.user_id) == ("accepted", accepted.job_id, accepted.user_id)
        again = service.webhooks.of(accepted.job_id, count)[-1]
        assert again.path == path and again.is_signed("2343", service.partner["sandbox_api_key"])
        assert {**again.body, "image_links": None} == {**first, "image_links": None}
    with pytest.raises(errors.ValidationError, match="https"):
        asking.verifications.replay(accepted.job_id, callback_url="http://example.com/")


def test_a_user_who_was_reported(service, photos, frames, user):
    asking = client(service)
    assert submitted(service, user, 4, photos["obama"])["job_success"]
    reported = asking.users.flag_fraud(user, reason="ACCOUNT_TAKEOVER", reported_by="risk@example.com", notes="two telephones")
    assert (reported.status, reported.user_id) == ("accepted", user) and reported.message
    selfie = {"user_id": user, "selfie_image": photos["obama2"], "liveness_images": frames}
    locked = asking.biometric.authenticate(**selfie, **said())
    assert decision(ended(service, asking, locked)) == ("block", "account_locked_fraud")
    # v1 has no decision that says so: it refuses at once.
    with pytest.raises(ServerError, match="2207"):
        submitted(service, user, 2, photos["obama3"])
    # Whoever holds a token may say that it was none. That lifts no lock: an operator does.
    said_innocent = asking.users.clear_fraud(user, notes="the owner called", reported_by="risk@example.com")
    assert (said_innocent.status, said_innocent.user_id) == ("accepted", user)
    still = asking.biometric.authenticate(**selfie, **said())
    assert decision(ended(service, asking, still)) == ("block", "account_locked_fraud")
    selfsame("user", "--data", service.data, "--partner", "2343", "clear", user, "--why", "the owner came to the branch")
    free = asking.biometric.authenticate(**selfie, **said())
    assert decision(ended(service, asking, free)) == ("clear", None)


def test_reports_that_say_too_little(service, photos, user):
    asking = client(service)
    assert submitted(service, user, 4, photos["obama"])["job_success"]
    report = asking.users.report_fraud
    by = {"reported_by": "risk@example.com"}
    refused(errors.InvalidRequestError, "reported_by", report, user, is_fraud=True, reason="OTHER", notes="n", reported_by="somebody")
    refused(errors.NotFoundError, "", report, f"nobody-{uuid.uuid4()}", is_fraud=False, notes="n", **by)
    for wrong in ({"is_fraud": True}, {"is_fraud": True, "reason": "LUCK"}, {"is_fraud": True, "reason": "OTHER"}, {"is_fraud": False},
                  {"is_fraud": False, "notes": "n" * 501}):
        with pytest.raises(errors.ValidationError):
            report(user, **wrong, **by)
    assert report(user, is_fraud=False, notes="n" * 500, **by).status == "accepted"
