import { strToU8 } from 'fflate';

import type { JsonObject } from './json.js';
import { DEFAULT_WINDOW, verifySigned, type TimestampWindow } from './signature.js';
import { carriesCode, verifyCode, WEBHOOK_WINDOW, type CallbackHeaders } from './webhook.js';

/** Which partner's callbacks are verified, and how strictly. */
export interface CallbackVerifierOptions {
  /** The partner. */
  partnerId: string;
  /** The API key of the environment that the results come from. */
  apiKey: string;
  /**
   * How far a timestamp may lie from the clock. Default: an hour back and five minutes ahead for the wire's signature, five
   * minutes each way for the code over the body.
   */
  window?: TimestampWindow;
  /**
   * What becomes of a callback without the code over its body. Default: `refuse`. `accept` is for an endpoint that the public
   * service also calls, which sends none. The signature alone covers a time and the partner, and nothing of the body: whoever has any
   * answer or callback that the server signed for the partner within `window` can then post whatever result he likes, of any job; of
   * v1 also whoever has a signature that an app was given. Ask the server for the result before anything depends on it.
   */
  withoutCode?: 'refuse' | 'accept';
}

/**
 * Verifies the results that a server posts: put it before whatever a partner's service does with a result.
 *
 * A server of this project sends two proofs, and both are wanted: the wire's signature in the body, which covers a timestamp and
 * the partner, and a code over the whole body in the headers (the Standard Webhooks convention).
 */
export class CallbackVerifier {
  readonly #options: CallbackVerifierOptions;

  constructor(options: CallbackVerifierOptions) {
    this.#options = options;
  }

  /**
   * Gives the result that a callback carries, if it is the server's, whole and fresh.
   *
   * A callback may come more than once: its `SmileJobID` and `ResultCode` tell.
   *
   * @param body The body as it came, not parsed.
   * @param headers The request's headers.
   * @throws `UntrustedError` when the body is no signed result, or not to be trusted.
   */
  verify(body: string | Uint8Array, headers: CallbackHeaders, now: number = Date.now()): JsonObject {
    const { partnerId, apiKey, window, withoutCode = 'refuse' } = this.#options;
    if (withoutCode !== 'accept' || carriesCode(headers)) {
      verifyCode(headers, typeof body === 'string' ? strToU8(body) : body, apiKey, now, window ?? WEBHOOK_WINDOW);
    }
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
    return verifySigned(text, apiKey, partnerId, now, window ?? DEFAULT_WINDOW);
  }
}
