import { hmac } from '@noble/hashes/hmac';
import { sha256 } from '@noble/hashes/sha2';
import { strToU8 } from 'fflate';

import { UntrustedError } from './errors.js';
import { parseObject, type JsonObject } from './json.js';

/** `base64(HMAC-SHA256(apiKey, timestamp + partnerId + "sid_request"))`: how requests, answers and callbacks are signed. */
export function sign(apiKey: string, partnerId: string, timestamp: string): string {
  const mac = hmac(sha256, strToU8(apiKey), strToU8(`${timestamp}${partnerId}sid_request`));
  return btoa(String.fromCharCode(...mac));
}

/** Whether a signature is right. The time it takes does not depend on where the two differ. */
export function verify(apiKey: string, partnerId: string, timestamp: string, signature: string): boolean {
  const right = sign(apiKey, partnerId, timestamp);
  let difference = right.length ^ signature.length;
  for (let at = 0; at < right.length; at += 1) {
    difference |= right.charCodeAt(at) ^ signature.charCodeAt(at);
  }
  return difference === 0;
}

/** A moment as the wire writes it: ISO 8601, UTC, milliseconds. */
export function formatTimestamp(millis: number): string {
  return new Date(millis).toISOString();
}

const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})$/i;

/**
 * Reads a timestamp as servers and clients write it: ISO 8601 with an offset, or Unix seconds or milliseconds.
 *
 * @returns Milliseconds since 1970, or `undefined` where it is no timestamp.
 */
export function parseTimestamp(text: string): number | undefined {
  if (/^[+-]?\d+$/.test(text)) {
    const number = Number(text);
    // Seconds reach this number in the year 5138; milliseconds passed it in 1973.
    const millis = Math.abs(number) < 100_000_000_000 ? number * 1000 : number;
    return Number.isSafeInteger(millis) ? millis : undefined;
  }
  const parts = ISO.exec(text);
  if (!parts) return undefined;
  const [, day, time, fraction = '0', offset = 'Z'] = parts;
  // Three digits of the fraction: engines differ in what they make of more.
  const zone = offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset.toUpperCase();
  const millis = Date.parse(`${day}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}${zone}`);
  return Number.isNaN(millis) ? undefined : millis;
}

/** Whether a timestamp is one that an app was given to sign its requests with: two nanoseconds past a millisecond. No server's answer has it. */
export function isForAnApp(timestamp: string): boolean {
  const fraction = ISO.exec(timestamp)?.[3] ?? '';
  return fraction.padEnd(9, '0').slice(3) === '000002';
}

/** How far a signed timestamp may lie from the clock, in milliseconds. */
export interface TimestampWindow {
  /** How old it may be. */
  past: number;
  /** How far ahead it may be. */
  future: number;
}

/** An hour back, five minutes ahead: what the server grants its clients, too. */
export const DEFAULT_WINDOW: Readonly<TimestampWindow> = { past: 3_600_000, future: 300_000 };

/**
 * Checks a timestamp against a clock.
 *
 * @throws {@link UntrustedError} `unreadable`, `stale` or `future`.
 */
export function checkWindow(timestamp: string, now: number, window: TimestampWindow = DEFAULT_WINDOW): void {
  const at = parseTimestamp(timestamp);
  if (at === undefined) {
    throw new UntrustedError('unreadable', 'the timestamp cannot be read; ISO 8601 with an offset is wanted');
  }
  // Whole seconds count, as at the server.
  const age = Math.trunc((now - at) / 1000);
  if (age > window.past / 1000) throw new UntrustedError('stale', 'the timestamp is too old; check the clock');
  if (age < -window.future / 1000) throw new UntrustedError('future', 'the timestamp lies in the future; check the clock');
}

/**
 * Checks a signed JSON object: signature first, then freshness.
 *
 * @returns The object.
 * @throws {@link UntrustedError} says why it is not to be trusted.
 */
export function verifySigned(
  body: string,
  apiKey: string,
  partnerId: string,
  now: number,
  window: TimestampWindow = DEFAULT_WINDOW,
): JsonObject {
  const object = parseObject(body);
  if (!object) throw new UntrustedError('not_an_object', 'the result is not a JSON object');
  const { timestamp, signature } = object;
  if (typeof timestamp !== 'string') throw new UntrustedError('missing', 'the result carries no timestamp');
  if (typeof signature !== 'string') throw new UntrustedError('missing', 'the result carries no signature');
  if (!verify(apiKey, partnerId, timestamp, signature)) {
    throw new UntrustedError(
      'wrong_signature',
      "the result's signature is not right: it does not come from a server that holds this API key",
    );
  }
  checkWindow(timestamp, now, window);
  return object;
}
