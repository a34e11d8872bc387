// Runs the test files that are named, or all: two at a time, for they mostly wait for a camera; first those that have the most
// in them. What several of them show to the camera is made once.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { whyNoBrowser } from '../test/support/chromium.mjs';
import { whyNot } from '../test/support/real-server.mjs';
import { makeUsual } from '../test/support/video.mjs';

process.chdir(new URL('..', import.meta.url).pathname);
const size = (path) => statSync(path).size;
const all = () => readdirSync('test').filter((name) => name.endsWith('.test.mjs')).map((name) => join('test', name));
const files = process.argv.length > 2 ? process.argv.slice(2) : all().sort((a, b) => size(b) - size(a));

const videos = mkdtempSync(join(tmpdir(), 'selfsame-videos-'));
try {
  if (!whyNoBrowser() && !whyNot()) await makeUsual(videos);
  const options = ['--test', '--test-concurrency=2', '--test-timeout=900000'];
  const tests = spawn(process.execPath, [...options, ...files], { stdio: 'inherit', env: { ...process.env, SELFSAME_VIDEOS: videos } });
  // Whoever ends this ends them, and then the videos go.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => tests.kill(signal));
  process.exitCode = await new Promise((resolve, reject) => {
    tests.once('error', reject);
    tests.once('exit', (code) => resolve(code ?? 1));
  });
} finally {
  rmSync(videos, { recursive: true, force: true });
}
