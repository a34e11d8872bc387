"""usesmileid, as its users call it: a selfie is enrolled, compared with the one on file, or with a photograph that comes along."""

import re

import requests
from calling import OPTIONS, submitted
from calling_v3 import JOE_LEO, client, decision, ended, name_of, nin, person, refused, said, uuid_of
from smile_id_core import Utilities
from usesmileid import errors

JOB = re.compile(r"job_[0-7][0-9a-hjkmnp-tv-z]{25}")
USER = re.compile(r"user_[0-7][0-9a-hjkmnp-tv-z]{25}")


def test_whoever_v3_enrols_comes_back_by_v3_and_by_v1(service, photos, frames, user):
    asking = client(service)
    sent = said(person("Grace", "Hopper", phone_number="+2348012345678"))
    metadata = [{"name": "device", "value": "a telephone"}]
    enrolled = asking.biometric.enroll(
        selfie_image=photos["obama"], liveness_images=frames, user_id=user, metadata=metadata, allow_new_enroll=False, **sent
    )
    assert JOB.fullmatch(enrolled.job_id) and enrolled.user_id == user
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", enrolled.created_at)
    told = ended(service, asking, enrolled)
    assert (*decision(told), told["product"]) == ("clear", None, "smart_selfie_registration")
    assert told["partner_params"]["order"] == sent["partner_params"]["order"]
    assert told["user_provided_info"] == sent["user_details"]
    assert {name: told["consent"][name] for name in sent["consent"]} == sent["consent"]
    assert told["id_fields"] is None and isinstance(told["image_links"], dict)
    # v1 tells of v3's jobs by the name that v3 gave them.
    v1 = Utilities("2343", service.partner["sandbox_api_key"], service.base + "/v1")
    known = v1.get_job_status({"user_id": user, "job_id": enrolled.job_id, "job_type": 4}, {**OPTIONS, "return_images": True})
    assert known["job_success"] and known["result"]["ResultCode"] == "0840"
    assert requests.get(known["image_links"]["selfie_image"]).content == photos["obama"].read_bytes()

    again = asking.biometric.authenticate(user_id=user, selfie_image=photos["obama3"], liveness_images=frames, **said())
    told = ended(service, asking, again)
    assert (*decision(told), told["product"]) == ("clear", None, "smart_selfie_authentication")
    assert submitted(service, user, 2, photos["obama3"])["result"]["ResultCode"] == "0820"
    assert submitted(service, user, 2, photos["biden"])["result"]["ResultCode"] == "0821"

    # Who is enrolled is enrolled anew only where the caller says so, and only by the same face.
    once_more = {"selfie_image": photos["obama3"], "liveness_images": frames, "user_id": user}
    refused(errors.ConflictError, "enrolled", asking.biometric.enroll, **once_more, **said())
    assert decision(ended(service, asking, asking.biometric.enroll(**once_more, allow_new_enroll=True, **said()))) == ("clear", None)


def test_whoever_v1_enrols_comes_back_by_v3(service, photos, frames, user):
    assert submitted(service, user, 4, photos["biden"])["job_success"]
    asking = client(service)
    other = asking.biometric.authenticate(user_id=user, selfie_image=photos["obama"], liveness_images=frames, **said())
    assert decision(ended(service, asking, other)) == ("block", "face_verification_failed")

    same = f"{user}-same"
    enrolled = submitted(service, same, 4, photos["obama"])
    assert enrolled["job_success"]
    # v3 has a name for v1's jobs, too.
    job = name_of(enrolled["result"]["SmileJobID"])
    assert asking.verifications.retrieve(job).status == "clear" and uuid_of(job) == enrolled["result"]["SmileJobID"]
    back = asking.biometric.authenticate(user_id=same, selfie_image=photos["obama2"], liveness_images=frames, **said())
    assert decision(ended(service, asking, back)) == ("clear", None)


