"""smile-id-core, as its users call it: a selfie and an ID number, or an ID card (job type 1)."""

import secrets

import pytest
import requests
from calling import OPTIONS, api, as_base64, callbacks, ended, naming, refused, submit
from smile_id_core import Signature

JOE_LEO = "00000000000"
NOBODY = "00000000001"


def nin(number, **more):
    return {"country": "NG", "id_type": "NIN", "id_number": number, "entered": True, **more}


def ada(number, photograph):
    """What a job says with a number of the sandbox that ends in 4: whose record the authority has."""
    return dict(
        id_info=nin(number),
        params={"FullName": "Ada King Lovelace", "DOB": "1990-12-10", "Gender": "F", "Photo": as_base64(photograph)},
    )


def register(service, user, selfie, **more):
    return submit(api(service), user, 1, selfie, return_history=True, **more)


def begin_and_end(service, params, selfie, id_info, environment="sandbox"):
    """Submits without waiting, as who relies on callbacks does; the job's end is read from its status."""
    images = [{"image_type_id": 0, "file_name": str(selfie)}]
    begun = api(service, environment).submit_job(params, images, id_info, {**OPTIONS, "return_job_status": False})
    status = ended(service, params, environment)
    assert begun == {"success": True, "smile_job_id": status["result"]["SmileJobID"]}
    return status


def codes(status):
    return [result["ResultCode"] for result in status["history"]]


def test_the_face_of_the_record_is_enrolled(service, photos, user):
    status = register(service, user, photos["obama"], **ada("00000000004", photos["obama2"]))
    assert status["job_success"] and codes(status) == ["0810", "1012"]
    result, looked_up = status["history"]
    assert {name: result[name] for name in ("ResultCode", "ResultType", "IsFinalResult", "FullName", "DOB", "Gender", "IDNumber")} == {
        "ResultCode": "0810", "ResultType": "SAIA", "IsFinalResult": "true", "FullName": "Ada King Lovelace", "DOB": "1990-12-10",
        "Gender": "F", "IDNumber": "00000000004",
    }
    assert result["Photo"] == as_base64(photos["obama2"])
    actions = result["Actions"]
    assert actions["Verify_ID_Number"] == "Verified" and actions["Return_Personal_Info"] == "Returned"
    assert actions["Selfie_To_ID_Authority_Compare"] == "Completed" and actions["Register_Selfie"] == "Passed"
    assert actions["Selfie_To_ID_Card_Compare"] == "Not Applicable"
    assert float(result["ConfidenceValue"]) > 50
    assert (looked_up["ResultType"], looked_up["IsFinalResult"]) == ("ID Verification", "false")
    assert looked_up["FullName"] == "Ada King Lovelace" and "ConfidenceValue" not in looked_up
    # Whoever was enrolled so comes back by the face alone.
    assert submit(api(service), user, 2, photos["obama3"])["result"]["ResultCode"] == "0820"


def test_another_face_than_the_record_s_is_refused(service, photos, user):
    status = register(service, user, photos["biden"], **ada("00000000004", photos["obama2"]))
    assert status["job_complete"] and not status["job_success"] and codes(status) == ["0811", "1012"]
    assert status["result"]["Actions"]["Selfie_To_ID_Authority_Compare"] == "Failed"
    refused("2210", submit, api(service), user, 2, photos["biden"])


def test_joe_leo_has_the_sandbox_s_photograph(service, photos, user):
    status = register(service, user, photos["obama2"], id_info=nin(JOE_LEO))
    assert codes(status) == ["0810", "1012"]
    result = status["result"]
    assert (result["FullName"], result["DOB"], result["Country"], result["IDType"]) == ("Joe Leo", "2000-09-20", "NG", "NIN")
    assert result["Photo"] == as_base64(photos["obama"])
    other = register(service, f"{user}-other", photos["biden"], id_info=nin(JOE_LEO))
    assert codes(other) == ["0811", "1012"]


def test_both_results_are_called_back_and_signed(service, photos, user):
    result = register(service, user, photos["obama2"], id_info=nin(JOE_LEO))["result"]
    bodies = callbacks(service, result["SmileJobID"], 2)
    assert sorted((body["ResultCode"], body["IsFinalResult"]) for body in bodies) == [("0810", "true"), ("1012", "false")]
    signature = Signature("2343", service.partner["sandbox_api_key"])
    assert all(signature.confirm_signature(body["timestamp"], body["signature"]) for body in bodies)


def test_nobody_of_that_number_ends_the_job(service, photos, user):
    status = register(service, user, photos["obama"], id_info=nin(NOBODY))
    assert status["job_complete"] and not status["job_success"] and codes(status) == ["1013"]
    assert status["result"]["IsFinalResult"] == "true"
    assert status["result"]["Actions"]["Verify_ID_Number"] == "Not Verified"
    [body] = callbacks(service, status["result"]["SmileJobID"], 1)
    assert body["ResultCode"] == "1013"
    refused("2210", submit, api(service), user, 2, photos["obama"])


