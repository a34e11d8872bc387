"""smile-id-core, as its users call it: people and businesses by their numbers (job types 5 and 7), and web tokens for them."""

import pytest
import requests
from calling import api, as_base64, ended, id_api, naming, refused, status
from smile_id_core import BusinessVerification, Signature

JOE_LEO = {"country": "NG", "id_type": "NIN", "id_number": "00000000000"}
COMPANY = {"country": "NG", "id_type": "BUSINESS_REGISTRATION", "id_number": "0000000", "business_type": "co"}


def signed(service, result):
    signature = Signature("2343", service.partner["sandbox_api_key"])
    return signature.confirm_signature(result["timestamp"], result["signature"])


@pytest.mark.parametrize("by", ["IdApi", "WebApi"])
def test_a_person_s_record(service, photos, user, by):
    params = naming(user, 5, order=7)
    if by == "IdApi":
        result = id_api(service).submit_job(params, JOE_LEO)
    else:
        result = api(service).submit_job(params, [], JOE_LEO, {})
    told = ("ResultCode", "ResultType", "IsFinalResult", "FullName", "DOB", "Gender", "Country", "IDType", "IDNumber", "PhoneNumber")
    assert [result[name] for name in told] == [
        "1012", "ID Verification", "true", "Joe Leo", "2000-09-20", "M", "NG", "NIN", "00000000000", "Not Available",
    ]
    assert result["Actions"] == {"Verify_ID_Number": "Verified", "Return_Personal_Info": "Returned"}
    assert result["PartnerParams"] == params and result["Photo"] == as_base64(photos["obama"])
    assert signed(service, result)
    kept = status(service, params)
    assert kept["job_complete"] and kept["job_success"]
    assert kept["result"]["SmileJobID"] == result["SmileJobID"] and [r["ResultCode"] for r in kept["history"]] == ["1012"]


def test_a_record_that_partner_params_describe(service, user):
    params = naming(user, 5, FullName="Ada King Lovelace", DOB="1990-12-10")
    result = id_api(service).submit_job(params, {**JOE_LEO, "id_number": "00000000004", "entered": True})
    assert (result["ResultCode"], result["FullName"], result["DOB"]) == ("1012", "Ada King Lovelace", "1990-12-10")


@pytest.mark.parametrize("code, change, action", [
    ("1013", {"id_number": "00000000001"}, "Not Verified"),
    ("1014", {"id_number": "00000000002"}, "Not Verified"),
    ("1015", {"id_number": "00000000003"}, "Issuer Unavailable"),
    ("1014", {"id_number": "12345"}, "Not Verified"),
    ("1016", {"id_type": "LIBRARY_CARD"}, "Not Done"),
    ("1016", {"country": "FR"}, "Not Done"),
])
def test_a_number_without_a_record_is_a_result(service, user, code, change, action):
    params = naming(user, 5)
    result = id_api(service).submit_job(params, {**JOE_LEO, **change})
    assert (result["ResultCode"], result["FullName"]) == (code, "Not Available")
    assert result["Actions"] == {"Verify_ID_Number": action, "Return_Personal_Info": "Not Returned"}
    kept = status(service, params)
    assert kept["job_complete"] and not kept["job_success"] and kept["result"]["ResultCode"] == code


@pytest.mark.parametrize("code, number", [("1014", "00000000000"), ("1016", "12345678901")])
def test_production_without_authorities_knows_nobody(service, user, code, number):
    result = id_api(service, "production").submit_job(naming(user, 5), {**JOE_LEO, "id_number": number})
    assert result["ResultCode"] == code


@pytest.mark.parametrize("by", ["IdApi", "WebApi", "BusinessVerification"])
def test_a_business_s_record(service, user, by):
    params = naming(user, 7)
    if by == "IdApi":
        result = id_api(service).submit_job(params, COMPANY)
    elif by == "WebApi":
        result = api(service).submit_job(params, [], COMPANY, {})
    else:
        businesses = BusinessVerification("2343", service.partner["sandbox_api_key"], service.base + "/v1")
        result = businesses.submit_job(params, COMPANY)
    assert result["success"] is True and (result["ResultCode"], result["ResultType"]) == ("1012", "Business Verification")
    assert result["company_information"]["legal_name"] == "Joe Leo Limited" and result["directors"] == [{"name": "Joe Leo"}]
    assert result["Actions"] == {"Verify_Business": "Verified", "Return_Business_Info": "Returned"}
    assert signed(service, result) and status(service, params)["result"]["SmileJobID"] == result["SmileJobID"]


