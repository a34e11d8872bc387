// v3: what this client sends must be taken, and what it reads must be answered. Compiled as fits.ts is.
import type { ComparisonImageType, DecisionReason, FraudReason, V3Product } from '../src/v3/names.js';
import type {
  AuthenticationPart,
  BiometricKycPart,
  ComparisonPart,
  EnhancedKycPart,
  FraudPart,
  RegistrationPart,
  ReplayPart,
  TokenPart,
} from '../src/v3/parts.js';
import type { Consent, UserDetails } from '../src/v3/person.js';
import type { IdFields, V3Antifraud } from '../src/v3/result.js';
import type { TokenPayload } from '../src/v3/token-minter.js';
import type { components, operations } from './described.js';

type Schemas = components['schemas'];
type FormOf<O extends keyof operations> = operations[O] extends {
  requestBody?: { content: { 'multipart/form-data': infer B } };
}
  ? B
  : never;
type Answered<O extends keyof operations, S extends number> = operations[O] extends {
  responses: { [status in S]: { content: { 'application/json': infer B } } };
}
  ? B
  : never;

type Yes<T extends true> = T;
type None<T extends never> = T;
/** True where A is assignable to B, and B is something at all. */
type Fits<A, B> = [B] extends [never] ? false : [A] extends [never] ? false : [A] extends [B] ? true : false;
/** What must be there. */
type Needed<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T];
/** The names in any of a union. */
type Names<T> = T extends unknown ? keyof T : never;
/** Parts that the server does not know; and parts that it needs and this client cannot send. */
type Amiss<Part, O extends keyof operations> = [FormOf<O>] extends [never]
  ? 'no form'
  : Exclude<Part, keyof FormOf<O>> | Exclude<Needed<FormOf<O>>, Part>;
/** Texts that the description lists, of a type that also takes any other. */
type Listed<T> = T extends string ? (string extends T ? never : T) : never;

export type Sent = [
  None<Amiss<RegistrationPart, 'v3Registration'>>,
  None<Amiss<AuthenticationPart, 'v3Authentication'>>,
  None<Amiss<ComparisonPart, 'v3Compare'>>,
  None<Amiss<BiometricKycPart, 'v3BiometricKyc'>>,
  None<Amiss<EnhancedKycPart, 'v3EnhancedKyc'>>,
  None<Amiss<TokenPart, 'v3Token'>>,
  None<Amiss<ReplayPart, 'v3Replay'>>,
  None<Amiss<FraudPart, 'v3ReportFraud'>>,
  Yes<Fits<Consent, Schemas['V3ConsentGiven']>>,
  // What the token fixes is left out.
  Yes<Fits<UserDetails, Partial<Schemas['V3UserGiven']>>>,
  None<Exclude<keyof UserDetails, Names<Schemas['V3UserGiven']>>>,
  Yes<Fits<TokenPayload, Schemas['V3Payload']>>,
  None<Exclude<keyof TokenPayload, keyof Schemas['V3Payload']>>,
  Yes<Fits<FraudReason, NonNullable<Schemas['V3FraudForm']['reason']>>>,
  Yes<Fits<ComparisonImageType, Schemas['V3CompareForm']['comparison_image_type']>>,
];

type Status = 'processing' | 'not_found' | 'clear' | 'block' | 'attention' | 'error';

export type Read = [
  Yes<Fits<Answered<'v3Token', 200>, { token: string }>>,
  Yes<Fits<Answered<'v3Registration', 202>, { status: 'accepted'; message: string; job_id: string; user_id: string; created_at: string }>>,
  Yes<Fits<Answered<'v3Status', 200 | 202 | 404>, { status: Status; message: string; job_id: string; user_id: string; created_at?: string }>>,
  Yes<Fits<Answered<'v3Replay', 202>, { message: string; job_id: string; user_id: string }>>,
  Yes<Fits<Answered<'v3ReportFraud', 202>, { message: string; user_id: string }>>,
  Yes<Fits<Schemas['V3Error'], { message: string }>>,
  Yes<Fits<Schemas['V3Webhook']['status'], Status>>,
  Yes<Fits<NonNullable<Schemas['V3Webhook']['reason']>, Listed<DecisionReason>>>,
  Yes<Fits<NonNullable<Schemas['V3Webhook']['product']>, V3Product>>,
  Yes<Fits<Schemas['V3IdFields'], IdFields>>,
  None<Exclude<keyof IdFields, keyof Schemas['V3IdFields']>>,
  Yes<Fits<Schemas['V3Antifraud'], V3Antifraud>>,
  None<Exclude<keyof UserDetails, keyof Schemas['V3UserInfo']>>,
];
