// What a page must load, compressed, with the detector: the limit that the component promises.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';

import { detector, DIST, whyNot } from './support/real-server.mjs';

test('less than 2 MB compressed', { skip: whyNot() }, (t) => {
  const sizes = [['detector', brotliCompressSync(detector()).length]];
  for (const name of ['engine.wasm', 'selfsame-capture.js', 'selfsame-engine.js']) {
    // As the server hands it out.
    const compressed = readFileSync(join(DIST, `${name}.br`));
    assert.ok(brotliDecompressSync(compressed).equals(readFileSync(join(DIST, name))), `${name}.br is of this build`);
    sizes.push([name, compressed.length]);
  }
  const all = sizes.reduce((sum, [, size]) => sum + size, 0);
  t.diagnostic(`${sizes.map(([name, size]) => `${name} ${size}`).join(', ')}; in all ${all} bytes`);
  assert.ok(all < 2_000_000);
});
