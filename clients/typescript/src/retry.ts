import type { Clock } from './clock.js';
import { AnswerError, ChallengeError, RefusedError, TransportError } from './errors.js';
import { parseObject, type JsonObject } from './json.js';
import type { HttpAnswer } from './transport.js';

/** How often a step is tried when the network breaks or the server is busy. */
export interface RetryPolicy {
  /** Tries in all; 1 never retries. */
  attempts: number;
  /** The pause before the second try, in milliseconds; it doubles from try to try. A server that names one is heard. */
  firstPauseMillis: number;
}

/** Three tries, half a second and a second apart. */
export const DEFAULT_RETRY: Readonly<RetryPolicy> = { attempts: 3, firstPauseMillis: 500 };

/** No server makes a person wait longer than this between two tries, in milliseconds. */
const LONGEST_PAUSE = 30_000;

/** Whether another try may help. */
export function isTransient(error: unknown): boolean {
  return error instanceof TransportError || (error instanceof RefusedError && error.retryable);
}

/** Runs a step until it succeeds, fails for good, or has failed too often. The step learns what failed before. */
export async function withRetry<T>(
  policy: RetryPolicy,
  clock: Clock,
  signal: AbortSignal | undefined,
  step: (failures: readonly unknown[]) => Promise<T>,
): Promise<T> {
  const failures: unknown[] = [];
  for (let pause = policy.firstPauseMillis; ; pause *= 2) {
    try {
      return await step(failures);
    } catch (error) {
      failures.push(error);
      if (failures.length >= policy.attempts || !isTransient(error)) throw error;
      await clock.sleep(pauseAfter(error, pause), signal);
    }
  }
}

/** How long to pause after a failure: what the server asks for, if it asks for more. */
export function pauseAfter(error: unknown, pause: number): number {
  const asked = error instanceof RefusedError ? (error.retryAfterMillis ?? 0) : 0;
  return Math.min(Math.max(asked, pause), LONGEST_PAUSE);
}

/**
 * The body of an answer that is a success.
 *
 * @throws `RefusedError` with the wire's code and text otherwise; `ChallengeError` where it is a challenge that is refused.
 */
export function accept(answer: HttpAnswer): string {
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  const error = parseObject(answer.body);
  const text = (name: string): string => (typeof error?.[name] === 'string' ? (error[name] as string) : '');
  const seconds = /^\d+$/.test(answer.retryAfter ?? '') ? Number(answer.retryAfter) : undefined;
  const refused = new RefusedError(answer.status, text('code'), text('error'), seconds === undefined ? undefined : seconds * 1000);
  throw error?.['reason'] === 'challenge_expired' ? new ChallengeError('expired', undefined, refused) : refused;
}

/**
 * An answer's JSON object.
 *
 * @throws `AnswerError` where it is none.
 */
export function acceptObject(answer: HttpAnswer): JsonObject {
  const object = parseObject(accept(answer));
  if (!object) throw new AnswerError("the server's answer is not a JSON object");
  return object;
}
