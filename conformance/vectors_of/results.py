"""Answers of job_status, and what each accessor reads from them."""

from .people import LOOKED_UP, MATCHED, NOBODY, PHOTO, SOMEBODY

ACTIONS = {
    "Liveness_Check": "Not Applicable", "Selfie_Check": "Passed", "Selfie_Provided": "Passed",
    "Register_Selfie": "Not Applicable", "Selfie_To_Registered_Selfie_Compare": "Completed",
    "Human_Review_Compare": "Not Applicable",
}
RESULT = {
    "JSONVersion": "1.0.0", "SmileJobID": "019c1", "PartnerParams": {"job_id": "j-1", "user_id": "ada", "job_type": 2, "note": "é"},
    "ResultType": "SmartSelfie Authentication", "ResultText": "Authenticated: the same person", "ResultCode": "0820",
    "IsFinalResult": "true", "IsMachineResult": "true", "ConfidenceValue": "71.50", "Actions": ACTIONS, "Source": "selfsame",
    "evidence": {"comparison": {"score": 0.765, "match_threshold": 0.52}},
}
ABSENT = {
    "job_complete": False, "job_success": False, "result_code": None, "result_text": None, "smile_job_id": None,
    "confidence_value": None, "is_final_result": False, "actions": {"Selfie_Check": None}, "partner_params": None, "evidence": None,
    "challenge_failure": None, "result_type": None, "is_machine_result": False, "results": [], **NOBODY,
}
PRESENT = {
    "job_complete": True, "job_success": True, "result_code": "0820", "result_text": "Authenticated: the same person",
    "smile_job_id": "019c1", "confidence_value": 71.5, "is_final_result": True,
    "actions": {**ACTIONS, "Verify_Document": None, "toString": None}, "partner_params": RESULT["PartnerParams"],
    "evidence": RESULT["evidence"], "challenge_failure": None, "result_type": "SmartSelfie Authentication",
    "is_machine_result": True, "results": [], **NOBODY,
}


def status(result, complete=True, success=True, **more):
    return {"job_complete": complete, "job_success": success, "code": "2302", "result": result, **more}


def vectors():
    changed = lambda **change: {k: v for k, v in {**RESULT, **change}.items() if v is not None}
    failed = changed(ResultCode="0821", ResultText="Not authenticated: the images did not match", ConfidenceValue="12.03",
                     Actions={**ACTIONS, "Selfie_To_Registered_Selfie_Compare": "Failed"})
    provisional = changed(ResultCode="0822", ResultText="Provisional: the comparison awaits a review", IsFinalResult="false",
                          ConfidenceValue="50.00")
    no_person = lambda *reasons: changed(
        ResultCode="0907", ResultText="No live person", ConfidenceValue=None, evidence={"reasons": list(reasons)},
        Actions={**ACTIONS, "Liveness_Check": "Failed"})
    refused = lambda failure, *reasons: {
        **PRESENT, "job_success": False, "result_code": "0907", "result_text": "No live person", "confidence_value": None,
        "actions": {"Liveness_Check": "Failed"}, "evidence": {"reasons": list(reasons)}, "challenge_failure": failure,
    }
    live = lambda name, failure, *reasons: case(name, status(no_person(*reasons), success=False), refused(failure, *reasons))
    return [
        case("authenticated", status(RESULT), PRESENT),
        case("refused", status(failed, success=False), {
            **PRESENT, "job_success": False, "result_code": "0821", "result_text": failed["ResultText"], "confidence_value": 12.03,
            "actions": {"Selfie_To_Registered_Selfie_Compare": "Failed", "Selfie_Check": "Passed"},
        }),
        case("provisional: a further result follows", status(provisional, success=False), {
            **PRESENT, "job_success": False, "result_code": "0822", "result_text": provisional["ResultText"],
            "confidence_value": 50.0, "is_final_result": False,
        }),
        case("without a comparison there is no confidence", status(changed(ConfidenceValue=None, evidence=None)), {
            **PRESENT, "confidence_value": None, "evidence": None,
        }),
        case("no package yet: the result is text", status("No zip uploaded yet", False, False), ABSENT),
        case("still processed: the result is null", status(None, False, False), ABSENT),
        case("values of another type than the wire's read as absent", {
            "job_complete": "true", "job_success": 1,
            "result": {"ResultCode": 820, "ResultText": None, "SmileJobID": ["x"], "ConfidenceValue": 71.5,
                       "IsFinalResult": True, "Actions": ["Passed"]},
        }, ABSENT),
        case("a confidence that is no number", status(changed(ConfidenceValue="high")), {**PRESENT, "confidence_value": None}),
        case("no actions; unknown fields stay in the JSON",
             status(changed(Actions=None, New_Field={"deep": [1]}), history=[], image_links={"selfie_image": "https://x/y"}),
             {**PRESENT, "actions": {"Selfie_Check": None}}),
        live("the challenge was not followed", "not_followed", "print_or_screen", "challenge_not_followed"),
        live("a challenge is wanted", "missing", "challenge_missing"),
        live("refused for another reason", None, "print_or_screen"),
        case("reasons that are no list", status(changed(evidence={"reasons": "challenge_missing"})),
             {**PRESENT, "evidence": {"reasons": "challenge_missing"}}),
        *of_people(),
    ]


