"""Calls of usesmileid that several tests make."""

import uuid
from datetime import datetime, timezone
from http import HTTPStatus

import httpx
import pytest
import usesmileid
from usesmileid import errors

# Statuses of a job that has ended.
ENDED = ("clear", "block", "attention", "error")


def client(service, environment="sandbox", key=None, partner="2343", base=None, seen=None, **more):
    """A client that trusts the test's authority. Into `seen` go the method, the path and the status of each answer that it gets."""
    hear = [] if seen is None else [lambda answer: seen.append((answer.request.method, answer.request.url.path, answer.status_code))]
    return usesmileid.Client(
        partner_id=partner,
        api_key=key or service.partner[f"{environment}_api_key"],
        environment=environment,
        base_url=base or service.https,
        http_client=httpx.Client(verify=service.certificates.trusting(), event_hooks={"response": hear}),
        **{"default_callback_url": service.webhooks.url, **more},
    )


def consent(**change):
    given = usesmileid.Consent.granted(
        granted_at=datetime.now(timezone.utc), notice_language="EN", notice_privacy_policy_url="https://example.com/privacy",
    )
    return {**given.to_dict(), **change}


def person(given_names="Ada", last_name="Lovelace", **change):
    """What a person says of itself. The sandbox knows some people by it."""
    email = f"{given_names.split()[0]}.{last_name}@example.com".lower()
    return {"given_names": given_names, "last_name": last_name, "email": email, **change}


JOE_LEO = person("Joe", "Leo")


def said(details=None):
    """What every submission carries beside its product's own."""
    return {"consent": consent(), "user_details": details or person(), "partner_params": {"order": f"order-{uuid.uuid4()}"}}


def nin(number="00000000000", **change):
    return {"country": "NG", "id_type": "NIN", "id_number": number, **change}


# A TypeID writes a UUID in Crockford's base32.
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def uuid_of(job_id):
    """What v1 and operators call a job of v3."""
    number = 0
    for digit in job_id.removeprefix("job_"):
        number = number * 32 + DIGITS.index(digit)
    return f"{number:032x}"


def name_of(smile_job_id):
    """What v3 calls a job of v1."""
    number = int(smile_job_id, 16)
    return "job_" + "".join(DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


def ended(service, asking, accepted):
    """The webhook of a job's end. The status says the same; the headers say whose it is, and are signed."""
    assert accepted.is_accepted and accepted.job_id, accepted
    status = asking.verifications.wait_until_complete(accepted.job_id, interval=0.1, timeout=120)
    assert status.job_id == accepted.job_id and status.user_id == accepted.user_id, status
    webhook = service.webhooks.of(accepted.job_id)[0]
    assert webhook.is_signed(asking.config.partner_id, asking.config.api_key), webhook.headers
    assert webhook.headers["user-id"] == accepted.user_id
    told = webhook.body
    assert told["status"] == status.status and status.status in ENDED, (status, told)
    named = told["partner_params"]
    assert (named["job_id"], named["user_id"]) == (accepted.job_id, accepted.user_id)
    return told


def decision(told):
    return told["status"], told["reason"]


def refused(kind, text, call, *arguments, **more):
    """The client's error of a refusal: just that class, with HTTP's own words and what was wrong."""
    with pytest.raises(errors.SmileIDError) as caught:
        call(*arguments, **more)
    error = caught.value
    assert type(error) is kind, repr(error)
    # Python still has 413's older words.
    assert error.status == {413: "Payload Too Large"}.get(error.status_code, HTTPStatus(error.status_code).phrase), error.raw_body
    assert text in error.message, error.message
    # By it an operator finds the request in the log.
    assert error.request_id
    return error
