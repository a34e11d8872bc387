/**
 * `@selfsame/react-native`: capture a selfie and ID card images under a tag, submit a job with that tag, read the result.
 *
 * @packageDocumentation
 */
import { captureIDCard, captureSelfie, configure, drawChallenge, forgetCapture, lookup, submitJob } from './calls';

export { CaptureHost } from './capture/CaptureHost';
export { captureIDCard, captureSelfie, configure, drawChallenge, forgetCapture, lookup, submitJob, type Configuration } from './calls';
export { CaptureError, type CaptureFailure } from './errors';
export type { IdCardOptions, SelfieOptions } from './capture/request';
export type { CaptureTexts } from './capture/texts';
export { V3Submitter, type V3Configuration } from './v3';
export { V3JobStatus, V3RefusedError, type Accepted, type Consent, type RefusalReason, type TokenWanted, type UserDetails } from '@selfsame/client/v3';
export {
  Action,
  AnswerError,
  ArgumentError,
  CancelledError,
  ChallengeError,
  JobResult,
  JobStatus,
  JobType,
  Lookup,
  ProductsConfig,
  RefusedError,
  ResultCode,
  SelfsameError,
  Services,
  TransportError,
  UnknownTagError,
  UntrustedError,
  type Challenge,
  type ChallengeFailure,
  type ChallengeOptions,
  type ConsentInformation,
  type ErrorKind,
  type GeoInfo,
  type IdInfo,
  type JobNames,
  type LookupOptions,
  type OfferedBank,
  type OfferedCountry,
  type OfferedIdType,
  type PartnerParams,
  type SubmitOptions,
  type Turn,
} from '@selfsame/client';

/** The calls under the name that the mobile example uses. */
export const RnSmileId = { configure, drawChallenge, captureSelfie, captureIDCard, forgetCapture, lookup, submitJob } as const;
export default RnSmileId;
