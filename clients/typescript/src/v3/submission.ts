import type { ImageBytes } from '../capture.js';
import { ArgumentError } from '../errors.js';
import type { Json, JsonObject } from '../json.js';
import type { Progress } from '../transport.js';
import { Form } from './form.js';
import type { ComparisonImageType, FraudReason, V3Product } from './names.js';
import type {
  AuthenticationPart,
  BiometricKycPart,
  CommonPart,
  ComparisonPart,
  EnhancedKycPart,
  FraudPart,
  IdentityPart,
  RegistrationPart,
  SelfiePart,
} from './parts.js';
import type { Consent, UserDetails } from './person.js';

/** What may be said of any call. */
export interface CallOptions {
  /** Cancels: the promise rejects with `CancelledError`. What had been sent stays sent. */
  readonly signal?: AbortSignal;
}

/** What every submission says. What the token fixes may be left out: the token's counts. */
export interface SubmissionOptions extends CallOptions {
  /** The person's consent. Required, here or in the token. */
  readonly consent?: Consent;
  /** What the person says of itself. Required, here or in the token. */
  readonly userDetails?: UserDetails;
  /** Where the result goes: https. A server of this project requires it, here or in the token; the public one has a partner's own. */
  readonly callbackUrl?: string;
  /** Keys of the partner's own, echoed in the result. */
  readonly partnerParams?: JsonObject;
  /** Kept with the job. */
  readonly metadata?: readonly { readonly name: string; readonly value: Json }[];
  /**
   * The same for each repetition of one submission, and random: a server of this project makes one job of them, so that a caller who got no
   * answer may ask again.
   */
  readonly idempotencyKey?: string;
  /** Told how far the submission is sent. */
  readonly onProgress?: (progress: Progress) => void;
}

/** What the sandbox can be told besides. */
export interface Sandboxed {
  /** Sandbox only: the result code to force, e.g. 811. */
  readonly sandboxResult?: number;
}

/** Puts a selfie on file. */
export interface V3Registration extends SubmissionOptions, Sandboxed {
  /** The selfie: a JPEG file. */
  readonly selfie: ImageBytes;
  /** The frames around it, in the order in which they were taken: 6 to 8. */
  readonly livenessImages: readonly ImageBytes[];
  /** The partner's name of the person, in visible ASCII. Made where absent. */
  readonly userId?: string;
  /** A person who is enrolled already may enrol again. */
  readonly allowNewEnroll?: boolean;
}

interface WithSelfie {
  readonly selfie: ImageBytes;
  readonly livenessImages: readonly ImageBytes[];
  readonly useEnrolledImage?: false;
}

interface WithEnrolledImage {
  /** Take the selfie on file in place of a new one. A server of this project refuses that (400): alone it proves nothing. */
  readonly useEnrolledImage: true;
  readonly selfie?: never;
  readonly livenessImages?: never;
}

/** Compares a selfie with the one on file. */
export type V3Authentication = SubmissionOptions &
  Sandboxed &
  (WithSelfie | WithEnrolledImage) & {
    /** Who it should be. May be left out where the token fixes it. */
    readonly userId?: string;
  };

/** Compares a selfie with a picture that the caller brings; a pass puts the selfie on file. */
export interface V3Comparison extends SubmissionOptions, Sandboxed {
  readonly selfie: ImageBytes;
  readonly livenessImages?: readonly ImageBytes[];
  /** What it is compared with. */
  readonly comparisonImage: ImageBytes;
  readonly comparisonImageType: ComparisonImageType;
  /** The partner's name of the person. Made where absent. */
  readonly userId?: string;
  readonly allowNewEnroll?: boolean;
}

/** Whose record is looked up. What the token fixes may be left out. */
export interface V3Identity {
  /** Two letters, e.g. `NG`. */
  readonly country?: string;
  /** Which of the authority's records, e.g. `NIN`. */
  readonly idType?: string;
  /** Which person. */
  readonly idNumber?: string;
}

/** Looks a record up, compares its photograph with a selfie, and enrols the person. */
export interface V3BiometricKyc extends SubmissionOptions, Sandboxed, V3Identity {
  readonly selfie: ImageBytes;
  readonly livenessImages: readonly ImageBytes[];
  /** The partner's name of the person, in visible ASCII. Made where absent. */
  readonly userId?: string;
}

/** Looks a record up. */
export interface V3EnhancedKyc extends SubmissionOptions, V3Identity {
  /** The bank, where the number is an account's. */
  readonly bankCode?: string;
  /** The operator, where the number is a telephone's. */
  readonly operator?: string;
  /** The partner's name of the person, in visible ASCII. Made where absent. */
  readonly userId?: string;
}

