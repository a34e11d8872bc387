"""usesmileid, as its users try it: what the sandbox answers to people whom it knows, and what it can be told to answer."""

from calling_v3 import client, decision, ended, nin, person, refused, said, uuid_of
from server import selfsame
from usesmileid import errors

LOOK_UP, FACE, BOTH = "enhanced_kyc", "authentication", "biometric_kyc"
# Given names and last name; what a job about the person ends with; by which of its products that is tried here.
KNOWN = [
    ("Amina Fatou", "Clearwater", "clear", None, {LOOK_UP, FACE, BOTH}),
    ("Rashid Omar", "Dangerfield", "block", "high_risk", {LOOK_UP, FACE}),
    ("Fatima Bello", "Ghostwell", "block", "identifier_not_found", {LOOK_UP, BOTH}),
    ("Aisha Lawal", "Youngblood", "block", "age_requirement_not_met", {LOOK_UP}),
    ("Ngozi Ifeoma", "Downsworth", "error", "service_unavailable", {LOOK_UP}),
    ("Obinna Chukwu", "Twinley", "block", "face_verification_failed", {FACE, BOTH}),
    ("Taiwo Adeyemi", "Masquero", "block", "spoof_detected", {FACE}),
    ("Kofi Mensah", "Blurton", "error", "image_unavailable_or_invalid", {FACE}),
    ("Chidinma Obi", "Glitchford", "error", "internal_error", {FACE}),
    # No source tells the given names: any will do.
    ("Sade", "Lockhart", "block", "account_locked_fraud", {FACE}),
]


def begin(asking, product, photos, frames, user, details):
    selfie = {"selfie_image": photos["obama2"], "liveness_images": frames}
    if product == LOOK_UP:
        return asking.enhanced_kyc.verify(**nin("12345678901"), **said(details))
    if product == FACE:
        return asking.biometric.authenticate(user_id=user, **selfie, **said(details))
    return asking.biometric_kyc.verify(**selfie, **nin("12345678901"), **said(details))


def test_people_whom_the_sandbox_knows(service, photos, frames, enrolled):
    asking = client(service)
    # All begin before any is waited for.
    begun = [
        (name, product, status, reason, begin(asking, product, photos, frames, enrolled, person(given, name)))
        for given, name, status, reason, products in KNOWN for product in sorted(products)
    ]
    for name, product, status, reason, accepted in begun:
        told = ended(service, asking, accepted)
        assert decision(told) == (status, reason), (name, product, told)
        assert (told["id_fields"] is not None) == (status == "clear" and product != FACE), (name, product, told)
        assert told["user_provided_info"]["last_name"] == name


def test_whoever_is_nearly_one_of_them_is_judged(service):
    asking = client(service)
    for nearly in (person("Rashid", "Dangerfield"), person("Rashid Omar", "Dangerfield", email="rashid@example.com")):
        told = ended(service, asking, asking.enhanced_kyc.verify(**nin("00000000001"), **said(nearly)))
        assert decision(told) == ("block", "identifier_not_found")
    # A request is looked at first: what is wrong with it is told of them as of others.
    known = {**said(person("Amina Fatou", "Clearwater")), "consent": {**said()["consent"], "granted": False}}
    refused(errors.InvalidRequestError, "consent.granted", asking.enhanced_kyc.verify, **nin(), **known)


def test_results_can_be_asked_for(service, photos, frames, enrolled):
    asking = client(service)
    selfie = {"selfie_image": photos["obama2"], "liveness_images": frames}
    forced = {
        ("clear", None): asking.biometric.authenticate(user_id=enrolled, sandbox_result=820, **selfie, **said()),
        ("block", "face_verification_failed"): asking.biometric_kyc.verify(sandbox_result=811, **selfie, **nin(), **said()),
        ("error", "image_unavailable_or_invalid"): asking.biometric.enroll(sandbox_result=941, **selfie, **said()),
    }
    for expected, accepted in forced.items():
        assert decision(ended(service, asking, accepted)) == expected
    refused(errors.InvalidRequestError, "sandbox_result", asking.biometric.enroll, sandbox_result=9999, **selfie, **said())


def test_a_person_decides_what_needs_attention(service, photos, frames, enrolled):
    asking = client(service)
    provisional = asking.biometric.authenticate(
        user_id=enrolled, selfie_image=photos["obama2"], liveness_images=frames, sandbox_result=822, **said()
    )
    assert decision(ended(service, asking, provisional)) == ("attention", "medium_risk")
    selfsame("review", "--data", service.data, "decide", uuid_of(provisional.job_id), "reject")
    decided = service.webhooks.of(provisional.job_id, 2)[1]
    assert decision(decided.body) == ("block", "face_verification_failed")
    assert decided.is_signed("2343", service.partner["sandbox_api_key"])
    assert asking.verifications.retrieve(provisional.job_id).status == "block"
