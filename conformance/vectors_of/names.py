"""The wire's numbers and words that clients give names to. Each client spells the names in its own way."""


def vectors():
    return {"job_types": JOB_TYPES, "result_codes": RESULT_CODES, "actions": {name: wire for name, wire in actions()}}


JOB_TYPES = {
    "biometric_kyc": 1, "smart_selfie_authentication": 2, "smart_selfie_registration": 4, "enhanced_kyc": 5,
    "document_verification": 6, "business_verification": 7, "update_photo": 8, "compare_user_info": 9,
    "enhanced_document_verification": 11,
}
RESULT_CODES = {
    "unusable": "0001",
    "kyc_pass": "0810", "kyc_fail": "0811", "kyc_provisional": "0812", "kyc_spoof": "0813", "kyc_provisional_spoof": "0814",
    "kyc_provisional_unsure": "0815", "kyc_pending_spoof": "0816",
    "authenticate_pass": "0820", "authenticate_fail": "0821", "authenticate_provisional": "0822",
    "enrol_pass": "0840", "enrol_fail": "0841", "enrol_provisional": "0842",
    "kyc_no_face": "0911", "kyc_face_unlike": "0912",
    "id_valid": "1012", "id_not_found": "1013", "id_malformed": "1014", "id_authority_unavailable": "1015",
    "id_type_not_enabled": "1016",
    "fields_match": "1020", "fields_match_partly": "1021", "fields_differ": "1022", "fields_not_found": "1023",
    "review_kyc_pass": "1210", "review_kyc_faces_differ": "1211", "review_kyc_spoof": "1212", "review_kyc_unusable": "1213",
    "no_suspects": "5210", "suspects_found": "5211", "suspects_unknown": "5212",
}


def actions():
    """The wire's words, by themselves in small letters."""
    for wire in [
        "Verify_ID_Number", "Return_Personal_Info", "Liveness_Check", "Selfie_Check", "Selfie_Provided", "Register_Selfie",
        "Selfie_To_ID_Authority_Compare", "Selfie_To_ID_Card_Compare", "Selfie_To_Registered_Selfie_Compare",
        "Human_Review_Compare", "Human_Review_Liveness_Check", "Human_Review_Update_Selfie", "Update_Registered_Selfie_On_File",
        "Names", "DOB", "Gender", "Phone_Number", "ID_Verification",
    ]:
        yield wire.lower(), wire
