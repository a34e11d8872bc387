import type { Clock } from './clock.js';
import { JobStatus } from './job-status.js';
import type { JsonObject } from './json.js';
import { isTransient, pauseAfter } from './retry.js';

/** How long a job is followed when the caller sets no time, in milliseconds. */
export const DEFAULT_POLLING = 60_000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2_000;

/**
 * Asks for a job's status until the job has ended or the time has passed.
 *
 * The first question goes out at once; the pauses double from 100 ms to 2 s. No question is asked after the time has
 * passed. A question that fails for a passing reason counts as one without news: the job was submitted, and ends all the same.
 *
 * @returns The last status; `unanswered` where no question was answered.
 */
export async function follow(
  ask: () => Promise<JsonObject>,
  unanswered: JsonObject,
  waitMillis: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<JobStatus> {
  const until = clock.now() + waitMillis;
  let last = new JobStatus(unanswered);
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    let wait = pause;
    try {
      last = new JobStatus(await ask());
    } catch (error) {
      if (!isTransient(error)) throw error;
      wait = pauseAfter(error, pause);
    }
    if (last.jobComplete || clock.now() + wait > until) return last;
    await clock.sleep(wait, signal);
  }
}