def of_people():
    """Job types 1 and 5: who the authority says that somebody is."""
    base = {**ABSENT, "job_complete": True, "is_final_result": True}
    reads = lambda result, **more: {
        **base, "result_code": result["ResultCode"], "result_text": result["ResultText"], "result_type": result["ResultType"],
        "smile_job_id": result["SmileJobID"], "partner_params": result["PartnerParams"], "actions": result["Actions"], **more,
    }
    matched = {"job_success": True, "confidence_value": 97.0, "is_machine_result": True}
    somebody = {**SOMEBODY, "id_number_previously_registered": False, "user_ids_of_previous_registrants": [],
                "kyc_receipt": "https://example.com/receipt/2", "antifraud": MATCHED["Antifraud"]}
    changed = lambda result, **change: {k: v for k, v in {**result, **change}.items() if v is not None}
    reviewed = changed(
        MATCHED, ResultType="DIVA", ResultCode="1211", ResultText="The faces differ", IsMachineResult="false", Photo=None,
        ConfidenceValue=None, IDNumberPreviouslyRegistered=True, UserIDsOfPreviousRegistrants=["grace", "joan"], Antifraud=None,
        KYCReceipt=None)
    provisional = changed(MATCHED, ResultCode="0814", ResultText="Provisional", IsFinalResult="false")
    unknown = changed(
        LOOKED_UP, ResultCode="1013", ResultText="No such number", FullData=None, Address="Not Available", FullName="Not Available",
        DOB="Not Available", Gender="Not Available", Photo="Not Available",
        Actions={"Verify_ID_Number": "Not Verified", "Return_Personal_Info": "Not Returned"})
    nameless = {**SOMEBODY, "full_name": None, "dob": None, "gender": None, "photo": None, "address": None, "full_data": None}
    wrapped = "data:image/jpeg;base64," + PHOTO[:8] + "\n" + PHOTO[8:].rstrip("=")
    return [
        case("job type 1: the faces agree", status(MATCHED, history=[MATCHED, LOOKED_UP]), reads(
            MATCHED, **matched, **somebody, results=["0810", "1012"])),
        case("job type 1 after a review: three results, and the number was registered before",
             status(reviewed, success=False, history=[reviewed, provisional, LOOKED_UP], kyc_receipt="https://example.com/receipt/3"),
             reads(reviewed, **{**somebody, "photo": None, "id_number_previously_registered": True, "antifraud": None,
                                "user_ids_of_previous_registrants": ["grace", "joan"],
                                "kyc_receipt": "https://example.com/receipt/3"}, results=["1211", "0814", "1012"])),
        case("what the authority lacks reads as absent", status(unknown, success=False), reads(unknown, **nameless)),
        case("a photo as a data URL, in lines and without padding", status({**LOOKED_UP, "Photo": wrapped}), reads(
            LOOKED_UP, **SOMEBODY, job_success=True)),
        case("a photo that is no base64", status({**LOOKED_UP, "Photo": "§§§"}), reads(
            LOOKED_UP, **{**SOMEBODY, "photo": None}, job_success=True)),
        case("personal information of another type than the wire's reads as absent", status({
            **LOOKED_UP, "Country": 5, "FullName": ["Joe"], "DOB": None, "Gender": "", "Photo": 7, "PhoneNumber": {}, "Address": True,
            "ExpirationDate": 0, "FullData": "all", "IDNumberPreviouslyRegistered": "true", "UserIDsOfPreviousRegistrants": "grace",
            "KYCReceipt": False, "Antifraud": [], "IDNumber": 1, "IDType": 2,
        }, history="none"), reads(LOOKED_UP, job_success=True)),
        case("what of a list is no text is passed over; so is a history's entry that is no result",
             status({**LOOKED_UP, "UserIDsOfPreviousRegistrants": ["grace", 7, None]}, history=[LOOKED_UP, "waiting", None]), reads(
                 LOOKED_UP, **{**SOMEBODY, "user_ids_of_previous_registrants": ["grace"]}, job_success=True, results=["1012"])),
    ]


def case(name, answer, expect):
    return {"name": name, "status": answer, "expect": expect}
