import { challengeIn } from '@selfsame/client';

import type { Choice } from './terms.ts';

/** A token is not used in the last part of its life, in milliseconds: a capture takes time. */
const MARGIN = 120_000;

/** The link was used or has expired since the page was opened. */
export class LinkClosed extends Error {
  override readonly name = 'LinkClosed';
}

/** Web tokens for what the person chose, asked of the link. */
export class Tokens {
  readonly #url: string;
  readonly #choice: Choice;
  /** The job's questions and the job itself go with one token, so that a lost answer makes no second job. */
  #held: { readonly token: string; readonly until: number } | undefined;
  #names: { readonly userId: string; readonly jobId: string } | undefined;

  constructor(url: string, choice: Choice) {
    this.#url = url;
    this.#choice = choice;
  }

  /** Whose job the last token is for, and which. A job that is tried again under its name must say so. */
  get names(): { readonly userId: string; readonly jobId: string } | undefined {
    return this.#names;
  }

  readonly get = async (): Promise<string> => {
    if (this.#held && Date.now() < this.#held.until) return this.#held.token;
    const { country, idType } = this.#choice;
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ country, id_type: idType }),
      credentials: 'omit',
      cache: 'no-store',
    });
    const answer = (await response.json()) as Record<'token' | 'expires_in' | 'user_id' | 'job_id' | 'error', unknown>;
    if (response.status === 404 || response.status === 410) throw new LinkClosed(String(answer.error));
    const { token, expires_in: seconds, user_id: userId, job_id: jobId } = answer;
    if (!response.ok || typeof token !== 'string') throw new Error(String(answer.error));
    // Head turns are drawn with a token, and end long before it: the next capture needs others.
    const lives = typeof seconds === 'number' && !challengeIn(token);
    this.#held = lives ? { token, until: Date.now() + 1000 * seconds - MARGIN } : undefined;
    this.#names = typeof userId === 'string' && typeof jobId === 'string' ? { userId, jobId } : undefined;
    return token;
  };
}
