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

/** The challenges that a page got, with the moment from which each is counted: a page may hand the same one on again and again. */
export class DrawnOnce {
  readonly #first = new Map<string, number>();

  /** Notes that a challenge was seen. Gives it with its end. */
  note(challenge: Challenge, token?: string, now: number = Date.now()): Drawn {
    const first = this.#first.get(challenge.id) ?? now;
    this.#first.set(challenge.id, first);
    return { challenge, until: first + challengeMillis(challenge, first), ...(token !== undefined && { token }) };
  }
}
