import { readChallenge, type Challenge } from './challenge.js';
import { isObject, parseObject, type JsonObject } from './json.js';

/** The names of the job that a web token is for. */
export interface TokenNames {
  readonly userId?: string;
  readonly jobId?: string;
}

/**
 * Reads the user and the job that a web token is for, as any page may. Empty where the token is not to be read: the server
 * judges tokens, not this.
 */
export function namesIn(token: string): TokenNames {
  const params = claimsOf(token)?.['partner_params'];
  if (!isObject(params)) return {};
  const { user_id: userId, job_id: jobId } = params;
  return { ...(isName(userId) && { userId }), ...(isName(jobId) && { jobId }) };
}

/** The challenge that was drawn with a web token; `undefined` where there is none. */
export function challengeIn(token: string): Challenge | undefined {
  return readChallenge(claimsOf(token)?.['challenge']);
}

/** What a token says, unverified; `undefined` where it is not to be read. */
export function claimsOf(token: string): JsonObject | undefined {
  try {
    const payload = atob(token.split('.')[1]?.replace(/-/g, '+').replace(/_/g, '/') ?? '');
    // Bytes as UTF-8 without TextDecoder, which not every engine has.
    const escaped = payload.replace(/[^]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
    return parseObject(decodeURIComponent(escaped));
  } catch {
    return undefined;
  }
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';
