import { MemoryCaptures, type Capture, type CaptureStore } from './capture.js';
import { readChallenge, type Challenge } from './challenge.js';
import { systemClock, type Clock } from './clock.js';
import type { ApiKeyAuth, ChallengeOptions, ClientOptions, JobNames, SubmitOptions, WebTokenOptions } from './connection.js';
import { AnswerError, ArgumentError, CancelledError, ChallengeError, RefusedError, SelfsameError, TransportError, UnknownTagError } from './errors.js';
import { idInfoFor, type IdInfo } from './id-info.js';
import { JobStatus } from './job-status.js';
import type { JsonObject } from './json.js';
import { Lookup } from './lookup.js';
import { buildPackage } from './package.js';
import { follow, pollingTime } from './polling.js';
import { accept, acceptObject, DEFAULT_RETRY, withRetry, type RetryPolicy } from './retry.js';
import { serverRoot } from './server-root.js';
import { formatTimestamp, sign, verifySigned } from './signature.js';
import { nameParams, present, type GeoInfo, type NamedParams, type PartnerParams } from './submission.js';
import { defaultTransport, type HttpAnswer, type Transport } from './transport.js';
import { VERSION } from './version.js';
import { challengeIn, namesIn } from './web-token.js';
import type { ChallengeBody, JobStatusBody, Product, SignatureProof, TokenBody, TokenProof, UploadBody } from './wire.js';

const DEFAULT_SOURCE = { sdk: 'selfsame-typescript', version: VERSION, language: 'typescript' };

/** One job on its way: what every step of it needs. */
interface Journey {
  readonly names: JobNames;
  readonly params: NamedParams;
  readonly base: string;
  readonly callbackUrl: string;
  readonly proof: SignatureProof | TokenProof;
  readonly challenge: Challenge | undefined;
  readonly options: SubmitOptions;
}

/** Tokens that are held for captures to come: a person makes one at a time. */
const MOST_HELD = 8;

/** Submits jobs to one server as one partner, and follows them. */
export class Client {
  /** The captures by tag. Of no use where the options name another store. */
  readonly captures = new MemoryCaptures();
  readonly #options: ClientOptions;
  readonly #server: string;
  readonly #store: CaptureStore;
  readonly #retry: RetryPolicy;
  readonly #transport: Transport;
  readonly #clock: Clock;
  /** Web tokens by the challenge that was drawn with each: the job must come with the same. */
  readonly #held = new Map<string, string>();
  /** Jobs that were begun, and whose challenge ended before their package came: the next try says that it is one. */
  readonly #ended = new Set<string>();

