import { CancelledError } from './errors.js';

/** Tells the time and waits. Tests put their own in. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Waits, or throws `CancelledError` as soon as the signal is aborted. */
  sleep(millis: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (millis, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new CancelledError());
        return;
      }
      const stop = (): void => {
        clearTimeout(timer);
        reject(new CancelledError());
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, millis);
      signal?.addEventListener('abort', stop, { once: true });
    }),
};
