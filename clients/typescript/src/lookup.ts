import type { JobNames } from './connection.js';
import { AnswerError } from './errors.js';
import { checkIdentity, type ConsentInformation, type IdInfo } from './id-info.js';
import type { JsonObject } from './json.js';
import { JobResult } from './result.js';
import { acceptObject } from './retry.js';
import { ProductsConfig, Services } from './services.js';
import { JobType, nameParams, present, type NamedParams, type PartnerParams } from './submission.js';
import type { HttpAnswer } from './transport.js';
import type { Identity, LookupBody, ProductsConfigBody, SignatureProof, TokenProof } from './wire.js';

/** Fields that a request may go without, and that ID information must not add. */
const OURS: ReadonlySet<string> = new Set(['token', 'timestamp', 'signature', 'callback_url', 'consent_information']);

/** What may be said of one lookup beside who is looked up. */
export interface LookupOptions {
  /** Cancels. What had been sent stays sent. */
  readonly signal?: AbortSignal;
  /** What the person agreed to, where the ID type needs that. */
  readonly consentInformation?: ConsentInformation;
}

/** What a lookup needs from its client, of one environment. */
export interface LookupMeans {
  readonly partnerId: string;
  readonly isProduction: boolean;
  readonly source: { readonly sdk: string; readonly version: string };
  /** The API key's proof. Throws `ArgumentError` where there is none. */
  sign(): SignatureProof;
  /** Whose job it is, and the proof: with a web token its own names count. */
  prove(params: NamedParams): Promise<{ params: NamedParams; proof: SignatureProof | TokenProof }>;
  /** Asks once. The path begins with the API's version. */
  post(path: string, body: JsonObject, signal: AbortSignal | undefined): Promise<HttpAnswer>;
  /** Asks, again where that may help. */
  ask(method: 'GET' | 'POST', path: string, body: JsonObject, signal: AbortSignal | undefined): Promise<HttpAnswer>;
  /** The body of an answer that the partner's key signed. */
  verified(answer: HttpAnswer): JsonObject;
}

/**
 * Looks identities up, without a selfie. Made by `client.lookup(isProduction)`.
 *
 * A number that the authority does not know is a result, not an error: its code says so.
 */
export class Lookup {
  readonly #means: LookupMeans;

  constructor(means: LookupMeans) {
    this.#means = means;
  }

  /**
   * Enhanced KYC (job type 5): the authority's record of a person. Needs the API key. Asked once: an authority may count.
   *
   * @param partnerParams `job_id`, `user_id` and any further keys; names that are missing are made.
   * @param idInfo At least `country`, `id_type` and `id_number`.
   * @throws `SelfsameError`; `UntrustedError` where the answer is not signed with the partner's key.
   */
  async idVerification(partnerParams: PartnerParams | object, idInfo: IdInfo, options: LookupOptions = {}): Promise<JobResult> {
    return this.#result('v1/id_verification', partnerParams, idInfo, options);
  }

  /**
   * The same by callback: the server takes the question and posts the result.
   *
   * @param callbackUrl Where to. `''`: the web token's, or the partner's own at the public service; without any, a server of this project refuses (2213).
   * @returns The job that the result will name.
   */
  async asyncIdVerification(
    partnerParams: PartnerParams | object,
    idInfo: IdInfo,
    callbackUrl: string,
    options: LookupOptions = {},
  ): Promise<JobNames> {
    const given = this.#given(partnerParams, idInfo);
    const { params, proof } = await this.#means.prove(given.params);
    const body = this.#body(given.info, params, proof, { ...options, callbackUrl });
    const { success } = acceptObject(await this.#means.post('v1/async_id_verification', body, options.signal));
    // Some servers of this API write it as text.
    if (String(success) !== 'true') throw new AnswerError('the server did not say that it has taken the question');
    const { user_id: userId, job_id: jobId, job_type: jobType } = params;
    return { userId, jobId, jobType, isProduction: this.#means.isProduction };
  }

  /**
   * Basic KYC: compares what is said of a person with the authority's record, and tells nothing else of it. Needs the API key.
   *
   * @param idInfo Beside `country`, `id_type` and `id_number` what is to be compared: names, `dob`, `gender`, `phone_number`.
   * @throws `SelfsameError`; `UntrustedError` where the answer is not signed with the partner's key.
   */
  async verify(partnerParams: PartnerParams | object, idInfo: IdInfo, options: LookupOptions = {}): Promise<JobResult> {
    return this.#result('v2/verify', partnerParams, idInfo, options);
  }

  /** What the server looks up: ID types with their numbers' patterns, by product and country. Open to everybody. */
  async services(options: { locale?: string; signal?: AbortSignal } = {}): Promise<Services> {
    const query = options.locale ? `?locale=${encodeURIComponent(options.locale)}` : '';
    const answer = await this.#means.ask('GET', `v1/services${query}`, {}, options.signal);
    return new Services(acceptObject(answer));
  }

  /** What this partner may use of it, and where the person must consent. With the API key or a web token. */
  async productsConfig(options: { partnerParams?: PartnerParams | object; signal?: AbortSignal } = {}): Promise<ProductsConfig> {
    const { params, proof } = await this.#means.prove(nameParams(options.partnerParams ?? {}, JobType.BiometricKyc));
    const body = {
      partner_id: this.#means.partnerId,
      ...('token' in proof && { partner_params: params }),
      ...proof,
    } satisfies ProductsConfigBody & (SignatureProof | TokenProof);
    return new ProductsConfig(acceptObject(await this.#means.ask('POST', 'v1/products_config', body, options.signal)));
  }

  async #result(path: string, partnerParams: PartnerParams | object, idInfo: IdInfo, options: LookupOptions): Promise<JobResult> {
    const { params, info } = this.#given(partnerParams, idInfo);
    const body = this.#body(info, params, this.#means.sign(), options);
    return new JobResult(this.#means.verified(await this.#means.post(path, body, options.signal)));
  }

  #given(partnerParams: PartnerParams | object, idInfo: IdInfo): { params: NamedParams; info: JsonObject } {
    const info = present(idInfo, 'idInfo') ?? {};
    checkIdentity(info);
    return { params: nameParams(partnerParams, JobType.EnhancedKyc), info };
  }

  /** One flat object. What is said of the person does not stand in for who asks. */
  #body(
    info: JsonObject,
    params: NamedParams,
    proof: SignatureProof | TokenProof,
    { consentInformation, callbackUrl }: LookupOptions & { callbackUrl?: string },
  ): JsonObject {
    const said = Object.entries(info).filter(([name]) => !OURS.has(name));
    return {
      // Checked before: checkIdentity.
      ...(Object.fromEntries(said) as JsonObject & Identity),
      partner_id: this.#means.partnerId,
      partner_params: params,
      source_sdk: this.#means.source.sdk,
      source_sdk_version: this.#means.source.version,
      ...(callbackUrl && { callback_url: callbackUrl }),
      ...(consentInformation && { consent_information: consentInformation }),
      ...proof,
    } satisfies LookupBody & (SignatureProof | TokenProof);
  }
}
