"""Looking up an identity without a selfie: what is asked, and what comes of it."""

from .challenges import token
from .people import LOOKED_UP, NOBODY, SOMEBODY

ABSENT, MADE = "ABSENT", "MADE"
WHO = {"country": "NG", "id_type": "NIN", "id_number": "00000000000"}
CALL = {"partner_params": {"job_id": "j-2", "user_id": "ada", "note": "kept"}, "id_info": WHO}
SERVICES = {
    "bank_codes": [{"name": "Access Bank", "code": "044"}, {"name": "no code"}, "no bank"],
    "hosted_web": {
        "biometric_kyc": {
            "NG": {"name": "Nigeria", "id_types": {
                "NIN": {"label": "National ID number", "id_number_regex": "^[0-9]{11}$", "test_data": "00000000000",
                        "required_fields": ["country", "id_type", "id_number", "user_id", "job_id"]},
                "PASSPORT": {"label": "Passport", "id_number_regex": "^[A-Za-z]{1}( )?[0-9]{8}$",
                             "required_fields": ["country", "id_type", "id_number", "first_name", "last_name", "dob", 7]},
                "ODD": "nothing to read", "BARE": {},
            }},
            "GH": {"id_types": {}}, "KE": None,
        },
        "enhanced_kyc": [],
    },
}
# What is read from it, with whatever is not as the wire has it passed over.
BIOMETRIC_KYC = [
    {"code": "NG", "name": "Nigeria", "id_types": [
        {"code": "NIN", "label": "National ID number", "pattern": "^[0-9]{11}$",
         "required_fields": ["country", "id_type", "id_number", "user_id", "job_id"]},
        {"code": "PASSPORT", "label": "Passport", "pattern": "^[A-Za-z]{1}( )?[0-9]{8}$",
         "required_fields": ["country", "id_type", "id_number", "first_name", "last_name", "dob"]},
        {"code": "BARE", "label": "BARE", "pattern": None, "required_fields": []},
    ]},
    {"code": "GH", "name": "GH", "id_types": []},
]
CONFIG = {"consentRequired": {"NG": ["NIN", "BVN"], "KE": "all"}, "idSelection": {"biometric_kyc": {"NG": ["NIN", "PASSPORT"]}}}


