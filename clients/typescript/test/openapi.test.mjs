// This client fits the server's own description of its API: see scripts/check-openapi.mjs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';

import { whyNot } from './support/real-server.mjs';

test('the client fits the server’s description', { skip: whyNot() }, () => {
  const script = new URL('../scripts/check-openapi.mjs', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});
