/// What results' codes mean: `ResultCode.idNotFound` is `1013`. A server may send others.
abstract final class ResultCode {
  /// Data invalid: an image could not be used, or the authority has no photo.
  static const unusable = '0001';

  /// Job type 1: the selfie shows the person of the record.
  static const kycPass = '0810';

  /// The faces do not match.
  static const kycFail = '0811';

  /// Provisional: a person decides.
  static const kycProvisional = '0812';

  /// A possible spoof.
  static const kycSpoof = '0813';

  /// Provisional: a possible spoof, and a person decides.
  static const kycProvisionalSpoof = '0814';

  /// Provisional: the machine is not sure of the comparison.
  static const kycProvisionalUnsure = '0815';

  /// Pending: a possible spoof, and a person decides.
  static const kycPendingSpoof = '0816';

  /// Job type 2: the same person.
  static const authenticatePass = '0820';

  /// The faces do not match.
  static const authenticateFail = '0821';

  /// Provisional: a person decides.
  static const authenticateProvisional = '0822';

  /// Job type 4: enrolled.
  static const enrolPass = '0840';

  /// Not enrolled.
  static const enrolFail = '0841';

  /// Provisional: a person decides.
  static const enrolProvisional = '0842';

  /// No face was found.
  static const kycNoFace = '0911';

  /// The face does not match.
  static const kycFaceUnlike = '0912';

  /// The authority knows the number.
  static const idValid = '1012';

  /// The authority knows no such number.
  static const idNotFound = '1013';

  /// The number does not fit its type.
  static const idMalformed = '1014';

  /// The authority is unavailable.
  static const idAuthorityUnavailable = '1015';

  /// The ID type is not enabled for this partner.
  static const idTypeNotEnabled = '1016';

  /// Basic KYC: what was said is what the record says.
  static const fieldsMatch = '1020';

  /// Some of it is.
  static const fieldsMatchPartly = '1021';

  /// Nothing of it is.
  static const fieldsDiffer = '1022';

  /// The authority knows no such number.
  static const fieldsNotFound = '1023';

  /// A person decided: passed.
  static const reviewKycPass = '1210';

  /// A person decided: the faces differ.
  static const reviewKycFacesDiffer = '1211';

  /// A person decided: a spoof.
  static const reviewKycSpoof = '1212';

  /// A person decided: an image cannot be used.
  static const reviewKycUnusable = '1213';

  /// No other user looks like the same person.
  static const noSuspects = '5210';

  /// Other users look like the same person.
  static const suspectsFound = '5211';

  /// It could not be told.
  static const suspectsUnknown = '5212';

  /// All of them by the names that every client's contract has.
  static const all = {
    'unusable': unusable,
    'kyc_pass': kycPass,
    'kyc_fail': kycFail,
    'kyc_provisional': kycProvisional,
    'kyc_spoof': kycSpoof,
    'kyc_provisional_spoof': kycProvisionalSpoof,
    'kyc_provisional_unsure': kycProvisionalUnsure,
    'kyc_pending_spoof': kycPendingSpoof,
    'authenticate_pass': authenticatePass,
    'authenticate_fail': authenticateFail,
    'authenticate_provisional': authenticateProvisional,
    'enrol_pass': enrolPass,
    'enrol_fail': enrolFail,
    'enrol_provisional': enrolProvisional,
    'kyc_no_face': kycNoFace,
    'kyc_face_unlike': kycFaceUnlike,
    'id_valid': idValid,
    'id_not_found': idNotFound,
    'id_malformed': idMalformed,
    'id_authority_unavailable': idAuthorityUnavailable,
    'id_type_not_enabled': idTypeNotEnabled,
    'fields_match': fieldsMatch,
    'fields_match_partly': fieldsMatchPartly,
    'fields_differ': fieldsDiffer,
    'fields_not_found': fieldsNotFound,
    'review_kyc_pass': reviewKycPass,
    'review_kyc_faces_differ': reviewKycFacesDiffer,
    'review_kyc_spoof': reviewKycSpoof,
    'review_kyc_unusable': reviewKycUnusable,
    'no_suspects': noSuspects,
    'suspects_found': suspectsFound,
    'suspects_unknown': suspectsUnknown,
  };
}

/// The names of actions, for a result's `action`. Named apart from Flutter's own `Action`.
abstract final class ResultAction {
  /// Whether the authority knows the number.
  static const verifyIdNumber = 'Verify_ID_Number';

  /// Whether the record was given.
  static const returnPersonalInfo = 'Return_Personal_Info';

  /// Whether somebody is there.
  static const livenessCheck = 'Liveness_Check';

  /// Whether the selfie is of use.
  static const selfieCheck = 'Selfie_Check';

  /// Whether there is a selfie.
  static const selfieProvided = 'Selfie_Provided';

  /// Whether the person was enrolled.
  static const registerSelfie = 'Register_Selfie';

  /// The selfie with the authority's photo.
  static const selfieToIdAuthorityCompare = 'Selfie_To_ID_Authority_Compare';

  /// The selfie with the ID card's photo.
  static const selfieToIdCardCompare = 'Selfie_To_ID_Card_Compare';

  /// The selfie with the one on file.
  static const selfieToRegisteredSelfieCompare = 'Selfie_To_Registered_Selfie_Compare';

  /// A person's comparison.
  static const humanReviewCompare = 'Human_Review_Compare';

  /// A person's word on whether somebody is there.
  static const humanReviewLivenessCheck = 'Human_Review_Liveness_Check';

  /// A person's word on a new selfie.
  static const humanReviewUpdateSelfie = 'Human_Review_Update_Selfie';

  /// Whether the selfie on file was replaced.
  static const updateRegisteredSelfieOnFile = 'Update_Registered_Selfie_On_File';

  /// Basic KYC: the names.
  static const names = 'Names';

  /// Basic KYC: the date of birth.
  static const dob = 'DOB';

  /// Basic KYC: the gender.
  static const gender = 'Gender';

  /// Basic KYC: the telephone number.
  static const phoneNumber = 'Phone_Number';

  /// Basic KYC: the number.
  static const idVerification = 'ID_Verification';

  /// All of them by the names that every client's contract has.
  static const all = {
    'verify_id_number': verifyIdNumber,
    'return_personal_info': returnPersonalInfo,
    'liveness_check': livenessCheck,
    'selfie_check': selfieCheck,
    'selfie_provided': selfieProvided,
    'register_selfie': registerSelfie,
    'selfie_to_id_authority_compare': selfieToIdAuthorityCompare,
    'selfie_to_id_card_compare': selfieToIdCardCompare,
    'selfie_to_registered_selfie_compare': selfieToRegisteredSelfieCompare,
    'human_review_compare': humanReviewCompare,
    'human_review_liveness_check': humanReviewLivenessCheck,
    'human_review_update_selfie': humanReviewUpdateSelfie,
    'update_registered_selfie_on_file': updateRegisteredSelfieOnFile,
    'names': names,
    'dob': dob,
    'gender': gender,
    'phone_number': phoneNumber,
    'id_verification': idVerification,
  };
}
