import { hmac } from '@noble/hashes/hmac';
import { sha256 } from '@noble/hashes/sha2';
import { strToU8 } from 'fflate';

import { UntrustedError } from './errors.js';
import { checkWindow, type TimestampWindow } from './signature.js';

/** The headers of a callback: a record as Node, Express and Fastify have it, or the platform's `Headers`. */
export type CallbackHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** How far a code's time may lie from the clock: five minutes each way. The server makes it anew at each try. */
export const WEBHOOK_WINDOW: Readonly<TimestampWindow> = { past: 300_000, future: 300_000 };

/** More than two codes are of no use: an old key's and a new one's. */
const MOST_CODES = 8;

const NAMES = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** The key of the code over callbacks' bodies, made from the API key for this purpose alone. */
const keyOf = (apiKey: string): Uint8Array => hmac(sha256, strToU8(apiKey), strToU8('selfsame webhook secret'));

/** The secret that goes with an API key, as any library of the Standard Webhooks convention takes it. */
export const webhookSecret = (apiKey: string): string => `whsec_${toBase64(keyOf(apiKey))}`;

/** A header by its name in lower case. */
export function header(headers: CallbackHeaders, name: string): string | undefined {
  if (typeof (headers as { get?: unknown }).get === 'function') {
    return (headers as { get(name: string): string | null }).get(name) ?? undefined;
  }
  for (const [key, value] of Object.entries(headers as Record<string, string | readonly string[] | undefined>)) {
    if (key.toLowerCase() === name) return typeof value === 'string' ? value : value?.join(' ');
  }
  return undefined;
}

/** Whether any of the three headers is there. */
export const carriesCode = (headers: CallbackHeaders): boolean =>
  NAMES.some((name) => header(headers, name) !== undefined);

/** Whether two texts are equal. The time it takes does not depend on where they differ. */
function equal(right: string, given: string): boolean {
  let difference = right.length ^ given.length;
  for (let at = 0; at < right.length; at += 1) difference |= right.charCodeAt(at) ^ given.charCodeAt(at);
  return difference === 0;
}

/**
 * Checks the code over a callback's body (the Standard Webhooks convention): the code first, then freshness.
 *
 * @throws {@link UntrustedError} says why the body is not to be trusted.
 */
export function verifyCode(
  headers: CallbackHeaders,
  body: Uint8Array,
  apiKey: string,
  now: number,
  window: TimestampWindow = WEBHOOK_WINDOW,
): void {
  const [id, timestamp, signature] = NAMES.map((name) => {
    const value = header(headers, name);
    if (value === undefined) throw new UntrustedError('missing', `the callback carries no ${name} header`);
    return value;
  }) as [string, string, string];
  // A dot would let the beginning of a body pass for a part of the id.
  if (id === '' || id.includes('.')) throw new UntrustedError('unreadable', 'the webhook-id header is not an id');
  if (!/^\d+$/.test(timestamp)) {
    throw new UntrustedError('unreadable', 'the webhook-timestamp header is not a time in Unix seconds');
  }
  const before = strToU8(`${id}.${timestamp}.`);
  const message = new Uint8Array(before.length + body.length);
  message.set(before);
  message.set(body, before.length);
  const right = `v1,${toBase64(hmac(sha256, keyOf(apiKey), message))}`;
  const codes = signature.split(' ').filter((code) => code.startsWith('v1,')).slice(0, MOST_CODES);
  if (!codes.some((code) => equal(right, code))) {
    throw new UntrustedError(
      'wrong_signature',
      "the callback's webhook-signature is not right: its body was changed, or it does not come from a server that holds this API key",
    );
  }
  checkWindow(timestamp, now, window);
}
