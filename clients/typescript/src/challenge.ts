import { isObject, type Json } from './json.js';

/** A turn of the head. `left` and `right` are the person's own. */
export type Turn = 'left' | 'right' | 'up';

/**
 * Head turns that the server drew for one capture, in the wire's own form, so that whoever hands one on need not rewrite it. Nobody
 * but the server chooses the turns: it looks them up by the id.
 */
export interface Challenge {
  /** Names it to the server. Good for one job of one user. */
  readonly id: string;
  /** 1 to 4, in order, none twice in a row. */
  readonly turns: readonly Turn[];
  /** When it ends, by the server's clock; ISO 8601. */
  readonly expires_at: string;
  /** How long it lives, in seconds from when it was drawn. */
  readonly seconds?: number;
}

const TURNS: readonly unknown[] = ['left', 'right', 'up'];
/** More than these, four frames each, a capture has no room for. */
const MOST_TURNS = 4;

/** A JSON value as a challenge; `undefined` where it is none, or holds a turn that this client cannot guide. */
export function readChallenge(value: unknown): Challenge | undefined {
  if (!isObject(value)) return undefined;
  const { id, turns, expires_at, seconds } = value;
  if (typeof id !== 'string' || id === '' || typeof expires_at !== 'string' || !areTurns(turns)) return undefined;
  if (seconds !== undefined && !(typeof seconds === 'number' && seconds >= 0)) return undefined;
  return { id, turns, expires_at, ...(seconds !== undefined && { seconds }) };
}

const areTurns = (value: Json | undefined): value is (Json[] & Turn[]) =>
  Array.isArray(value) && value.length > 0 && value.length <= MOST_TURNS && value.every((turn) => TURNS.includes(turn));

/** The longest life that a server's policy gives a challenge, and the usual one. In milliseconds. */
const [LONGEST, USUAL] = [600_000, 120_000];

/**
 * How long a challenge lives from when it was drawn, in milliseconds. By what the server says of it; where it says only when the
 * challenge ends, by the device's clock, unless that is plainly wrong.
 */
export function challengeMillis(challenge: Challenge, drawnAt: number): number {
  if (challenge.seconds !== undefined) return challenge.seconds * 1000;
  const left = Date.parse(challenge.expires_at) - drawnAt;
  return left > 0 && left <= LONGEST ? left : USUAL;
}
