import type { Clock } from '../clock.js';
import { AnswerError, CancelledError, SelfsameError, TransportError } from '../errors.js';
import { claimsOf } from '../web-token.js';
import type { V3Product } from './names.js';

/** What a token is wanted for. It is only a wish: the partner's own server says what the token allows. */
export interface TokenWanted {
  /** The product that will be used; absent where something is asked that belongs to none. */
  readonly product?: V3Product;
  /** The user whom the caller named, if any. */
  readonly userId?: string;
}

/** Gets a token from the partner's own server. */
export type TokenSource = (wanted: TokenWanted) => Promise<string> | string;

/** How long before its end a token is used no more, in milliseconds. */
const MARGIN = 60_000;
/** How long the partner's own service may take, in milliseconds. */
const PATIENCE = 30_000;
/** Tokens that are held: a page does a few things for one user. */
const MOST_HELD = 8;

interface Held {
  readonly token: string;
  /** When it is used no more, in milliseconds since 1970. */
  readonly until: number;
}

/** Keeps tokens until a minute before they end. One whose end cannot be read is used once. */
export class TokenKeeper {
  readonly #source: TokenSource;
  readonly #clock: Clock;
  /** By what each was wanted for; the oldest first. */
  readonly #held = new Map<string, Held>();
  /** Tokens that are being fetched: who wants the same waits for the same. */
  readonly #coming = new Map<string, Promise<string>>();

  constructor(source: TokenSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** A token for what is wanted. */
  async get(wanted: TokenWanted, signal: AbortSignal | undefined): Promise<string> {
    const name = nameOf(wanted);
    return this.#fresh(this.#held.get(name)) ?? this.#fetch(name, wanted, signal);
  }

  /** Uses a token no more. */
  drop(token: string): void {
    for (const [name, held] of this.#held) if (held.token === token) this.#held.delete(name);
  }

  #fresh(held: Held | undefined): string | undefined {
    return held && held.until > this.#clock.now() ? held.token : undefined;
  }

  async #fetch(name: string, wanted: TokenWanted, signal: AbortSignal | undefined): Promise<string> {
    const coming = this.#coming.get(name);
    if (coming) {
      await orCancelled(coming, signal);
      // One that is for a single use went to whoever asked first.
      return this.#fresh(this.#held.get(name)) ?? this.#fetch(name, wanted, signal);
    }
    const asked = this.#ask(name, wanted).finally(() => this.#coming.delete(name));
    this.#coming.set(name, asked);
    return orCancelled(asked, signal);
  }

  async #ask(name: string, wanted: TokenWanted): Promise<string> {
    let token: string;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const why = `the partner's service gave no token within ${PATIENCE / 1000} s`;
      timer = setTimeout(() => reject(new TransportError(why)), PATIENCE);
    });
    try {
      token = await Promise.race([this.#source(wanted), late]);
    } catch (cause) {
      if (cause instanceof SelfsameError) throw cause;
      throw new TransportError("a token could not be fetched from the partner's service", { cause });
    } finally {
      clearTimeout(timer);
    }
    // Any other text would end up in a header, or be none.
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
      throw new AnswerError("the partner's service gave something that is no token");
    }
    const until = endOf(token) - MARGIN;
    this.#held.delete(name);
    if (until > this.#clock.now()) this.#held.set(name, { token, until });
    const [oldest] = this.#held.keys();
    if (this.#held.size > MOST_HELD && oldest !== undefined) this.#held.delete(oldest);
    return token;
  }
}

const nameOf = ({ product, userId }: TokenWanted): string => `${product ?? ''} ${userId ?? ''}`;

/** When a token ends, in milliseconds since 1970; the beginning of time where it does not say. */
function endOf(token: string): number {
  const exp = claimsOf(token)?.['exp'];
  return typeof exp === 'number' ? exp * 1000 : 0;
}

/** Waits for a promise, or for the caller to cancel. */
function orCancelled<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new CancelledError());
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
