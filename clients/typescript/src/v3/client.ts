import { isObject, parseObject, type JsonObject } from '../json.js';
import { follow, pollingTime } from '../polling.js';
import type { HttpAnswer } from '../transport.js';
import { claimsOf } from '../web-token.js';
import { readAccepted, textOf, V3JobStatus, type Accepted, type Replayed, type Reported } from './answer.js';
import { Exchange, segment, type ExchangeOptions, type V3Request } from './exchange.js';
import { Form } from './form.js';
import type { ReplayPart } from './parts.js';
import { accepted, V3RefusedError } from './refusal.js';
import { V3Result } from './result.js';
import { V3Services } from './services.js';
import {
  authentication,
  biometricKyc,
  comparison,
  enhancedKyc,
  fraudReport,
  registration,
  type CallOptions,
  type FraudReport,
  type Prepared,
  type V3Authentication,
  type V3BiometricKyc,
  type V3Comparison,
  type V3EnhancedKyc,
  type V3Registration,
} from './submission.js';
import { TokenKeeper, type TokenSource, type TokenWanted } from './token-keeper.js';

/** Jobs that are remembered: more are followed by nobody at a time. */
const MOST_JOBS = 1_000;

/** Which server, and where tokens come from. */
export interface V3ClientOptions extends ExchangeOptions {
  /**
   * Gets a token from the partner's own server, which asks for it with a {@link TokenMinter}. It is kept until a minute before it ends, and
   * fetched once more where the server does not take it.
   */
  readonly token: TokenSource;
}

/** Submits jobs with a token and follows them: for a page, an app, or a service. It never holds an API key. */
export class V3Client {
  /** What the server can look up. */
  readonly services: V3Services;
  readonly #exchange: Exchange;
  readonly #tokens: TokenKeeper;
  /** What the tokens of the latest jobs were wanted for: a token of another user does not find them. */
  readonly #jobs = new Map<string, TokenWanted>();

  /**
   * @throws `ArgumentError` where the server's URL is none.
   */
  constructor(options: V3ClientOptions) {
    this.#exchange = new Exchange(options);
    this.#tokens = new TokenKeeper(options.token, this.#exchange.clock);
    this.services = new V3Services((path, wanted, { signal }) => this.#ask(path, wanted, signal));
  }

  /**
   * Puts a selfie on file.
   *
   * A submission is sent once. Where the connection broke, whether the server took it is not known; with an `idempotencyKey` it may be
   * submitted again.
   *
   * @throws `SelfsameError`: its `kind` says what went wrong. Of a `V3RefusedError` the `reason` says what that means.
   */
  register(given: V3Registration): Promise<Accepted> {
    return this.#begin(registration(given));
  }

  /** Compares a selfie with the one on file. Sent once, as {@link register}. */
  authenticate(given: V3Authentication): Promise<Accepted> {
    return this.#begin(authentication(given));
  }

  /** Compares a selfie with a picture that the caller brings. Sent once, as {@link register}. */
  compare(given: V3Comparison): Promise<Accepted> {
    return this.#begin(comparison(given));
  }

  /** Looks a record up and compares its photograph with a selfie. Sent once, as {@link register}. */
  biometricKyc(given: V3BiometricKyc): Promise<Accepted> {
    return this.#begin(biometricKyc(given));
  }

  /** Looks a record up; the result comes to the callback. Sent once, as {@link register}. */
  enhancedKyc(given: V3EnhancedKyc): Promise<Accepted> {
    return this.#begin(enhancedKyc(given));
  }

  /** Looks a record up and waits for the result. Sent once, as {@link register}. */
  enhancedKycSync(given: V3EnhancedKyc): Promise<V3Result> {
    return this.#submit(enhancedKyc(given, 'enhanced_kyc/sync')).then((json) => new V3Result(json));
  }

  /**
   * Asks how a job stands. One that the server does not know, or that is not the user's whom the token is for, is no error: its status is
   * `not_found`.
   */
  async status(jobId: string, options: CallOptions = {}): Promise<V3JobStatus> {
    const { signal } = options;
    return new V3JobStatus(await this.#exchange.repeated(signal, () => this.#askStatus(jobId, signal)));
  }

  /**
   * Asks how a job stands until it has ended or the time has passed. A job that is not found is one that is not known yet.
   *
   * @param options `timeoutMillis` is how long to follow it; 0, and by default: a minute.
   * @returns The last status: `isComplete` says whether the job has ended. The result comes to the callback all the same.
   */
  async waitUntilComplete(jobId: string, options: CallOptions & { readonly timeoutMillis?: number } = {}): Promise<V3JobStatus> {
    const { signal, timeoutMillis = 0 } = options;
    return follow(
      async () => new V3JobStatus(await this.#askStatus(jobId, signal)),
      (status) => status.isComplete,
      (failure) => {
        throw failure;
      },
      pollingTime(timeoutMillis, 'timeoutMillis'),
      this.#exchange.clock,
      signal,
    );
  }

  /** Has a job's result sent to the callback again: to another one where `callbackUrl` says so. */
  async replay(jobId: string, options: CallOptions & { readonly callbackUrl?: string } = {}): Promise<Replayed> {
    const { signal, callbackUrl } = options;
    const form = new Form<ReplayPart>().text('callback_url', callbackUrl);
    const answer = await this.#authorised({}, signal, { method: 'POST', path: `replay/${segment(jobId, 'jobId')}`, headers: {}, form });
    return { jobId: textOf(answer, 'job_id') ?? jobId, userId: textOf(answer, 'user_id'), message: textOf(answer, 'message') ?? '' };
  }

  /**
   * Reports that a user committed fraud, or did not after all. The token that is asked for is of this user; where it did not after all,
   * of nobody: the server takes no such word by a token that the user may hold.
   */
  async reportFraud(userId: string, report: FraudReport, options: CallOptions = {}): Promise<Reported> {
    const path = `users/${segment(userId, 'userId')}/report_fraud`;
    const answer = await this.#authorised(report.isFraud ? { userId } : {}, options.signal, {
      method: 'POST',
      path,
      headers: {},
      form: fraudReport(report),
    });
    return { userId: textOf(answer, 'user_id'), message: textOf(answer, 'message') ?? '' };
  }

  async #begin(prepared: Prepared): Promise<Accepted> {
    const taken = readAccepted(await this.#submit(prepared));
    this.#jobs.set(taken.jobId, wantedFor(prepared));
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size > MOST_JOBS && oldest !== undefined) this.#jobs.delete(oldest);
    return taken;
  }

