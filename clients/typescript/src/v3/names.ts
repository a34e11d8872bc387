/** What a token may be bound to, and what a result says that a job was. */
export type V3Product =
  | 'aml'
  | 'one_time_aml'
  | 'basic_kyc'
  | 'biometric_kyc'
  | 'address_verification'
  | 'document_verification'
  | 'enhanced_document_verification'
  | 'residency_document_verification'
  | 'enhanced_kyc'
  | 'phone_number_verification'
  | 'smart_selfie_authentication'
  | 'smart_selfie_registration'
  | 'smart_selfie_compare';

/** Where a job stands, or what it came to: from `clear` on it is the decision itself. A newer server may have others. */
export type V3Status = 'processing' | 'not_found' | 'clear' | 'block' | 'attention' | 'error' | (string & {});

/** Why a job was not clear. A newer server may have others. */
export type DecisionReason =
  | 'high_risk'
  | 'account_locked_fraud'
  | 'face_verification_failed'
  | 'spoof_detected'
  | 'document_check_failed'
  | 'unsupported_document'
  | 'identifier_not_found'
  | 'age_requirement_not_met'
  | 'aml_match_found'
  | 'address_out_of_range'
  | 'name_mismatch'
  | 'no_address_on_record'
  | 'document_expired'
  | 'document_copy_detected'
  | 'medium_risk'
  | 'information_outdated'
  | 'news_media_match'
  | 'image_unavailable_or_invalid'
  | 'internal_error'
  | 'service_unavailable'
  | 'document_unclassifiable'
  | 'content_policy_violated'
  | 'invalid_id_number'
  | (string & {});

/** What kind of picture a selfie is compared with. */
export type ComparisonImageType = 'DOCUMENT' | 'ID_PHOTO' | 'PORTRAIT';

/** What a user is reported for. `OTHER` wants notes. */
export type FraudReason =
  | 'FIRST_PARTY_FRAUD'
  | 'SECOND_PARTY_FRAUD'
  | 'THIRD_PARTY_FRAUD'
  | 'SYNTHETIC_IDENTITY'
  | 'ACCOUNT_TAKEOVER'
  | 'DOCUMENT_FORGERY'
  | 'IDENTITY_FARMING'
  | 'MULE_ACCOUNT'
  | 'OTHER';
