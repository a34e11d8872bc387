// What a page must load, compressed, with the detector: the limit that the component promises.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';

import { detector, DIST, whyNot } from './support/real-server.mjs';

test('less than 2 MB compressed', { skip: whyNot() }, (t) => {
  const files = { detector: detector() };
  for (const name of ['engine.wasm', 'selfsame-capture.js', 'selfsame-engine.js']) files[name] = readFileSync(join(DIST, name));
  const sizes = Object.entries(files).map(([name, bytes]) => [name, brotliCompressSync(bytes).length]);
  const all = sizes.reduce((sum, [, size]) => sum + size, 0);
  t.diagnostic(`${sizes.map(([name, size]) => `${name} ${size}`).join(', ')}; in all ${all} bytes`);
  assert.ok(all < 2_000_000);
});