def test_a_business_without_a_record(service, user):
    result = id_api(service).submit_job(naming(user, 7), {**COMPANY, "id_number": "0000001"})
    assert (result["ResultCode"], result["success"]) == ("1013", False)


def test_what_is_missing_or_wrong_is_named(service, user):
    ask = id_api(service).submit_job
    without = lambda info, name: {key: value for key, value in info.items() if key != name}
    for name in JOE_LEO:
        assert name in refused("2213", ask, naming(user, 5), without(JOE_LEO, name))
    for name in COMPANY:
        assert name in refused("2413", ask, naming(user, 7), without(COMPANY, name))
    assert "country" in refused("2204", ask, naming(user, 5), {**JOE_LEO, "country": "NGA"})
    assert "session_id" in refused("2213", ask, naming(user, 5), {**JOE_LEO, "id_type": "BVN_MFA"})
    params = naming(user, 5)
    ask(params, JOE_LEO)
    refused("2215", ask, params, JOE_LEO)
    refused("2304", status, service, naming(user, 5))


def test_what_the_client_refuses_itself(service, user):
    ask = id_api(service).submit_job
    for name in ("country", "id_number"):
        with pytest.raises(ValueError, match=name):
            ask(naming(user, 5), {**JOE_LEO, "entered": True, name: ""})
    with pytest.raises(ValueError, match="ID Information"):
        ask(naming(user, 5), {})
    with pytest.raises(ValueError, match="id_info_params"):
        api(service).submit_job(naming(user, 5), [], {}, {})
    with pytest.raises(ValueError, match="Job type must be 5"):
        ask(naming(user, 1), JOE_LEO)


def test_a_stranger_s_key(service, user):
    for key in ("wrong", service.sandboxed["sandbox_api_key"]):
        refused("2205", id_api(service, key=key).submit_job, naming(user, 5), JOE_LEO)
        refused("2205", id_api(service, key=key).submit_job, naming(user, 7), COMPANY)


@pytest.mark.parametrize("product, path, synchronous, job_type, code", [
    ("enhanced_kyc", "/v1/async_id_verification", "/v1/id_verification", 5, "1012"),
    ("basic_kyc", "/v2/verify_async", "/v2/verify", 5, "1020"),
])
def test_a_web_token_looks_up(service, user, product, path, synchronous, job_type, code):
    params = naming(user, job_type)
    token = api(service).get_web_token(user, params["job_id"], product)["token"]
    body = {"token": token, "partner_id": "2343", "partner_params": params, **JOE_LEO, "first_name": "Joe", "last_name": "Leo"}
    ask = lambda path, **change: requests.post(service.base + path, json={**body, **change}).json()
    assert ask(path, partner_params={**params, "user_id": "another"})["code"] == "2205"
    assert ask("/v1/upload", smile_client_id="2343", file_name="selfie.zip")["code"] in ("2205", "2212")
    # The record is not the page's.
    assert ask(synchronous)["code"] == "2205"
    assert ask(path) == {"success": True}
    assert ended(service, params)["result"]["ResultCode"] == code


def test_a_web_token_registers_with_an_id_number(service, user):
    params = naming(user, 1)
    token = api(service).get_web_token(user, params["job_id"], "biometric_kyc")["token"]
    body = {"token": token, "smile_client_id": "2343", "file_name": "selfie.zip", "partner_params": params}
    upload = lambda **change: requests.post(service.base + "/v1/upload", json={**body, **change}).json()
    assert upload(partner_params={**params, "job_type": 4})["code"] == "2205"
    assert upload()["code"] == "2202"
    offered = requests.post(service.base + "/v1/products_config", json={"token": token, "partner_id": "2343"}).json()
    assert "NIN" in offered["idSelection"]["biometric_kyc"]["NG"]


@pytest.mark.parametrize("product, code", [
    ("doc_verification", "2212"), ("enhanced_document_verification", "2212"), ("e_signature", "2212"), ("palmistry", "2204"),
])
def test_web_tokens_for_what_is_not_served(service, user, product, code):
    assert api(service).get_web_token(user, "job", product)["code"] == code
