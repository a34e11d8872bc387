import { strToU8 } from 'fflate';

import type { CallbackVerifierOptions } from '../callback.js';
import { UntrustedError } from '../errors.js';
import { parseObject } from '../json.js';
import { checkWindow, DEFAULT_WINDOW, isForAnApp, verify } from '../signature.js';
import { carriesCode, header, verifyCode, WEBHOOK_WINDOW, type CallbackHeaders } from '../webhook.js';
import { V3Result } from './result.js';

/**
 * Verifies the results of v3 jobs that a server posts: put it before whatever a partner's service does with a result.
 *
 * A server of this project sends two proofs in the headers, and both are wanted: v3's signature, which covers a time and the partner,
 * and a code over the whole body (the Standard Webhooks convention).
 */
export class WebhookVerifier {
  readonly #options: CallbackVerifierOptions;

  constructor(options: CallbackVerifierOptions) {
    this.#options = options;
  }

  /**
   * Gives the result that a webhook carries, if it is the server's, whole and fresh.
   *
   * It may come more than once: the header `webhook-id` tells, or the job and `completed_at`.
   *
   * @param body The body as it came, not parsed.
   * @param headers The request's headers.
   * @throws `UntrustedError` when the body is no result, or not to be trusted.
   */
  verify(body: string | Uint8Array, headers: CallbackHeaders, now: number = Date.now()): V3Result {
    const { partnerId, apiKey, window, withoutCode = 'refuse' } = this.#options;
    if (withoutCode !== 'accept' || carriesCode(headers)) {
      verifyCode(headers, typeof body === 'string' ? strToU8(body) : body, apiKey, now, window ?? WEBHOOK_WINDOW);
    }
    const [timestamp, signature] = ['response-timestamp', 'response-signature'].map((name) => {
      const value = header(headers, name);
      if (value === undefined) throw new UntrustedError('missing', `the webhook carries no ${name} header`);
      return value;
    }) as [string, string];
    // What an app is given to sign its requests with is signed by the same key.
    if (isForAnApp(timestamp) || !verify(apiKey, partnerId, timestamp, signature)) {
      throw new UntrustedError(
        'wrong_signature',
        "the webhook's response-signature is not right: it does not come from a server that holds this API key",
      );
    }
    checkWindow(timestamp, now, window ?? DEFAULT_WINDOW);
    const json = parseObject(typeof body === 'string' ? body : new TextDecoder().decode(body));
    if (!json) throw new UntrustedError('not_an_object', 'the result is not a JSON object');
    return new V3Result(json);
  }
}
