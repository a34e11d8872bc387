import { DEFAULT_WINDOW, verifySigned, type TimestampWindow } from './signature.js';
import type { JsonObject } from './json.js';

/** Which partner's callbacks are verified, and how strictly. */
export interface CallbackVerifierOptions {
  /** The partner. */
  partnerId: string;
  /** The API key of the environment that the results come from. */
  apiKey: string;
  /** How far a timestamp may lie from the clock. Default: an hour back, five minutes ahead. */
  window?: TimestampWindow;
}

/** Verifies the results that a server posts: put it before whatever a partner's service does with a result. */
export class CallbackVerifier {
  readonly #options: CallbackVerifierOptions;

  constructor(options: CallbackVerifierOptions) {
    this.#options = options;
  }

  /**
   * Gives the result that a body carries, if it is the server's and fresh.
   *
   * A callback may come more than once: its `SmileJobID` tells.
   *
   * @param body The body as it came, not parsed.
   * @throws `UntrustedError` when the body is no signed result, or not to be trusted.
   */
  verify(body: string | Uint8Array, now: number = Date.now()): JsonObject {
    const { partnerId, apiKey, window = DEFAULT_WINDOW } = this.#options;
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
    return verifySigned(text, apiKey, partnerId, now, window);
  }
}
