/**
 * `@selfsame/client/v3`: tokens in place of signatures, forms in place of packages, a decision in place of a code; for services,
 * pages and apps.
 *
 * @packageDocumentation
 */
export { V3JobStatus, type Accepted, type Replayed, type Reported } from './answer.js';
export { V3Client, type V3ClientOptions } from './client.js';
export type { ExchangeOptions } from './exchange.js';
export type { ComparisonImageType, DecisionReason, FraudReason, V3Product, V3Status } from './names.js';
export type { Consent, UserDetails } from './person.js';
export { V3RefusedError, type RefusalReason } from './refusal.js';
export { V3Result, type IdFields, type V3Antifraud } from './result.js';
export {
  ServicesConfig,
  V3Services,
  type BankCode,
  type IdStatus,
  type SupportedDocuments,
  type SupportedIdType,
} from './services.js';
export type {
  CallOptions,
  FraudReport,
  SubmissionOptions,
  V3Authentication,
  V3BiometricKyc,
  V3Comparison,
  V3EnhancedKyc,
  V3Identity,
  V3Registration,
} from './submission.js';
export type { TokenSource, TokenWanted } from './token-keeper.js';
export { TokenMinter, type TokenBinding, type TokenMinterOptions, type TokenPayload } from './token-minter.js';
export { WebhookVerifier } from './webhook.js';
