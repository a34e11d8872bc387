/**
 * `@selfsame/client`: captures by tag, `submitJob`, polling, typed results, callback verification; for Node, browsers and
 * React Native.
 *
 * @packageDocumentation
 */
export { Client } from './client.js';
export { challengeMillis, readChallenge, type Challenge, type Turn } from './challenge.js';
export type {
  ApiKeyAuth,
  ChallengeOptions,
  ClientOptions,
  JobNames,
  SubmitOptions,
  WebTokenAuth,
  WebTokenOptions,
} from './connection.js';
export { MemoryCaptures, type Capture, type CaptureStore, type ImageBytes } from './capture.js';
export { JobStatus } from './job-status.js';
export { JobResult, ResultFields } from './result.js';
export type { ConsentInformation, IdInfo } from './id-info.js';
export { Lookup, type LookupMeans, type LookupOptions } from './lookup.js';
export { Action, ResultCode } from './names.js';
export { ProductsConfig, Services, type OfferedBank, type OfferedCountry, type OfferedIdType } from './services.js';
export { JobType, type GeoInfo, type PartnerParams } from './submission.js';
export { CallbackVerifier, type CallbackVerifierOptions } from './callback.js';
export { webhookSecret, type CallbackHeaders } from './webhook.js';
export {
  AnswerError,
  ArgumentError,
  CancelledError,
  ChallengeError,
  RefusedError,
  SelfsameError,
  TransportError,
  UnknownTagError,
  UntrustedError,
  type ChallengeFailure,
  type DistrustReason,
  type ErrorKind,
} from './errors.js';
export { buildPackage, type ImageRole, type PackageDescription } from './package.js';
export { checkWindow, formatTimestamp, sign, verify, verifySigned, type TimestampWindow } from './signature.js';
export { defaultTransport, type HttpAnswer, type HttpRequest, type Progress, type Transport } from './transport.js';
export { systemClock, type Clock } from './clock.js';
export type { RetryPolicy } from './retry.js';
export type { Json, JsonObject } from './json.js';
export { challengeIn } from './web-token.js';
export { VERSION } from './version.js';
export type { Product } from './wire.js';