def vectors():
    signed = lambda body, how="right": {"status": 200, "signed": how, "body": body}
    matches = {**{k: LOOKED_UP[k] for k in ("SmileJobID", "PartnerParams", "Country", "IDType", "IDNumber")},
               "ResultCode": "1021", "ResultText": "Partial match",
               "Actions": {"Names": "Partial Match", "DOB": "Exact Match", "Gender": "Not Provided"}}
    unknown = {**LOOKED_UP, "ResultCode": "1013", "ResultText": "No such number", "FullName": "Not Available"}
    found = {**SOMEBODY, "result_code": "1012", "result_type": "ID Verification", "smile_job_id": "019c2"}
    missing = lambda name: {"id_info": {k: v for k, v in WHO.items() if k != name}}
    wrong = lambda **change: {"id_info": {**WHO, **change}}
    none = {"error": {"kind": "argument"}}
    sent = {
        **WHO, "partner_id": "2343", "signature": MADE, "timestamp": MADE, "source_sdk": MADE, "source_sdk_version": MADE,
        "partner_params": {"job_id": "j-2", "user_id": "ada", "note": "kept", "job_type": 5}, "callback_url": ABSENT, "token": ABSENT,
    }
    held = token(partner_params={"user_id": "grace", "job_id": "j-9"})
    return [
        lookup("a record", "id_verification", signed(LOOKED_UP), {"result": found},
               sent={**sent, "path": "/sandbox/v1/id_verification", "consent_information": ABSENT}),
        lookup("production has its own path", "id_verification", signed(LOOKED_UP), {"result": found}, call={"is_production": True},
               sent={"path": "/production/v1/id_verification"}),
        lookup("what is said is sent; names that are absent are made", "id_verification", signed(LOOKED_UP), {"result": found},
               call={"partner_params": {}, **wrong(first_name="Joe", dob="2000-09-20", bank_code="044"),
                     "consent_information": {"consented": {"personal_details": True}}},
               sent={"first_name": "Joe", "dob": "2000-09-20", "bank_code": "044",
                     "consent_information": {"consented": {"personal_details": True}},
                     "partner_params": {"job_id": MADE, "user_id": MADE, "job_type": 5}}),
        lookup("ID information does not stand in the way of the client's own fields", "id_verification", signed(LOOKED_UP),
               {"result": found}, call=wrong(partner_id="1", partner_params={}, signature="x"),
               sent={"partner_id": "2343", "partner_params": {"user_id": "ada"}}),
        lookup("no such number is a result", "id_verification", signed(unknown),
               {"result": {"result_code": "1013", "full_name": None}}),
        lookup("a result that another key signed", "id_verification", signed(LOOKED_UP, "wrong"), {"error": {"kind": "untrusted"}}),
        lookup("a result that nobody signed", "id_verification", signed(LOOKED_UP, "not"), {"error": {"kind": "untrusted"}}),
        lookup("the server refuses", "id_verification", {"status": 400, "body": {"error": "no", "code": "2204"}},
               {"error": {"kind": "refused", "http_status": 400, "code": "2204", "message": "no"}}),
        *[lookup(f"no {name}", "id_verification", None, none, call=missing(name), asked=0) for name in WHO],
        lookup("an empty number", "id_verification", None, none, call=wrong(id_number=" "), asked=0),
        lookup("a number that is no text", "id_verification", None, none, call=wrong(id_number=7), asked=0),
        lookup("a number with a control character", "id_verification", None, none, call=wrong(id_number="1\u00002"), asked=0),
        lookup("a country that is none", "id_verification", None, none, call=wrong(country="Nigeria"), asked=0),
        lookup("an ID type that is none", "id_verification", None, none, call=wrong(id_type="a b"), asked=0),
        lookup("a web token gets no record", "id_verification", None, none, auth={"web_token": held}, needs=["web_token"], asked=0),
        lookup("the rest by callback", "async_id_verification", {"status": 200, "body": {"success": True}},
               {"names": {"user_id": "ada", "job_id": "j-2"}}, call={"callback_url": "https://partner.example/callback"},
               sent={**sent, "path": "/sandbox/v1/async_id_verification", "callback_url": "https://partner.example/callback"}),
        lookup("by callback with a web token: its names count", "async_id_verification", {"status": 200, "body": {"success": True}},
               {"names": {"user_id": "grace", "job_id": "j-9"}}, call={"callback_url": ""}, auth={"web_token": held},
               needs=["web_token"],
               sent={"token": held, "signature": ABSENT, "partner_params": {"user_id": "grace", "job_id": "j-9", "note": "kept"}}),
        lookup("an answer without success", "async_id_verification", {"status": 200, "body": {"success": False}},
               {"error": {"kind": "answer"}}, call={"callback_url": ""}),
        lookup("what was said is compared with the record", "verify", signed(matches), {
            "result": {"result_code": "1021", "full_name": None},
            "actions": {"Names": "Partial Match", "DOB": "Exact Match", "Phone_Number": None},
        }, call=wrong(first_name="Joe"), sent={**sent, "path": "/sandbox/v2/verify", "first_name": "Joe"}),
        lookup("the ID types", "services", {"status": 200, "body": SERVICES},
               {"id_types": {"biometric_kyc": BIOMETRIC_KYC, "enhanced_kyc": [], "toString": []},
                "bank_codes": [{"name": "Access Bank", "code": "044"}]}, sent={"path": "/sandbox/v1/services"}),
        lookup("no ID types", "services", {"status": 200, "body": {"hosted_web": []}},
               {"id_types": {"biometric_kyc": []}, "bank_codes": []}),
        lookup("ID types that are no JSON", "services", {"status": 200, "body": "<html>"}, {"error": {"kind": "answer"}}),
        lookup("what a partner may use", "products_config", {"status": 200, "body": CONFIG}, {
            "consent_required": [["NG", "NIN", True], ["NG", "PASSPORT", False], ["KE", "all", False], ["toString", "NIN", False]],
            "id_selection": [["biometric_kyc", "NG", ["NIN", "PASSPORT"]], ["enhanced_kyc", "NG", []]],
        }, sent={"path": "/sandbox/v1/products_config", "partner_id": "2343", "signature": MADE, "timestamp": MADE}),
        lookup("what a web token's holder may use", "products_config", {"status": 200, "body": {}},
               {"consent_required": [["NG", "NIN", False]], "id_selection": []}, auth={"web_token": held}, needs=["web_token"],
               sent={"partner_id": "2343", "token": held, "signature": ABSENT, "partner_params": {"user_id": "grace", "job_id": "j-9"}}),
    ]


def lookup(name, method, answer, expect, *, call=None, auth=None, needs=(), sent=None, asked=1):
    return {
        "name": name, "needs": list(needs), "auth": auth or {"api_key": "key-1"}, "partner_id": "2343", "method": method,
        "call": {"is_production": False, **CALL, **(call or {})}, "answer": answer,
        "expect": {**expect, "asked": asked, "sent": sent or {}},
    }
