// The real server binary on a data folder of its own, as clients/compatibility starts it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';

import { scratch, started } from './processes.mjs';

const BIN = process.env.SELFSAME_BIN ?? new URL('../../../../target/debug/selfsame', import.meta.url).pathname;

const selfsame = (...args) =>
  execFileSync(BIN, ['--json', ...args], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

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
  if (!photographPaths().every(([, path]) => existsSync(path))) return "no models: run 'selfsame models fetch'";
  return false;
}

const photographPaths = () =>
  selfsame('models', 'list')
    .filter((artefact) => artefact.path.endsWith('.jpg'))
    .map(({ name, path }) => [name, path]);

/** The fetched photographs by name: obama, obama2, obama3, biden. */
export const photographs = () =>
  Object.fromEntries(photographPaths().map(([name, path]) => [name, new Uint8Array(readFileSync(path))]));

// A server that prepares models when they are needed does so within its first job's analysis: a slow machine takes more than 30 s.
const PATIENT = ['--analysis-timeout', '300'];

/** A server with one partner; `close` ends it and removes its data. */
export async function realServer(...more) {
  const data = scratch('typescript');
  const [partner] = selfsame('partner', '--data', data, 'add', '--id', '2343');
  const args = ['serve', '--data', data, '--listen', '127.0.0.1:0', '--allow-private-callbacks', ...PATIENT, ...more];
  const { first, stop } = await started(BIN, args, { env: { ...process.env, SELFSAME_LOG: 'error' } });
  return {
    url: JSON.parse(first).http,
    partnerId: '2343',
    apiKey: partner.sandbox_api_key,
    close: async () => {
      await stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