@pytest.mark.parametrize("code, id_info", [
    ("1014", nin("00000000002")),
    ("1015", nin("00000000003")),
    ("1014", nin("123")),
    ("1016", nin(JOE_LEO, id_type="LIBRARY_CARD")),
    ("1016", nin(JOE_LEO, country="FR")),
    ("1014", {"country": "NG", "id_number": JOE_LEO, "entered": True}),
])
def test_a_look_up_that_fails_ends_the_job(service, photos, user, code, id_info):
    status = begin_and_end(service, naming(user, 1), photos["obama"], id_info)
    assert not status["job_success"] and codes(status) == [code] and status["result"]["IsFinalResult"] == "true"
    if "id_type" not in id_info:
        assert "id_type is required" in status["result"]["ResultText"]


@pytest.mark.parametrize("code, number", [("1014", JOE_LEO), ("1016", "12345678901")])
def test_production_without_authorities_knows_nobody(service, photos, user, code, number):
    status = begin_and_end(service, naming(user, 1), photos["obama"], nin(number), "production")
    assert codes(status) == [code]


def test_an_earlier_registrant_is_told(service, photos, user):
    number = f"{secrets.randbelow(10**10):010d}4"
    first = register(service, user, photos["obama"], **ada(number, photos["obama2"]))["result"]
    assert first["IDNumberPreviouslyRegistered"] is False and first["UserIDsOfPreviousRegistrants"] == []
    second = register(service, f"{user}-second", photos["obama3"], **ada(number, photos["obama2"]))["result"]
    assert second["IDNumberPreviouslyRegistered"] is True and second["UserIDsOfPreviousRegistrants"] == [user]


@pytest.mark.parametrize("id_info", [{}, {"country": "NG", "id_type": "NIN", "entered": False}])
@pytest.mark.parametrize("selfie, code, compared", [("obama", "0810", "Completed"), ("biden", "0811", "Failed")])
def test_an_id_card_takes_the_record_s_place(service, photos, user, id_info, selfie, code, compared):
    images = [{"image_type_id": 0, "file_name": str(photos[selfie])}, {"image_type_id": 1, "file_name": str(photos["obama2"])}]
    status = register(service, user, None, images=images, id_info=id_info, return_images=True)
    assert codes(status) == [code] and status["job_success"] == (code == "0810")
    actions = status["result"]["Actions"]
    assert actions["Selfie_To_ID_Card_Compare"] == compared
    assert actions["Selfie_To_ID_Authority_Compare"] == "Not Applicable"
    card = requests.get(status["image_links"]["id_card_image"])
    assert card.content == photos["obama2"].read_bytes()


def test_neither_number_nor_card_is_nothing_to_compare_with(service, photos, user):
    status = register(service, user, photos["obama"])
    assert codes(status) == ["0001"] and not status["job_success"]


def test_what_the_client_refuses_itself(service, photos, user):
    for name in ("country", "id_number"):
        id_info = nin(JOE_LEO)
        del id_info[name]
        with pytest.raises(ValueError, match=name):
            register(service, user, photos["obama"], id_info=id_info)
    with pytest.raises(ValueError, match="country"):
        register(service, user, photos["obama"], id_info=nin(JOE_LEO, country="NGA"))
    with pytest.raises(ValueError, match="selfie"):
        card = [{"image_type_id": 1, "file_name": str(photos["obama"])}]
        api(service).submit_job(naming(user, 1), card, nin(JOE_LEO), {"return_job_status": True})


def test_a_stranger_s_key(service, photos, user):
    refused("2205", submit, api(service, key="wrong"), user, 1, photos["obama"], id_info=nin(JOE_LEO))
    others = service.sandboxed["sandbox_api_key"]
    refused("2205", submit, api(service, key=others), user, 1, photos["obama"], id_info=nin(JOE_LEO))


def test_the_photo_on_file_is_updated_by_the_same_face(service, photos, user):
    web = api(service)
    refused("2210", submit, web, user, 8, photos["obama"])
    submit(web, user, 4, photos["obama"])
    updated = submit(web, user, 8, photos["obama2"])["result"]
    assert (updated["ResultCode"], updated["Actions"]["Update_Registered_Selfie_On_File"]) == ("0820", "Passed")
    assert submit(web, user, 8, photos["biden"])["result"]["ResultCode"] == "0821"


def test_user_information_is_compared(service, photos, user):
    said = nin(JOE_LEO, first_name="Leo", last_name="Joe", dob="2000-09-20")
    result = submit(api(service), user, 9, photos["obama"], id_info=said)["result"]
    actions = {name: result["Actions"][name] for name in ("Names", "DOB", "ID_Verification")}
    assert actions == {"Names": "Transposed", "DOB": "Exact Match", "ID_Verification": "Partial Match"}
    assert result["ResultCode"] == "1021" and "FullName" not in result


@pytest.mark.parametrize("job_type", [6, 11])
def test_jobs_that_are_not_performed_yet(service, photos, user, job_type):
    card = {"image_type_id": 1, "file_name": str(photos["obama2"])}
    images = [{"image_type_id": 0, "file_name": str(photos["obama"])}, card]
    id_info = {"country": "NG", "id_type": "PASSPORT"}
    told = refused("2212", submit, api(service), user, job_type, None, images=images, id_info=id_info)
    assert f"job_type {job_type} is not performed by this server yet" in told
