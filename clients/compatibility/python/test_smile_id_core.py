"""smile-id-core, as its users call it: enrolment and authentication."""

import base64
import uuid

import pytest
import requests
from calling import api, callbacks, refused, submit
from server import selfsame
from smile_id_core import Signature


@pytest.mark.parametrize("environment", ["sandbox", "production"])
def test_register_authenticate_refuse(service, photos, user, environment):
    web = api(service, environment)
    enrolled = submit(web, user, 4, photos["obama"], params={"extra": {"kept": [1, 2.50]}})
    assert enrolled["job_success"] and enrolled["result"]["ResultCode"] == "0840"
    assert enrolled["result"]["PartnerParams"]["extra"] == {"kept": [1, 2.5]}
    assert enrolled["result"]["Actions"]["Register_Selfie"] == "Passed"
    # No registry carries the model of presentation attacks: where it is missing, nothing may claim that it looked.
    models = requests.get(service.base + "/ready").json()["engine"]["models"]
    looked = any(model["name"] == "MiniFAS" for model in models)
    assert enrolled["result"]["Actions"]["Liveness_Check"] == ("Passed" if looked else "Not Applicable")
    for other in ("obama2", "obama3"):
        same = submit(web, user, 2, photos[other])
        assert same["job_success"] and same["result"]["ResultCode"] == "0820", same
        assert float(same["result"]["ConfidenceValue"]) > 50
    refusal = submit(web, user, 2, photos["biden"])
    assert refusal["job_complete"] and not refusal["job_success"]
    assert refusal["result"]["ResultCode"] == "0821"
    assert refusal["result"]["Actions"]["Selfie_To_Registered_Selfie_Compare"] == "Failed"


def test_callback_is_signed(service, photos, user):
    web = api(service)
    result = submit(web, user, 4, photos["obama"])["result"]
    [body] = callbacks(service, result["SmileJobID"], 1)
    signature = Signature("2343", service.partner["sandbox_api_key"])
    assert signature.confirm_signature(body["timestamp"], body["signature"])
    assert body["ResultCode"] == result["ResultCode"]


def test_images_history_and_base64(service, photos, user):
    web = api(service)
    # Two files of one picture: two photographs would not follow one another.
    frames = [photos["obama2"].read_bytes() + end for end in (b"", b"\0")]
    images = [{"image_type_id": 2, "image": base64.b64encode(photos["obama"].read_bytes()).decode()}]
    images += [{"image_type_id": 6, "image": base64.b64encode(frame).decode()} for frame in frames]
    status = submit(web, user, 4, None, images, return_history=True, return_images=True)
    assert status["result"]["ResultCode"] == "0840"
    assert [r["ResultCode"] for r in status["history"]] == ["0840"]
    image = requests.get(status["image_links"]["selfie_image"])
    assert image.status_code == 200 and image.content == photos["obama"].read_bytes()
    assert len(status["image_links"]["liveness_images"]) == 2
    assert requests.get(status["image_links"]["selfie_image"] + "x").status_code == 404


def test_one_picture_for_every_frame_is_no_capture(service, photos, user):
    encoded = base64.b64encode(photos["obama"].read_bytes()).decode()
    images = [{"image_type_id": 2, "image": encoded}] + [{"image_type_id": 6, "image": encoded}] * 2
    status = submit(api(service), user, 4, None, images)
    assert status["result"]["ResultCode"] == "0907" and not status["job_success"]
    assert status["result"]["Actions"]["Liveness_Check"] == "Failed"
    assert "still_repeated" in status["result"]["evidence"]["reasons"]


def test_a_person_decides_what_is_provisional(service, photos):
    web = api(service)
    job = f"job-{uuid.uuid4()}"
    provisional = submit(web, "test-0822", 2, photos["obama"], params={"job_id": job})["result"]
    assert (provisional["ResultCode"], provisional["IsFinalResult"]) == ("0822", "false")
    [body] = callbacks(service, provisional["SmileJobID"], 1)
    assert body["ResultCode"] == "0822"
    selfsame("review", "--data", service.data, "decide", provisional["SmileJobID"], "reject")
    [body] = callbacks(service, provisional["SmileJobID"], 1)
    signature = Signature("2343", service.partner["sandbox_api_key"])
    assert signature.confirm_signature(body["timestamp"], body["signature"])
    assert (body["ResultCode"], body["IsFinalResult"], body["IsMachineResult"]) == ("1221", "true", "false")


def test_errors(service, photos, user):
    web = api(service)
    refused("2205", submit, api(service, key="wrong"), user, 4, photos["obama"])
    refused("2205", submit, api(service, "production", path="/sandbox/v1"), user, 4, photos["obama"])
    refused("2210", submit, web, user, 2, photos["obama"])
    production_key = service.sandboxed["production_api_key"]
    refused("2220", submit, api(service, key=production_key, partner="77"), user, 4, photos["obama"])
    job = {"job_id": f"job-{uuid.uuid4()}"}
    submit(web, user, 4, photos["obama"], params=job)
    refused("2209", submit, web, user, 4, photos["obama"])
    refused("2215", submit, web, user, 2, photos["obama"], params=job)
    whose = ("user", "--data", service.data, "--partner", "2343")
    selfsame(*whose, "disable", user)
    refused("2207", submit, web, user, 2, photos["obama"])
    selfsame(*whose, "enable", user)
    assert submit(web, user, 2, photos["obama2"])["job_success"]
    selfsame(*whose, "delete", user)
    refused("2208", submit, web, user, 2, photos["obama"])


@pytest.mark.parametrize("code", ["0821", "0822", "0921", "0922", "0001", "0903", "0907", "1220"])
def test_the_sandbox_forces_results(service, photos, code):
    status = submit(api(service), f"test-{code}", 2, photos["obama"])
    assert status["result"]["ResultCode"] == code
    assert status["job_success"] == (code == "1220")


def test_the_sandbox_forces_errors_but_production_does_not(service, photos):
    refused("2216", submit, api(service), "test-2216", 2, photos["obama"])
    refused("2210", submit, api(service, "production"), "test-0820", 2, photos["obama"])


def test_web_token(service, user):
    job = f"job-{uuid.uuid4()}"
    token = api(service).get_web_token(user, job, "smartselfie")["token"]
    params = {"user_id": user, "job_id": job, "job_type": 4}
    upload = lambda **change: requests.post(service.base + "/v1/upload", json={
        "token": token, "smile_client_id": "2343", "file_name": "smartselfie.zip", "partner_params": {**params, **change},
    }).json()
    for change in ({"user_id": "somebody else"}, {"job_id": "another"}, {"job_type": 2}):
        assert upload(**change)["code"] == "2205"
    assert upload()["code"] == "2202"
    assert api(service, key="wrong").get_web_token(user, "j", "authentication")["code"] == "2205"


def test_malformed_requests(service):
    post = lambda body: requests.post(service.base + "/v1/upload", data=body).json()["code"]
    assert post("{") == "2203"
    assert post("{}") == "2213"
    assert post('{"smile_client_id": {}}') == "2204"