/** A user committed fraud, or did not after all. */
export type FraudReport = {
  /** Who says so: an email address. */
  readonly reportedBy: string;
} & (
  | { readonly isFraud: true; readonly reason: Exclude<FraudReason, 'OTHER'>; readonly notes?: string }
  | { readonly isFraud: true; readonly reason: 'OTHER'; readonly notes: string }
  | { readonly isFraud: false; readonly reason?: never; readonly notes: string }
);

/** A submission as it is sent. */
export interface Prepared {
  readonly path: string;
  readonly product: V3Product;
  readonly userId: string | undefined;
  /** Where the user's name travels. */
  readonly userIn: 'header' | 'body';
  readonly form: Form;
  readonly options: SubmissionOptions;
}

/** @throws `ArgumentError` where an image is none, or the user's name cannot travel. */
export function registration(given: V3Registration): Prepared {
  const form = new Form<RegistrationPart>().text('allow_new_enroll', given.allowNewEnroll || undefined);
  return prepared('registration', 'smart_selfie_registration', 'header', given, selfies(form, given));
}

/** @throws `ArgumentError` as {@link registration}. */
export function authentication(given: V3Authentication): Prepared {
  const form = new Form<AuthenticationPart>()
    .text('use_enrolled_image', given.useEnrolledImage || undefined)
    .text('user_id', given.userId);
  return prepared('authentication', 'smart_selfie_authentication', 'body', given, selfies(form, given));
}

/** @throws `ArgumentError` as {@link registration}. */
export function comparison(given: V3Comparison): Prepared {
  const form = new Form<ComparisonPart>()
    .text('user_id', given.userId)
    .text('comparison_image_type', given.comparisonImageType)
    .text('allow_new_enroll', given.allowNewEnroll || undefined)
    .image('comparison_image', given.comparisonImage);
  return prepared('compare', 'smart_selfie_compare', 'body', given, selfies(form, given));
}

/** @throws `ArgumentError` as {@link registration}. */
export function biometricKyc(given: V3BiometricKyc): Prepared {
  return prepared('biometric_kyc', 'biometric_kyc', 'header', given, selfies(identity(new Form<BiometricKycPart>(), given), given));
}

/** @throws `ArgumentError` as {@link registration}. */
export function enhancedKyc(given: V3EnhancedKyc, path: 'enhanced_kyc' | 'enhanced_kyc/sync' = 'enhanced_kyc'): Prepared {
  const form = identity(new Form<EnhancedKycPart>(), given).text('bank_code', given.bankCode).text('operator', given.operator);
  return prepared(path, 'enhanced_kyc', 'header', given, form);
}

/** A report as it is sent. */
export const fraudReport = ({ isFraud, reportedBy, reason, notes }: FraudReport): Form =>
  new Form<FraudPart>().text('is_fraud', isFraud).text('reported_by', reportedBy).text('reason', reason).text('notes', notes);

type Selfies = { readonly selfie?: ImageBytes; readonly livenessImages?: readonly ImageBytes[] } & Sandboxed;

const selfies = <F extends Form<SelfiePart>>(form: F, { selfie, livenessImages, sandboxResult }: Selfies): F =>
  form.text('sandbox_result', sandboxResult).image('selfie_image', selfie).images('liveness_images', livenessImages);

const identity = <F extends Form<IdentityPart>>(form: F, { country, idType, idNumber }: V3Identity): F =>
  form.text('country', country).text('id_type', idType).text('id_number', idNumber);

/** What a header carries whole: no space at its ends. */
const VISIBLE = /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/;

function prepared(
  path: string,
  product: V3Product,
  userIn: Prepared['userIn'],
  options: SubmissionOptions & { readonly userId?: string },
  form: Form<CommonPart>,
): Prepared {
  const { userId, idempotencyKey } = options;
  if (userIn === 'header' && userId !== undefined && !VISIBLE.test(userId)) {
    throw new ArgumentError('userId must be visible ASCII for this call: it travels as a header');
  }
  if (idempotencyKey !== undefined && !VISIBLE.test(idempotencyKey)) {
    throw new ArgumentError('idempotencyKey must be visible ASCII: it travels as a header');
  }
  form
    .text('callback_url', options.callbackUrl)
    .json('user_details', options.userDetails)
    .json('consent', options.consent)
    .json('partner_params', options.partnerParams)
    .json('metadata', options.metadata);
  return { path, product, userId, userIn, form, options };
}
