// The contract's vectors, and what a client's test needs beside them.
import { readFileSync } from 'node:fs';

const folder = new URL('../../../../conformance/vectors/', import.meta.url);

export const vectors = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));

/** A clock that moves when it is slept on, and by itself not at all. */
export function virtualClock(at = Date.parse('2026-01-31T12:00:00.000Z')) {
  const clock = {
    began: at,
    now: () => at,
    sleep: async (millis) => {
      at += millis;
    },
    elapsed: () => at - clock.began,
  };
  return clock;
}

/** What differs from a vector's expectation: `ABSENT` must not be there, `MADE` must be some text, objects may hold more. */
export function differences(actual, expected, path = '') {
  if (expected === 'ABSENT') return actual === undefined ? [] : [`${path} is there`];
  if (expected === 'MADE') return typeof actual === 'string' && actual !== '' ? [] : [`${path} was not made`];
  if (typeof expected !== 'object' || expected === null) {
    return Object.is(actual, expected) ? [] : [`${path}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`];
  }
  if (typeof actual !== 'object' || actual === null) return [`${path}: ${JSON.stringify(actual)} is no object`];
  return Object.entries(expected).flatMap(([key, value]) => differences(actual[key], value, `${path}.${key}`));
}
