// What this client sends must fit what the server says it takes, and what the server says it answers must fit what this
// client reads. Compiled by npm run check:openapi against types made from the running server's description.
import type {
  ChallengeAnswer,
  ChallengeBody,
  ErrorAnswer,
  JobStatusAnswer,
  JobStatusBody,
  LookupBody,
  ProductsConfigAnswer,
  ProductsConfigBody,
  ResultAnswer,
  ServicesAnswer,
  SignatureProof,
  TakenAnswer,
  TokenAnswer,
  TokenBody,
  TokenProof,
  UploadAnswer,
  UploadBody,
} from '../src/wire.js';
import type { operations } from './described.js';

type Taken<O extends keyof operations> = operations[O] extends { requestBody: { content: { 'application/json': infer B } } }
  ? B
  : never;
type Answered<O extends keyof operations, S extends number> = operations[O] extends {
  responses: { [status in S]: { content: { 'application/json': infer B } } };
}
  ? B
  : never;

/** True where A is assignable to B, and B is something at all. */
type Fits<A, B> = [B] extends [never] ? false : [A] extends [never] ? false : A extends B ? true : false;
/** The names in A that B does not know, but for those that are known to be ignored. */
type Unknown<A, B, Ignored = never> = Exclude<keyof A, Names<B> | Ignored>;
type Names<T> = T extends unknown ? keyof T : never;
type Yes<T extends true> = T;
type None<T extends never> = T;
/** As wide as the wire: texts of a few values are read as text. */
type Wide<T> = T extends string ? string : T;

/** The job type is a number to this client, which sends any: the server answers 2212 to those that it does not perform. */
type Upload = Omit<UploadBody, 'partner_params'> & { partner_params: UploadBody['partner_params'] & { job_type: 2 | 4 } };

/** The same of a challenge. */
type Challenged = Omit<ChallengeBody, 'job_type'> & { job_type: 2 | 4 };

/**
 * Lookups without a selfie are of one job type. What else stands in `partner_params` is the partner's own; and consent is an object of any
 * kind, of which no type can be made.
 */
type Question = Omit<LookupBody, 'partner_params' | 'consent_information'> & {
  partner_params: { job_id: string; user_id: string; job_type: 5 };
};
/** The questions that take one. */
type Lookups = 'idVerification' | 'asyncIdVerification' | 'verify';
/** What each of them has: true, or what is wrong. */
type Each<O extends keyof operations, Proof> = { [name in O]: Fits<Question & Proof, Taken<name>> }[O];

export type Sent = [
  Yes<Fits<Upload & SignatureProof, Taken<'upload'>>>,
  Yes<Fits<Upload & TokenProof, Taken<'upload'>>>,
  // The service whose API this is wants these two; this server leaves them alone.
  None<Unknown<UploadBody & SignatureProof & TokenProof, Taken<'upload'>, 'file_name' | 'model_parameters'>>,
  Yes<Fits<JobStatusBody, Taken<'jobStatus'>>>,
  None<Unknown<JobStatusBody, Taken<'jobStatus'>>>,
  Yes<Fits<TokenBody, Taken<'token'>>>,
  None<Unknown<TokenBody, Taken<'token'>>>,
  Yes<Fits<Challenged & SignatureProof, Taken<'challenge'>>>,
  Yes<Fits<TokenProof, Taken<'challenge'>>>,
  None<Unknown<ChallengeBody & SignatureProof & TokenProof, Taken<'challenge'>>>,
  Yes<Each<Lookups, SignatureProof>>,
  Yes<Each<Lookups, TokenProof>>,
  None<{ [name in Lookups]: Unknown<LookupBody & SignatureProof & TokenProof, Taken<name>> }[Lookups]>,
  Yes<Fits<ProductsConfigBody & SignatureProof, Taken<'productsConfig'>>>,
  Yes<Fits<ProductsConfigBody & TokenProof, Taken<'productsConfig'>>>,
  // The public embed sends the token's job along; this server leaves it alone.
  None<Unknown<ProductsConfigBody & SignatureProof & TokenProof, Taken<'productsConfig'>, 'partner_params'>>,
];

type Status = Answered<'jobStatus', 200>;
type Result = Exclude<Status extends { result: infer R } ? R : never, string>;

export type Read = [
  Yes<Fits<Answered<'upload', 200>, UploadAnswer>>,
  Yes<Fits<Answered<'token', 200>, TokenAnswer>>,
  Yes<Fits<Answered<'challenge', 200>, ChallengeAnswer>>,
  Yes<Fits<Answered<'upload', 400>, { [name in keyof ErrorAnswer]: ErrorAnswer[name] }>>,
  Yes<Fits<Omit<Status, 'result' | 'history'>, Omit<JobStatusAnswer, 'result' | 'history'>>>,
  Yes<Fits<Omit<Result, 'ConfidenceValue'>, Omit<ResultAnswer, 'ConfidenceValue'>>>,
  Yes<Fits<Answered<'asyncIdVerification', 200>, TakenAnswer>>,
  Yes<Fits<Answered<'productsConfig', 200>, ProductsConfigAnswer>>,
  Yes<Fits<Answered<'services', 200>, ServicesAnswer>>,
  // What a lookup answers is read as a job's result is.
  Yes<Fits<Answered<'idVerification' | 'verify', 200>, Result>>,
  None<Unknown<JobStatusAnswer, Status>>,
  None<Unknown<ResultAnswer, Result>>,
  Yes<Fits<Wide<Result extends { ConfidenceValue?: infer C } ? C : never>, string | undefined>>,
];