  /**
   * @throws `ArgumentError` where the server's URL is none.
   */
  constructor(options: ClientOptions) {
    this.#server = serverRoot(options.server);
    this.#options = options;
    this.#store = options.captures ?? this.captures;
    this.#retry = { ...DEFAULT_RETRY, ...options.retry };
    this.#transport = options.transport ?? defaultTransport;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Submits a job and follows it until it ends or the polling time passes.
   *
   * `{}`, `''` and `0` mean absent, as in the mobile call that this is.
   *
   * @param tag Names the capture.
   * @param jobType 2 authenticates, 4 registers, 1 registers with an ID number.
   * @param isProduction Production rather than the sandbox.
   * @param partnerParams `job_id`, `user_id` and any further keys; names that are missing are made.
   * @param idInfo ID information. Job type 1 needs `country`, `id_type` and `id_number`; or `entered: false` and an ID card's image.
   * @param geoInfo Where the device is.
   * @param callbackUrl Where the server posts the result.
   * @param jobStatusPollingTimeoutMillis How long to follow the job. When that passes first, the status says
   *   `job_complete: false`, and the rest comes to the callback. 0: a minute.
   * @throws `SelfsameError`: its `kind` says what went wrong.
   */
  async submitJob(
    tag: string,
    jobType: number,
    isProduction: boolean,
    partnerParams: PartnerParams | object = {},
    idInfo: IdInfo | object = {},
    geoInfo: GeoInfo | object = {},
    callbackUrl: string | null = '',
    jobStatusPollingTimeoutMillis: number = 0,
    options: SubmitOptions = {},
  ): Promise<JobStatus> {
    const said = present(idInfo, 'idInfo');
    const geo = present(geoInfo, 'geoInfo');
    const wait = pollingTime(jobStatusPollingTimeoutMillis, 'jobStatusPollingTimeoutMillis');
    const capture = await this.#store.read(tag);
    if (!capture) throw new UnknownTagError(tag);
    const id = idInfoFor(jobType, said, capture.idCardFront !== undefined);
    const journey = await this.#begin(capture, jobType, isProduction, partnerParams, callbackUrl ?? '', options);
    const prepared = await this.#prepare(journey);
    await this.#upload(prepared.uploadUrl, this.#package(capture, journey, id, geo), journey);
    this.#ended.delete(journey.names.jobId);
    if (journey.challenge) this.#held.delete(journey.challenge.id);
    await this.#tellStore(tag);
    const unanswered = { job_complete: false, job_success: false, result: { SmileJobID: prepared.smileJobId } };
    const ask = this.#question(journey);
    const last = (): JobStatus => new JobStatus(unanswered);
    if (!ask) return last();
    // A job that was submitted ends all the same, though no question after it was answered.
    return follow(async () => new JobStatus(await ask()), (status) => status.jobComplete, last, wait, this.#clock, options.signal);
  }

  /**
   * Draws a challenge: head turns that the person makes while the frames are taken. For the capture that is about to begin; it ends
   * soon after, and serves one job of this user.
   *
   * With the API key the server is asked for one. With a web token it is the one that was drawn with the token, or else one that
   * the server draws for the token's holder; the token is kept in memory, and {@link submitJob} uses it for the capture that
   * followed the challenge.
   *
   * @param userId The person. With a web token, a wish: the token's own counts, and `''` will do.
   * @throws `SelfsameError`.
   */
  async drawChallenge(userId: string, isProduction: boolean, options: ChallengeOptions = {}): Promise<Challenge> {
    const { auth, partnerId } = this.#options;
    const { jobId = '', jobType = 2, signal } = options;
    const { user_id, job_id, job_type } = nameParams({ user_id: userId, job_id: jobId }, jobType);
    let body: (ChallengeBody & SignatureProof) | TokenProof;
    if ('webToken' in auth) {
      const token = await auth.webToken({ userId: user_id, jobId: job_id, jobType, isProduction });
      const drawn = challengeIn(token);
      // One that was given out before may have ended: then the token's holder has another drawn.
      if (drawn && !this.#held.has(drawn.id)) return this.#hold(drawn, token);
      body = { token };
    } else {
      if (!userId) throw new ArgumentError('a challenge is for one user: userId must not be empty');
      body = { partner_id: partnerId, user_id, ...(jobId && { job_id }), job_type, ...this.#sign(isProduction) };
    }
    const answer = await withRetry(this.#retry, this.#clock, signal, async () =>
      acceptObject(await this.#post(`${this.#base(isProduction)}/challenge`, { ...body }, signal)),
    );
    const challenge = readChallenge(answer['challenge']);
    if (!challenge) throw new AnswerError("the server's answer carries no challenge that this client can guide");
    return 'token' in body ? this.#hold(challenge, body.token) : challenge;
  }

  #hold(challenge: Challenge, token: string): Challenge {
    this.#held.set(challenge.id, token);
    const [oldest] = this.#held.keys();
    if (this.#held.size > MOST_HELD && oldest !== undefined) this.#held.delete(oldest);
    return challenge;
  }

  /**
   * Asks once how a job stands. Needs the API key.
   *
   * @throws `SelfsameError`; `UntrustedError` where the answer is not signed with the partner's key.
   */
  async jobStatus(
    userId: string,
    jobId: string,
    isProduction: boolean,
    options: { imageLinks?: boolean; history?: boolean; signal?: AbortSignal } = {},
  ): Promise<JsonObject> {
    const { partnerId } = this.#options;
    const answer = await this.#post(
      `${this.#base(isProduction)}/job_status`,
      {
        partner_id: partnerId,
        user_id: userId,
        job_id: jobId,
        image_links: options.imageLinks ?? false,
        history: options.history ?? false,
        ...this.#sign(isProduction),
      } satisfies JobStatusBody,
      options.signal,
    );
    return verifySigned(accept(answer), this.#apiKey(isProduction), partnerId, this.#clock.now());
  }

  /** Looks identities up, without a selfie. */
  lookup(isProduction: boolean): Lookup {
    const { partnerId, source = DEFAULT_SOURCE } = this.#options;
    const url = (path: string): string => `${this.#root(isProduction)}/${path}`;
    return new Lookup({
      partnerId,
      isProduction,
      source,
      sign: () => this.#sign(isProduction),
      prove: (params) => this.#prove(params, isProduction),
      post: (path, body, signal) => this.#post(url(path), body, signal),
      ask: (method, path, body, signal) =>
        withRetry(this.#retry, this.#clock, signal, async () => {
          const answer = await (method === 'GET' ? this.#get(url(path), signal) : this.#post(url(path), body, signal));
          // For its refusals: what may pass is asked again.
          accept(answer);
          return answer;
        }),
      verified: (answer) => verifySigned(accept(answer), this.#apiKey(isProduction), partnerId, this.#clock.now()),
    });
  }

  /**
   * Asks `/v1/token` for a short-lived web token, with which a browser or an app may submit one job. Needs the API key:
   * for the partner's own service, which takes the user from its own session and never from what a page says.
   *
   * The token holds all that it allows: what the page says otherwise is refused, and its callback URL is ignored.
   *
   * @param product What the job is for; its job type follows.
   * @throws `SelfsameError`.
   */
  async webToken(
    userId: string,
    jobId: string,
    isProduction: boolean,
    product: Product = 'authentication',
    options: WebTokenOptions = {},
  ): Promise<string> {
    const { partnerId } = this.#options;
    const answer = await this.#post(
      `${this.#base(isProduction)}/token`,
      {
        partner_id: partnerId,
        user_id: userId,
        job_id: jobId,
        product,
        ...(options.callbackUrl && { callback_url: options.callbackUrl }),
        ...(options.partnerParams && { partner_params: options.partnerParams }),
        ...(options.allowNewEnroll && { allow_new_enroll: true as const }),
        ...(options.retry && { retry: true as const }),
        ...(options.sandboxResult && { sandbox_result: options.sandboxResult }),
        ...(options.challenge && { challenge: true as const }),
        ...this.#sign(isProduction),
      } satisfies TokenBody,
      undefined,
    );
    const { token } = acceptObject(answer);
    if (typeof token !== 'string') throw new AnswerError("the server's answer carries no token");
    return token;
  }

  async #begin(
    { challenge }: Capture,
    jobType: number,
    isProduction: boolean,
    partnerParams: PartnerParams | object,
    callbackUrl: string,
    options: SubmitOptions,
  ): Promise<Journey> {
    let params = nameParams(partnerParams, jobType);
    let names: JobNames = { userId: params.user_id, jobId: params.job_id, jobType, isProduction };
    const { auth } = this.#options;
    let proof: SignatureProof | TokenProof;
    if ('webToken' in auth) {
      const held = challenge && this.#held.get(challenge.id);
      const token = held ?? (await auth.webToken(names));
      const drawn = challengeIn(token);
      // Where the person is asked to turn their head after all, the same token is good for the next capture.
      if (drawn && !challenge) throw new ChallengeError('missing', this.#hold(drawn, token));
      // The token says whose job it is; what was asked for is only a wish.
      const { userId = names.userId, jobId = names.jobId } = namesIn(token);
      params = { ...params, user_id: userId, job_id: jobId };
      names = { ...names, userId, jobId };
      proof = { token };
    } else {
      proof = this.#sign(isProduction);
    }
    if (options.signal?.aborted) throw new CancelledError();
    return { names, params, base: this.#base(isProduction), callbackUrl, proof, challenge, options };
  }

  /** `POST /v1/upload`. After a failure the job may have been prepared all the same: the next try says that it is one. */
  async #prepare(journey: Journey): Promise<{ uploadUrl: string; smileJobId: string }> {
    const { names, params, callbackUrl, proof, challenge, options } = journey;
    const source = this.#options.source ?? DEFAULT_SOURCE;
    const prepared = await withRetry(this.#retry, this.#clock, options.signal, async (failures) =>
      acceptObject(
        await this.#post(
          `${journey.base}/upload`,
          {
            file_name: 'selfie.zip',
            smile_client_id: this.#options.partnerId,
            partner_params: params,
            model_parameters: {},
            callback_url: callbackUrl,
            source_sdk: source.sdk,
            source_sdk_version: source.version,
            ...proof,
            ...(options.allowNewEnroll && { allow_new_enroll: true as const }),
            ...(options.useEnrolledImage && { use_enrolled_image: true as const }),
            ...(options.sandboxResult && { sandbox_result: options.sandboxResult }),
            ...(challenge && { challenge_id: challenge.id }),
            ...((failures.length > 0 || this.#ended.has(names.jobId)) && { retry: true as const }),
          } satisfies UploadBody & (SignatureProof | TokenProof),
          options.signal,
        ),
      ),
    );
    const { upload_url: uploadUrl, smile_job_id: smileJobId } = prepared;
    if (typeof uploadUrl !== 'string' || typeof smileJobId !== 'string') {
      throw new AnswerError("the server's answer carries no upload_url or no smile_job_id");
    }
    return { uploadUrl, smileJobId };
  }

  #package(capture: Capture, journey: Journey, idInfo?: JsonObject, geoInfo?: JsonObject): Uint8Array {
    const { params, callbackUrl, proof } = journey;
    return buildPackage(capture, {
      language: (this.#options.source ?? DEFAULT_SOURCE).language,
      misc: {
        smile_client_id: this.#options.partnerId,
        // A web token proves nothing more here, and stays out of what is stored.
        ...('signature' in proof && { timestamp: proof.timestamp, signature: proof.signature }),
        callback_url: callbackUrl,
      },
      partnerParams: params,
      idInfo,
      consentInformation: journey.options.consentInformation,
      geoInfo,
    });
  }

  async #upload(url: string, body: Uint8Array, { challenge, names, options }: Journey): Promise<void> {
    const { signal, onProgress } = options;
    const timeoutMillis = this.#options.uploadTimeoutMillis ?? 300_000;
    await withRetry(this.#retry, this.#clock, signal, async (failures) => {
      const request = { method: 'PUT', url, contentType: 'application/zip', body, timeoutMillis, signal, onProgress } as const;
      try {
        accept(await this.#transport(request));
      } catch (error) {
        // An upload URL takes one package. Where an earlier try got no answer, that it is used says that the package arrived.
        const arrived = error instanceof RefusedError && error.httpStatus === 409;
        if (arrived && failures.some((failure) => failure instanceof TransportError)) return;
        // The upload URL of a job with a challenge lives no longer than the challenge.
        if (!challenge || !(error instanceof RefusedError) || error.httpStatus !== 410) throw error;
        this.#ended.add(names.jobId);
        throw new ChallengeError('expired', challenge, error);
      }
    });
  }

  /** The job is under way, whatever the store makes of that: a capture that stays is replaced by the next of its tag. */
  async #tellStore(tag: string): Promise<void> {
    try {
      await this.#store.submitted?.(tag);
    } catch {
      // Nothing to undo, and no one to tell who could do more.
    }
  }

  /** How the job's status is asked for, where that can be done. */
  #question({ names, options }: Journey): (() => Promise<JsonObject>) | undefined {
    const { auth } = this.#options;
    const { userId, jobId, isProduction } = names;
    if (!('webToken' in auth)) {
      return () => this.jobStatus(userId, jobId, isProduction, options.signal ? { signal: options.signal } : {});
    }
    const relay = auth.jobStatus;
    return (
      relay &&
      (async () => {
        try {
          return await relay(names);
        } catch (cause) {
          if (cause instanceof SelfsameError) throw cause;
          throw new TransportError("the job's status could not be fetched from the partner's service", { cause });
        }
      })
    );
  }

  /** A fresh timestamp and its signature. */
  #sign(isProduction: boolean): SignatureProof {
    const timestamp = formatTimestamp(this.#clock.now());
    return { timestamp, signature: sign(this.#apiKey(isProduction), this.#options.partnerId, timestamp) };
  }

  /** The proof of a lookup. A web token says whose it is; what was asked for is only a wish. */
  async #prove(params: NamedParams, isProduction: boolean): Promise<{ params: NamedParams; proof: SignatureProof | TokenProof }> {
    const { auth } = this.#options;
    if (!('webToken' in auth)) return { params, proof: this.#sign(isProduction) };
    const { user_id, job_id, job_type: jobType } = params;
    const token = await auth.webToken({ userId: user_id, jobId: job_id, jobType, isProduction });
    const { userId = user_id, jobId = job_id } = namesIn(token);
    return { params: { ...params, user_id: userId, job_id: jobId }, proof: { token } };
  }

  #get(url: string, signal: AbortSignal | undefined): Promise<HttpAnswer> {
    const timeoutMillis = this.#options.requestTimeoutMillis ?? 30_000;
    return this.#transport({ method: 'GET', url, contentType: '', body: '', timeoutMillis, signal });
  }

  #post(url: string, body: JsonObject, signal: AbortSignal | undefined): Promise<HttpAnswer> {
    const timeoutMillis = this.#options.requestTimeoutMillis ?? 30_000;
    return this.#transport({
      method: 'POST',
      url,
      contentType: 'application/json',
      body: JSON.stringify(body),
      timeoutMillis,
      signal,
    });
  }

  #base(isProduction: boolean): string {
    return `${this.#root(isProduction)}/v1`;
  }

  /** Without the API's version. */
  #root(isProduction: boolean): string {
    return `${this.#server}/${isProduction ? 'production' : 'sandbox'}`;
  }

  #apiKey(isProduction: boolean): string {
    const { auth } = this.#options;
    const { apiKey } = 'webToken' in auth ? { apiKey: undefined } : (auth as ApiKeyAuth);
    const key = typeof apiKey === 'object' ? apiKey[isProduction ? 'production' : 'sandbox'] : apiKey;
    if (!key) throw new ArgumentError(`this call needs the API key of the ${isProduction ? 'production' : 'sandbox'}`);
    return key;
  }
}
