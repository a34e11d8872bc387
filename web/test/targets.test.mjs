// What the component's sources use, the browsers that it is built for have; or it asks first.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';

import { lacking } from './support/compatibility.mjs';
import { usesOf } from './support/usage.mjs';

const ROOT = new URL('../..', import.meta.url).pathname;

/** What some target lacks, and how the sources do without. */
const WITHOUT = {
  'HTMLVideoElement.requestVideoFrameCallback': 'feed.ts asks, and goes by the video’s clock',
  'HTMLVideoElement.cancelVideoFrameCallback': 'only after requestVideoFrameCallback',
  'CanvasRenderingContext2D.imageSmoothingQuality': 'set, not read: pictures are scaled less smoothly',
};

const files = (folder, name) =>
  readdirSync(join(ROOT, folder), { recursive: true }).filter((path) => name.test(path)).map((path) => join(ROOT, folder, path));

/** What is used and lacked, as text: `AbortSignal.any (chrome, safari) at web/src/…`. */
function missing({ uses }) {
  const told = new Map();
  for (const { owners, member, isStatic, where } of uses) {
    for (const owner of owners) {
      const targets = lacking(owner, member, isStatic);
      if (targets === undefined) continue;
      const name = member === undefined ? owner : `${owner}.${member}`;
      if (targets.length > 0) told.set(name, `${name} (${targets.join(', ')}) at ${relative(ROOT, where)}`);
      break;
    }
  }
  return told;
}

describe('the oldest browsers', () => {
  const SOURCES = [
    ...files('web/src', /\.ts$/),
    join(ROOT, 'web/demo/demo.js'),
    // What of the React Native package runs in browsers.
    ...files('clients/react-native/src', /\bweb\b.*\.tsx?$/),
  ];
  const found = () => usesOf(SOURCES, {
    paths: {
      '@selfsame/client': [join(ROOT, 'clients/typescript/src/index.ts')],
      fflate: [join(ROOT, 'web/node_modules/fflate')],
      '@noble/hashes/*': [join(ROOT, 'web/node_modules/@noble/hashes/*')],
    },
  });

  test('have all that the component and the client use', () => {
    const { sources, uses } = found();
    const parts = [
      'web/src/engine/worker.ts', 'web/demo/demo.js', 'clients/typescript/src/transport.ts',
      'clients/react-native/src/camera/web-camera.ts', 'clients/react-native/src/files/platform-files.web.ts',
    ];
    for (const part of parts) assert.ok(sources.includes(join(ROOT, part)), `${part} is read`);
    assert.ok(uses.length > 500, `${uses.length} uses are known`);
    const told = missing({ uses });
    assert.deepEqual([...told.values()].filter((_, at) => !([...told.keys()][at] in WITHOUT)), []);
    assert.deepEqual(Object.keys(WITHOUT).filter((name) => !told.has(name)), [], 'no exception is left over');
  });

  test('what they lack is found, in whatever way it is used', () => {
    const text = `
      AbortSignal.any([]);
      Array.fromAsync([]); [1].toSorted();
      const { requestVideoFrameCallback } = document.createElement('video');
      structuredClone({}); Promise.withResolvers(); new Set<number>().union(new Set<number>());
      document.createElement('div').checkVisibility();
      new URL('a:b').href; [1].at(-1); crypto.randomUUID();
    `;
    const names = [...missing(usesOf([], { inline: { name: '/inline.ts', text } })).keys()].sort();
    assert.deepEqual(names, [
      'AbortSignal.any', 'Array.fromAsync', 'Element.checkVisibility', 'HTMLVideoElement.requestVideoFrameCallback',
      'Promise.withResolvers', 'Set.union',
    ]);
  });
});
