"""Results about a person whom nobody is, and what each accessor reads from them."""

import base64

PHOTO = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(range(40))).decode()

LOOKED_UP = {
    "JSONVersion": "1.0.0", "SmileJobID": "019c2", "PartnerParams": {"job_id": "j-2", "user_id": "ada", "job_type": 5},
    "ResultType": "ID Verification", "ResultText": "ID number validated", "ResultCode": "1012", "IsFinalResult": "true",
    "Actions": {"Verify_ID_Number": "Verified", "Return_Personal_Info": "Returned"}, "Country": "NG", "IDType": "NIN",
    "IDNumber": "00000000000", "ExpirationDate": "Not Available", "FullName": "Joe Leo", "DOB": "2000-09-20", "Photo": PHOTO,
    "PhoneNumber": "Not Available", "PhoneNumber2": "Not Available", "Gender": "M", "Address": "1 Example Road",
    "Document": "Not Available", "Secondary_ID_Number": "Not Available", "FullData": {"Title": "Mx"}, "Source": "ID API",
}
MATCHED = {
    **LOOKED_UP, "PartnerParams": {**LOOKED_UP["PartnerParams"], "job_type": 1}, "ResultType": "SAIA", "ResultText": "Enroll User",
    "ResultCode": "0810", "IsMachineResult": "true", "ConfidenceValue": "97.000000", "Source": "WebAPI",
    "Actions": {
        "Liveness_Check": "Passed", "Register_Selfie": "Approved", "Selfie_Provided": "Passed", "Verify_ID_Number": "Verified",
        "Return_Personal_Info": "Returned", "Selfie_To_ID_Authority_Compare": "Completed",
        "Selfie_To_ID_Card_Compare": "Not Applicable",
    },
    "IDNumberPreviouslyRegistered": False, "UserIDsOfPreviousRegistrants": [], "KYCReceipt": "https://example.com/receipt/2",
    "Antifraud": {
        "summary": {"fraud_sources": [], "fraud_detected": False},
        "smile_secure": {"ResultCode": "5210", "ResultText": "No suspect", "SuspectUsers": []},
    },
}

# What the accessors read: of nobody, and of the person above. A photo is told as base64.
NOBODY = dict.fromkeys([
    "country", "id_type", "id_number", "full_name", "dob", "gender", "photo", "phone_number", "address", "expiration_date",
    "full_data", "id_number_previously_registered", "user_ids_of_previous_registrants", "kyc_receipt", "antifraud",
])
SOMEBODY = {
    **NOBODY, "country": "NG", "id_type": "NIN", "id_number": "00000000000", "full_name": "Joe Leo", "dob": "2000-09-20",
    "gender": "M", "photo": PHOTO, "address": "1 Example Road", "full_data": {"Title": "Mx"},
}
