// The real server on a data folder of its own, with the demo page.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { scratch, started } from '../../../clients/typescript/test/support/processes.mjs';

const here = (path) => new URL(path, import.meta.url).pathname;
const BIN = process.env.SELFSAME_BIN ?? here('../../../target/debug/selfsame');

/** The built page. */
export const DIST = here('../../dist/');

const selfsame = (...args) =>
  execFileSync(BIN, ['--json', ...args], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const artefacts = () => (existsSync(BIN) ? selfsame('models', 'list') : []);

/** Why the real server cannot be used here, or false. Throws where the test command demands what it installed. */
export function whyNot() {
  const why = missing();
  if (why && !['', '0'].includes(process.env.SELFSAME_REQUIRE_MODELS ?? '')) {
    throw new Error(`${why}; SELFSAME_REQUIRE_MODELS demands it`);
  }
  return why;
}

function missing() {
  if (!existsSync(BIN)) return `no server at ${BIN}: run 'cargo build --bin selfsame'`;
  if (!existsSync(join(DIST, 'engine.wasm'))) return "no engine: run 'web/build.sh'";
  if (artefacts().some(({ path, name }) => !existsSync(path) && !/openvino|minifas|silent-face/i.test(name))) return "no models: run 'selfsame models fetch'";
  return false;
}

/** The fetched photographs by name: obama, obama2, obama3, biden. */
export const photographs = () =>
  Object.fromEntries(artefacts().filter(({ path }) => path.endsWith('.jpg')).map(({ name, path }) => [name, readFileSync(path)]));

/** The detector's model, as published. */
export const detector = () => readFileSync(artefacts().find(({ name }) => name === 'YuNet').path);

// A server that prepares models when they are needed does so within its first job's analysis: a slow machine takes more than 30 s.
const PATIENT = ['--analysis-timeout', '300'];

/** A server that serves the demo page; `close` ends it and removes its data. */
export async function realServer(...more) {
  const data = scratch('web');
  const args = ['serve', '--data', data, '--listen', '127.0.0.1:0', '--demo-page', DIST, ...PATIENT, ...more];
  const { first, stop } = await started(BIN, args, { env: { ...process.env, SELFSAME_LOG: 'error' } });
  return {
    url: JSON.parse(first).http,
    close: async () => {
      await stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
