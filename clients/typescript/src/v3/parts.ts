// The names of forms' parts, as types that npm run check:openapi holds to the server's own description.

/** What every submission may hold. `user_id` is the body's where the wire wants it there. */
export type CommonPart = 'callback_url' | 'user_details' | 'consent' | 'partner_params' | 'metadata';

/** A selfie with its frames, and the result that the sandbox is told to give. */
export type SelfiePart = 'selfie_image' | 'liveness_images' | 'sandbox_result';

/** Whose record is looked up. */
export type IdentityPart = 'country' | 'id_type' | 'id_number';

/** `POST /v3/registration`. */
export type RegistrationPart = CommonPart | SelfiePart | 'allow_new_enroll';

/** `POST /v3/authentication`. */
export type AuthenticationPart = CommonPart | SelfiePart | 'use_enrolled_image' | 'user_id';

/** `POST /v3/compare`. */
export type ComparisonPart = CommonPart | SelfiePart | 'comparison_image' | 'comparison_image_type' | 'allow_new_enroll' | 'user_id';

/** `POST /v3/biometric_kyc`. */
export type BiometricKycPart = CommonPart | SelfiePart | IdentityPart;

/** `POST /v3/enhanced_kyc`. */
export type EnhancedKycPart = CommonPart | IdentityPart | 'bank_code' | 'operator';

/** `POST /v3/token`. */
export type TokenPart = 'user_id' | 'product' | 'partner_params' | 'allow_new_enroll' | 'payload';

/** `POST /v3/replay/{job_id}`. */
export type ReplayPart = 'callback_url';

/** `POST /v3/users/{user_id}/report_fraud`. */
export type FraudPart = 'is_fraud' | 'reported_by' | 'reason' | 'notes';
