import { AnswerError, ArgumentError } from '../errors.js';
import type { JsonObject } from '../json.js';
import { Exchange, type ExchangeOptions } from './exchange.js';
import { Form } from './form.js';
import type { V3Product } from './names.js';
import type { TokenPart } from './parts.js';
import type { Consent } from './person.js';
import { accepted } from './refusal.js';

/** As whom tokens are asked for. */
export interface TokenMinterOptions extends ExchangeOptions {
  /** The partner. */
  readonly partnerId: string;
  /** The API key of the environment that the tokens are for. It stays on the partner's own server. */
  readonly apiKey: string;
  /** Lets the key go over http to another machine: only where the network between is your own. */
  readonly allowHttp?: boolean;
}

/** Fields that a token fixes, in the wire's names. They count in place of the request's, which may leave them out. */
export interface TokenPayload {
  country?: string;
  id_type?: string;
  id_number?: string;
  given_names?: string;
  last_name?: string;
  email?: string;
  phone_number?: string;
  callback_url?: string;
  consent?: Consent;
}

/** What a token is bound to. What is left out its holder may choose. */
export interface TokenBinding {
  /** The only user that it serves. */
  readonly userId?: string;
  /** The only product that it serves. */
  readonly product?: V3Product;
  /** What stands in the `partner_params` of its jobs. */
  readonly partnerParams?: JsonObject;
  /** Whether its jobs may put another face in place of the one on file. Left out, the holder may ask for it. */
  readonly allowNewEnroll?: boolean;
  /** Fields that are fixed. */
  readonly payload?: TokenPayload;
}

/**
 * Asks for tokens, with the API key: for the partner's own server, never for a page or an app.
 *
 * Bind each token to the user of your own session. Who may name the user may log in as anybody.
 */
export class TokenMinter {
  readonly #exchange: Exchange;
  readonly #partnerId: string;
  readonly #apiKey: string;

  /**
   * @throws `ArgumentError` where the partner or the key is missing, or the key would go over the network in the clear.
   */
  constructor(options: TokenMinterOptions) {
    this.#exchange = new Exchange(options);
    if (!options.partnerId || !options.apiKey) throw new ArgumentError('partnerId and apiKey must not be empty');
    if (!this.#exchange.isPrivate && !options.allowHttp) {
      throw new ArgumentError('the API key goes over https only: server must be an https URL, or allowHttp be set');
    }
    this.#partnerId = options.partnerId;
    this.#apiKey = options.apiKey;
  }

  /**
   * Asks for a token. It lives for a quarter of an hour.
   *
   * @throws `SelfsameError`; `V3RefusedError` where the key is wrong or the binding is.
   */
  async mint(binding: TokenBinding, options: { readonly signal?: AbortSignal } = {}): Promise<string> {
    const { userId, product, partnerParams, allowNewEnroll, payload } = binding;
    const form = new Form<TokenPart>()
      .text('user_id', userId)
      .text('product', product)
      .json('partner_params', partnerParams)
      .text('allow_new_enroll', allowNewEnroll)
      .json('payload', payload);
    const headers = { 'smileid-partner-id': this.#partnerId, 'smileid-api-key': this.#apiKey };
    const { signal } = options;
    const { token } = await this.#exchange.repeated(signal, async () =>
      accepted(await this.#exchange.send({ method: 'POST', path: 'token', headers, form }, signal)),
    );
    if (typeof token !== 'string' || token === '') throw new AnswerError("the server's answer carries no token");
    return token;
  }
}
