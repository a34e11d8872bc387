// The real server binary on a data folder of its own, as clients/compatibility starts it.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

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

/** Starts a process, and gives the first line that it prints. */
export async function started(command, args, options) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code} before it was ready`)));
  });
  return { child, lines, first, stop: () => stop(child) };
}

const stop = (child) =>
  new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once('exit', resolve);
    child.kill();
  });

/** A server with one partner; `close` ends it and removes its data. */
export async function realServer(...more) {
  const data = mkdtempSync(join(tmpdir(), 'selfsame-typescript-'));
  const [partner] = selfsame('partner', '--data', data, 'add', '--id', '2343');
  const args = ['serve', '--data', data, '--listen', '127.0.0.1:0', '--allow-private-callbacks', ...more];
  const { first, stop: end } = await started(BIN, args, { env: { ...process.env, SELFSAME_LOG: 'error' } });
  return {
    url: JSON.parse(first).http,
    partnerId: '2343',
    apiKey: partner.sandbox_api_key,
    close: async () => {
      await end();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
