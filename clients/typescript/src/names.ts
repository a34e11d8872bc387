/** What results' codes mean: `ResultCode.IdNotFound` is `1013`. A server may send others. */
export const ResultCode = {
  /** Data invalid: an image could not be used, or the authority has no photo. */
  Unusable: '0001',
  /** Job type 1: the selfie shows the person of the record. */
  KycPass: '0810',
  /** The faces do not match. */
  KycFail: '0811',
  /** Provisional: a person decides. */
  KycProvisional: '0812',
  /** A possible spoof. */
  KycSpoof: '0813',
  /** Provisional: a possible spoof, and a person decides. */
  KycProvisionalSpoof: '0814',
  /** Provisional: the machine is not sure of the comparison. */
  KycProvisionalUnsure: '0815',
  /** Pending: a possible spoof, and a person decides. */
  KycPendingSpoof: '0816',
  /** Job type 2: the same person. */
  AuthenticatePass: '0820',
  /** The faces do not match. */
  AuthenticateFail: '0821',
  /** Provisional: a person decides. */
  AuthenticateProvisional: '0822',
  /** Job type 4: enrolled. */
  EnrolPass: '0840',
  /** Not enrolled. */
  EnrolFail: '0841',
  /** Provisional: a person decides. */
  EnrolProvisional: '0842',
  /** No face was found. */
  KycNoFace: '0911',
  /** The face does not match. */
  KycFaceUnlike: '0912',
  /** The authority knows the number. */
  IdValid: '1012',
  /** The authority knows no such number. */
  IdNotFound: '1013',
  /** The number does not fit its type. */
  IdMalformed: '1014',
  /** The authority is unavailable. */
  IdAuthorityUnavailable: '1015',
  /** The ID type is not enabled for this partner. */
  IdTypeNotEnabled: '1016',
  /** Basic KYC: what was said is what the record says. */
  FieldsMatch: '1020',
  /** Some of it is. */
  FieldsMatchPartly: '1021',
  /** Nothing of it is. */
  FieldsDiffer: '1022',
  /** The authority knows no such number. */
  FieldsNotFound: '1023',
  /** A person decided: passed. */
  ReviewKycPass: '1210',
  /** A person decided: the faces differ. */
  ReviewKycFacesDiffer: '1211',
  /** A person decided: a spoof. */
  ReviewKycSpoof: '1212',
  /** A person decided: an image cannot be used. */
  ReviewKycUnusable: '1213',
  /** No other user looks like the same person. */
  NoSuspects: '5210',
  /** Other users look like the same person. */
  SuspectsFound: '5211',
  /** It could not be told. */
  SuspectsUnknown: '5212',
} as const;

/** The names of actions, for `action(…)` of a result. */
export const Action = {
  VerifyIdNumber: 'Verify_ID_Number',
  ReturnPersonalInfo: 'Return_Personal_Info',
  LivenessCheck: 'Liveness_Check',
  SelfieCheck: 'Selfie_Check',
  SelfieProvided: 'Selfie_Provided',
  RegisterSelfie: 'Register_Selfie',
  SelfieToIdAuthorityCompare: 'Selfie_To_ID_Authority_Compare',
  SelfieToIdCardCompare: 'Selfie_To_ID_Card_Compare',
  SelfieToRegisteredSelfieCompare: 'Selfie_To_Registered_Selfie_Compare',
  HumanReviewCompare: 'Human_Review_Compare',
  HumanReviewLivenessCheck: 'Human_Review_Liveness_Check',
  HumanReviewUpdateSelfie: 'Human_Review_Update_Selfie',
  UpdateRegisteredSelfieOnFile: 'Update_Registered_Selfie_On_File',
  Names: 'Names',
  Dob: 'DOB',
  Gender: 'Gender',
  PhoneNumber: 'Phone_Number',
  IdVerification: 'ID_Verification',
} as const;
