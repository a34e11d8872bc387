import type { Clock } from './clock.js';
import { ArgumentError } from './errors.js';
import { isTransient, pauseAfter } from './retry.js';

/** How long a job is followed when the caller sets no time, in milliseconds. */
const DEFAULT_POLLING = 60_000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2_000;

/**
 * Asks for a job's status until the job has ended or the time has passed.
 *
 * The first question goes out at once; the pauses double from 100 ms to 2 s. No question is asked after the time has
 * passed. A question that fails for a passing reason counts as one without news.
 *
 * @param hasEnded Whether a status is a job's last.
 * @param unanswered What is given where no question was answered. It learns why the last one was not.
 * @returns The last status.
 */
export async function follow<T extends object>(
  ask: () => Promise<T>,
  hasEnded: (status: T) => boolean,
  unanswered: (failure: unknown) => T,
  waitMillis: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<T> {
  const until = clock.now() + waitMillis;
  let last: T | undefined;
  let failure: unknown;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    let wait = pause;
    try {
      last = await ask();
      if (hasEnded(last)) return last;
    } catch (error) {
      if (!isTransient(error)) throw error;
      failure = error;
      wait = pauseAfter(error, pause);
    }
    if (clock.now() + wait > until) return last ?? unanswered(failure);
    await clock.sleep(wait, signal);
  }
}

/**
 * A polling time that a caller gave, in milliseconds. 0: a minute.
 *
 * @throws `ArgumentError` where it is no time.
 */
export function pollingTime(millis: number, name: string): number {
  if (typeof millis !== 'number' || !(millis >= 0)) {
    throw new ArgumentError(`${name} must be a number of milliseconds, or 0`);
  }
  return millis === 0 ? DEFAULT_POLLING : millis;
}
