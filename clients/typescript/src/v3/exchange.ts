import { systemClock, type Clock } from '../clock.js';
import { ArgumentError } from '../errors.js';
import type { JsonObject } from '../json.js';
import { DEFAULT_RETRY, withRetry, type RetryPolicy } from '../retry.js';
import { serverRoot } from '../server-root.js';
import { defaultTransport, type HttpAnswer, type Progress, type Transport } from '../transport.js';
import { VERSION } from '../version.js';
import type { Form } from './form.js';

/** Which server, and how it is talked to. */
export interface ExchangeOptions {
  /** The server's base URL, without a version, e.g. `https://faces.example.com`. The token or the key says which environment. */
  readonly server: string;
  /** Tries of questions and of token requests on a broken network or a busy server. Default: three. Submissions are sent once. */
  readonly retry?: Partial<RetryPolicy>;
  /** How long one request may take, in milliseconds. Default: 30 s. */
  readonly requestTimeoutMillis?: number;
  /** How long one submission may take, in milliseconds. Default: two minutes. */
  readonly submissionTimeoutMillis?: number;
  /** Carries requests. Default: `fetch`. No redirect may take their headers along, which React Native's `fetch` does. */
  readonly transport?: Transport;
  /** Tells the time. Default: the machine's. */
  readonly clock?: Clock;
  /** What `SmileID-Source-SDK` and its version say. For packages that wrap this one. */
  readonly source?: { readonly sdk: string; readonly version: string };
}

/** One v3 request. */
export interface V3Request {
  readonly method: 'GET' | 'POST';
  /** Below `/v3/`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly form?: Form | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Talks v3 to one server: what the two halves of this client share. */
export class Exchange {
  readonly clock: Clock;
  readonly #root: string;
  readonly #options: ExchangeOptions;
  readonly #retry: RetryPolicy;
  readonly #transport: Transport;

  /**
   * @throws `ArgumentError` where the server's URL is none.
   */
  constructor(options: ExchangeOptions) {
    this.#root = serverRoot(options.server);
    this.#options = options;
    this.#retry = { ...DEFAULT_RETRY, ...options.retry };
    this.#transport = options.transport ?? defaultTransport;
    this.clock = options.clock ?? systemClock;
  }

  /** Sends a request once. */
  send({ method, path, headers, form, onProgress }: V3Request, signal: AbortSignal | undefined): Promise<HttpAnswer> {
    const { requestTimeoutMillis = 30_000, submissionTimeoutMillis = 120_000 } = this.#options;
    const { sdk, version } = this.#options.source ?? { sdk: 'selfsame-typescript', version: VERSION };
    const { contentType, body } = form && !form.isEmpty ? form.encode() : { contentType: '', body: '' };
    return this.#transport({
      method,
      url: `${this.#root}/v3/${path}`,
      contentType,
      headers: { ...headers, 'smileid-source-sdk': sdk, 'smileid-source-sdk-version': version },
      body,
      timeoutMillis: form ? submissionTimeoutMillis : requestTimeoutMillis,
      signal,
      onProgress,
    });
  }

  /** Runs a step again where it failed for a passing reason: for what may be asked twice. */
  repeated(signal: AbortSignal | undefined, step: () => Promise<JsonObject>): Promise<JsonObject> {
    return withRetry(this.#retry, this.clock, signal, step);
  }

  /** Whether what is sent can be read by nobody on its way, or does not leave this machine. */
  get isPrivate(): boolean {
    return /^https:|^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?($|\/)/i.test(this.#root);
  }
}

/**
 * A name as one segment of a path.
 *
 * @throws `ArgumentError` where it cannot be one: a URL's dots would walk up the path.
 */
export function segment(name: string, what: string): string {
  if (typeof name !== 'string' || name === '' || name === '.' || name === '..') {
    throw new ArgumentError(`${what} must be a name, not empty and not dots`);
  }
  return encodeURIComponent(name);
}

/** A query of what is given; `''` where nothing is. */
export function query(fields: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(fields).flatMap(([name, value]) => (value ? [`${name}=${encodeURIComponent(value)}`] : []));
  return given.length > 0 ? `?${given.join('&')}` : '';
}