  async #submit(prepared: Prepared): Promise<JsonObject> {
    const { path, userId, userIn, form, options } = prepared;
    const { signal, onProgress, idempotencyKey } = options;
    const headers = {
      ...(userIn === 'header' && userId !== undefined && { 'user-id': userId }),
      ...(idempotencyKey !== undefined && { 'smileid-idempotency-key': idempotencyKey }),
    };
    return this.#authorised(wantedFor(prepared), signal, { method: 'POST', path, headers, form, onProgress });
  }

  /** Asks once. A 404 that says `not_found` is an answer. */
  #askStatus(jobId: string, signal: AbortSignal | undefined): Promise<JsonObject> {
    const path = `status/${segment(jobId, 'jobId')}`;
    const wanted = this.#jobs.get(jobId) ?? {};
    return this.#authorised(wanted, signal, { method: 'GET', path, headers: {} }, (answer) => {
      const body = answer.status === 404 ? parseObject(answer.body) : undefined;
      return isObject(body) && body['status'] === 'not_found' ? body : accepted(answer);
    });
  }

  #ask(path: string, wanted: TokenWanted | undefined, signal: AbortSignal | undefined): Promise<JsonObject> {
    const request = { method: 'GET', path, headers: {} } as const;
    return this.#exchange.repeated(signal, async () =>
      wanted ? this.#authorised(wanted, signal, request) : accepted(await this.#exchange.send(request, signal)),
    );
  }

  /** Sends a request with a token, once more with a fresh one where the server does not take it: nothing was done then. */
  async #authorised(
    wanted: TokenWanted,
    signal: AbortSignal | undefined,
    request: V3Request,
    read: (answer: HttpAnswer) => JsonObject = accepted,
  ): Promise<JsonObject> {
    const send = async (token: string): Promise<JsonObject> => {
      const headers = { ...request.headers, ...partnerIn(token), 'smileid-token': token };
      return read(await this.#exchange.send({ ...request, headers }, signal));
    };
    const token = await this.#tokens.get(wanted, signal);
    try {
      return await send(token);
    } catch (error) {
      if (!(error instanceof V3RefusedError) || error.httpStatus !== 401) throw error;
      this.#tokens.drop(token);
      return send(await this.#tokens.get(wanted, signal));
    }
  }
}

const wantedFor = ({ product, userId }: Prepared): TokenWanted => ({ product, ...(userId !== undefined && { userId }) });

/** Whose token it is: some calls of the service want to be told so beside it. */
function partnerIn(token: string): Record<string, string> {
  const partner = String(claimsOf(token)?.['partner_id'] ?? '');
  return /^[\x21-\x7e]{1,128}$/.test(partner) ? { 'smileid-partner-id': partner } : {};
}