def test_a_selfie_compared_with_a_photograph(service, photos, user):
    asking = client(service)
    photograph = {"comparison_image": photos["obama2"], "comparison_image_type": "PORTRAIT"}
    passed = asking.biometric.compare(selfie_image=photos["obama"], user_id=user, **photograph, **said())
    told = ended(service, asking, passed)
    assert (*decision(told), told["product"]) == ("clear", None, "smart_selfie_compare")
    # It enrols.
    assert submitted(service, user, 2, photos["obama3"])["result"]["ResultCode"] == "0820"

    other = asking.biometric.compare(selfie_image=photos["biden"], **photograph, **said())
    assert USER.fullmatch(other.user_id)
    assert decision(ended(service, asking, other)) == ("block", "face_verification_failed")
    refused(errors.NotFoundError, "enrolled", asking.biometric.authenticate, user_id=other.user_id,
            selfie_image=photos["biden"], liveness_images=[photos["biden"]] * 6, **said())


def test_the_face_of_the_record(service, photos, frames, user):
    asking = client(service)
    kyc = {"selfie_image": photos["obama2"], "liveness_images": frames, **nin()}
    told = ended(service, asking, asking.biometric_kyc.verify(user_id=user, **kyc, **said(JOE_LEO)))
    assert (*decision(told), told["product"]) == ("clear", None, "biometric_kyc")
    record = told["id_fields"]
    assert {name: record[name] for name in ("country", "id_type", "id_number", "full_name", "date_of_birth")} == {
        "country": "NG", "id_type": "NIN", "id_number": "00000000000", "full_name": "Joe Leo", "date_of_birth": "2000-09-20",
    }
    assert submitted(service, user, 2, photos["obama3"])["result"]["ResultCode"] == "0820"


def test_sandbox_and_production_see_nothing_of_each_other(service, photos, frames, user):
    sandbox, production = client(service), client(service, "production")
    stranger = client(service, partner="77", key=service.sandboxed["sandbox_api_key"])
    assert submitted(service, user, 4, photos["obama"])["job_success"]
    job = sandbox.enhanced_kyc.verify(user_id=user, **nin(), **said(JOE_LEO))
    ended(service, sandbox, job)
    selfie = {"user_id": user, "selfie_image": photos["obama"], "liveness_images": frames}
    for other in (production, stranger):
        assert other.verifications.retrieve(job.job_id).is_not_found
        refused(errors.NotFoundError, "", other.verifications.replay, job.job_id)
        refused(errors.NotFoundError, "", other.users.flag_fraud, user, reason="MULE_ACCOUNT", reported_by="risk@example.com")
        refused(errors.NotFoundError, "", other.biometric.authenticate, **selfie, **said())
    # The path may say for which of them the key is; one of the other is none.
    assert client(service, base=service.https + "/sandbox").verifications.retrieve(job.job_id).status == "clear"
    elsewhere = client(service, base=service.https + "/production")
    refused(errors.AuthenticationError, "", elsewhere.verifications.retrieve, job.job_id)
    # What the sandbox can be told to answer, production is not.
    forced = {**selfie, "user_id": f"{user}-forced", "sandbox_result": 840}
    refused(errors.InvalidRequestError, "sandbox_result", production.biometric.enroll, **forced, **said())


def test_production_is_judged_and_nothing_of_the_sandbox(service, photos, frames, user):
    sandbox, production = client(service), client(service, "production")
    assert submitted(service, user, 4, photos["obama"], "production")["job_success"]
    selfie = {"user_id": user, "selfie_image": photos["obama2"], "liveness_images": frames}
    # A person whom the sandbox knows is nobody special here.
    told = said(person("Taiwo Adeyemi", "Masquero"))
    job = production.biometric.authenticate(**selfie, **told)
    assert decision(ended(service, production, job)) == ("clear", None)
    assert sandbox.verifications.retrieve(job.job_id).is_not_found
    refused(errors.NotFoundError, "", sandbox.verifications.replay, job.job_id)
    refused(errors.NotFoundError, "", sandbox.biometric.authenticate, **selfie, **said())


def test_a_photograph_on_file_proves_nothing(service, enrolled):
    why = "selfie_image is required"
    refused(errors.InvalidRequestError, why, client(service).biometric.authenticate, user_id=enrolled, use_enrolled_image=True, **said())
