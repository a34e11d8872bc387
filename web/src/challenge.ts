import { challengeMillis, type Challenge } from '@selfsame/client';

/** A challenge that was drawn for the capture that is under way. */
export interface Drawn {
  readonly challenge: Challenge;
  /** When it ends, by this device's `Date.now()`. */
  readonly until: number;
  /** The web token that it was drawn with, which the job must come with. */
  readonly token?: string;
}

/** Draws a challenge. */
export type Draw = () => Promise<Drawn>;

/** The challenge could not be drawn; `cause` says why. */
export class NotDrawn extends Error {
  constructor(cause: unknown) {
    super('no challenge could be drawn', { cause });
    this.name = 'NotDrawn';
  }
}

/**
 * The challenges that a page got, each with its end, counted from when it was first seen: a token's lives from the token's making
 * on, and a server that is asked again may give the same.
 */
export class DrawnOnce {
  readonly #ends = new Map<string, number>();

  /** Notes that a challenge was seen. Gives it with its end. */
  note(challenge: Challenge, token?: string, now: number = Date.now()): Drawn {
    const until = this.#ends.get(challenge.id) ?? now + challengeMillis(challenge, now);
    this.#ends.set(challenge.id, until);
    return { challenge, until, ...(token !== undefined && { token }) };
  }
}
