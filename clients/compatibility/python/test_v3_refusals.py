"""usesmileid, as its users meet what the server refuses: each status is the client's own error for it."""

import httpx
import pytest
import usesmileid
from calling import submitted
from calling_v3 import JOE_LEO, client, consent, nin, person, refused, said
from server import selfsame
from usesmileid import errors


@pytest.mark.parametrize("change", [
    {"consent": consent(granted=False)}, {"consent": consent(notice_language="en")}, {"consent": consent(granted_at="yesterday")},
    {"consent": consent(granted_at="2126-01-02T03:04:05.000Z")}, {"consent": consent(notice_privacy_policy_url="http://example.com")},
    {"user_details": person(email="nobody")}, {"user_details": person(phone_number="08012345678")},
    {"metadata": [{"name": "n" * 101, "value": "v"}]}, {"metadata": [{"name": "n", "value": "v" * 1001}]},
    {"country": "NGA"}, {"country": ""}, {"id_type": ""}, {"id_number": ""},
])
def test_a_field_that_is_wrong_is_named(service, change):
    asking = client(service)
    [name] = change
    wrong = {**nin(), **said(), **change}
    told = refused(errors.InvalidRequestError, name, asking.enhanced_kyc.verify, **wrong)
    assert told.status_code == 400 and told.code is None
    # What a person says of itself is not repeated to whoever reads logs.
    assert "Lovelace" not in told.raw_body


def test_where_results_go_is_to_be_said(service):
    asking = client(service, default_callback_url=None)
    refused(errors.InvalidRequestError, "callback_url", asking.enhanced_kyc.verify, **nin(), **said())
    elsewhere = service.webhooks.url + "/of-the-request"
    accepted = asking.enhanced_kyc.verify(callback_url=elsewhere, **nin(), **said(JOE_LEO))
    assert service.webhooks.of(accepted.job_id)[0].path == "/webhook/of-the-request"


def test_a_photograph_of_no_kind(service, photos):
    asking = client(service)
    images = {"selfie_image": photos["obama"], "comparison_image": photos["obama2"]}
    compare = asking.biometric.compare
    refused(errors.InvalidRequestError, "comparison_image_type", compare, comparison_image_type="SELFIE", **images, **said())


def test_who_is_not_known(service):
    for stranger in (client(service, key="wrong"), client(service, partner="404"), client(service, partner="77")):
        seen = refused(errors.AuthenticationError, "", stranger.verifications.retrieve, "job_01jd8qk3fxe1x8p2v5w7y9z0ab")
        assert seen.status_code == 401


def test_what_is_not_served_or_not_allowed(service, photos, frames, user):
    asking = client(service)
    document = {"selfie_image": photos["obama"], "liveness_images": frames, "document": photos["obama2"], "country": "GH"}
    verify = asking.documents.verify
    refused(errors.PermissionError, "document_verification", verify, document_back=photos["obama2"], **document, **said())
    enhanced = asking.documents.verify_enhanced
    refused(errors.PermissionError, "enhanced_document_verification", enhanced, id_type="PASSPORT", **document, **said())
    residency = asking.documents.verify_residency
    refused(errors.PermissionError, "residency_document_verification", residency, visa=photos["obama2"], **document, **said())

    without_production = client(service, "production", partner="77", key=service.sandboxed["production_api_key"])
    refused(errors.PermissionError, "production", without_production.enhanced_kyc.verify, **nin(), **said())

    assert submitted(service, user, 4, photos["obama"])["job_success"]
    whose = ("user", "--data", service.data, "--partner", "2343")
    selfie = {"user_id": user, "selfie_image": photos["obama"], "liveness_images": frames}
    selfsame(*whose, "disable", user)
    refused(errors.PermissionError, "disabled", asking.biometric.authenticate, **selfie, **said())
    selfsame(*whose, "delete", user)
    refused(errors.NotFoundError, "", asking.biometric.authenticate, **selfie, **said())


def test_more_than_a_body_may_hold(service, photos):
    asking = client(service)
    frames = [photos["obama"].read_bytes() + b"\0" * 600_000 + bytes([number]) for number in range(8)]
    refused(errors.PayloadTooLargeError, "", asking.biometric.enroll, selfie_image=photos["obama"], liveness_images=frames, **said())


def test_a_body_that_is_no_form(service):
    """The client sends forms only: its error is what it makes of the answer."""
    key = {"smileid-partner-id": "2343", "smileid-api-key": service.partner["sandbox_api_key"]}
    with httpx.Client(base_url=service.https, verify=service.certificates.trusting()) as http:
        token = http.post("/v3/token", headers=key).json()["token"]
        answer = http.post("/v3/enhanced_kyc", headers={"SmileID-Token": token}, json={**nin(), **said()})
        nameless = http.post("/v3/token")
    error = errors.parse_error(answer)
    assert type(error) is errors.InvalidRequestError and error.status_code == 415
    assert (error.status, "multipart/form-data" in error.message) == ("Unsupported Media Type", True)
    missing = errors.parse_error(nameless)
    assert (type(missing), missing.status_code) == (errors.InvalidRequestError, 400)
    assert "smileid-partner-id" in missing.message.lower()


def test_what_the_client_refuses_itself(service, photos):
    asking = client(service)
    with pytest.raises(errors.ValidationError, match="email or phone_number"):
        asking.enhanced_kyc.verify(**nin(), **{**said(), "user_details": {"given_names": "Ada", "last_name": "Lovelace"}})
    with pytest.raises(errors.ValidationError, match="selfie_image and liveness_images"):
        asking.biometric.authenticate(user_id="u", selfie_image=photos["obama"], **said())
    document = {"selfie_image": photos["obama"], "liveness_images": [], "document": photos["obama"], "country": "GH"}
    with pytest.raises(errors.ValidationError, match="id_type"):
        asking.documents.verify_enhanced(id_type="", **document, **said())
    with pytest.raises(errors.ValidationError, match="PASSPORT"):
        asking.documents.verify_residency(id_type="VISA", visa=photos["obama"], **document, **said())
    with pytest.raises(errors.ValidationError, match="callback_url"):
        asking.enhanced_kyc.verify(callback_url="http://example.com/", **nin(), **said())
    for wrong in ({"partner": "0"}, {"base": service.base}, {"base": service.https + "?a=b"}):
        with pytest.raises(errors.ValidationError):
            client(service, **wrong)
    assert usesmileid.UserDetails("Ada", "Lovelace", email="ada@example.com").to_dict()["last_name"] == "Lovelace"


def test_a_user_who_is_enrolled_already(service, photos, frames, enrolled):
    """Told at once, not by webhook."""
    asking = client(service)
    again = {"selfie_image": photos["obama"], "user_id": enrolled}
    refused(errors.ConflictError, "enrolled", asking.biometric.enroll, liveness_images=frames, **again, **said())
    comparison = {"comparison_image": photos["obama2"], "comparison_image_type": "ID_PHOTO"}
    refused(errors.ConflictError, "enrolled", asking.biometric.compare, **again, **comparison, **said())
    refused(errors.ConflictError, "enrolled", asking.biometric_kyc.verify, liveness_images=frames, **again, **nin(), **said(JOE_LEO))
