// What is sent and read, as types that npm run check:openapi holds to the server's own description.
import type { Json, JsonObject } from './json.js';

/** Proof by the API key. */
export interface SignatureProof {
  timestamp: string;
  signature: string;
}

/** Proof by a web token. */
export interface TokenProof {
  token: string;
}

/** `POST /v1/upload`. */
export interface UploadBody {
  file_name: string;
  smile_client_id: string;
  partner_params: JsonObject & { job_id: string; user_id: string; job_type: number };
  model_parameters: JsonObject;
  callback_url: string;
  source_sdk: string;
  source_sdk_version: string;
  allow_new_enroll?: true;
  use_enrolled_image?: true;
  sandbox_result?: string;
  retry?: true;
  challenge_id?: string;
}

/** Its answer, as far as it is read. */
export interface UploadAnswer {
  upload_url: string;
  smile_job_id: string;
}

/** `POST /v1/job_status`. */
export interface JobStatusBody extends SignatureProof {
  partner_id: string;
  user_id: string;
  job_id: string;
  image_links: boolean;
  history: boolean;
}

/** Its answer, as far as it is read. */
export interface JobStatusAnswer extends SignatureProof {
  job_complete: boolean;
  job_success: boolean;
  result: string | ResultAnswer;
  history?: ResultAnswer[];
  image_links?: object;
}

/** A result, as far as it is read. */
export interface ResultAnswer extends SignatureProof {
  SmileJobID: string;
  PartnerParams: object;
  ResultCode: string;
  ResultText: string;
  IsFinalResult: 'true' | 'false';
  ConfidenceValue?: string;
  Actions: { [name: string]: string };
  evidence: Json | object;
}

/**
 * What a web token is for: a comparison with the selfie on file, an enrolment, or a selfie with an ID number (job type 1); or a lookup
 * without a selfie.
 */
export type Product = 'authentication' | 'smartselfie' | 'biometric_kyc' | 'enhanced_kyc' | 'basic_kyc';

/** `POST /v1/token`. */
export interface TokenBody extends SignatureProof {
  partner_id: string;
  user_id: string;
  job_id: string;
  product: Product;
  callback_url?: string;
  partner_params?: JsonObject;
  allow_new_enroll?: true;
  retry?: true;
  sandbox_result?: string;
  challenge?: true;
}

/** Its answer, as far as it is read. */
export interface TokenAnswer {
  token: string;
}

/** `POST /v1/challenge`. */
export interface ChallengeBody {
  partner_id: string;
  user_id: string;
  job_id?: string;
  job_type: number;
}

/** Its answer, as far as it is read. */
export interface ChallengeAnswer {
  challenge: { id: string; turns: ('left' | 'right' | 'up')[]; expires_at: string; seconds?: number };
}

/** Who is looked up: fields of job type 1's `id_info`, and of every lookup. */
export interface Identity {
  /** Whose authority is asked: two letters, e.g. `NG`. */
  country: string;
  /** Which of its records, e.g. `NIN`. */
  id_type: string;
  /** Which person. Text: a number would lose its leading zeros. */
  id_number: string;
  first_name?: string;
  middle_name?: string;
  last_name?: string;
  /** `YYYY-MM-DD`. */
  dob?: string;
  gender?: string;
  phone_number?: string;
  /** The bank, where the number is an account's. */
  bank_code?: string;
}

/** `POST /v1/id_verification`, `/v1/async_id_verification` and `/v2/verify`. */
export interface LookupBody extends Identity {
  partner_id: string;
  partner_params: JsonObject & { job_id: string; user_id: string; job_type: number };
  source_sdk: string;
  source_sdk_version: string;
  callback_url?: string;
  consent_information?: JsonObject;
}

/** What the server says once it has taken a question whose result goes to the callback, as far as it is read. */
export interface TakenAnswer {
  success: boolean;
}

/** `POST /v1/products_config`. */
export interface ProductsConfigBody {
  partner_id: string;
  partner_params?: JsonObject & { job_id: string; user_id: string; job_type: number };
}

/** Its answer, as far as it is read. */
export interface ProductsConfigAnswer {
  consentRequired: { [country: string]: string[] };
  idSelection: { [product: string]: { [country: string]: string[] } };
}

/** `GET /v1/services`: the answer, as far as it is read. */
export interface ServicesAnswer {
  bank_codes: { name: string; code: string }[];
  hosted_web: {
    [product: string]: {
      [country: string]: {
        name: string;
        id_types: { [type: string]: { label: string; required_fields: string[]; id_number_regex: string } };
      };
    };
  };
}

/** An error's body, as far as it is read. */
export interface ErrorAnswer {
  error: string;
  code: string;
}
