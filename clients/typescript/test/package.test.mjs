// What an app gets from the package: both module formats, nothing of Node in a browser's bundle, only what it uses.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import test from 'node:test';

import * as esm from '@selfsame/client';
import * as v3 from '@selfsame/client/v3';
import { callbackHandler } from '@selfsame/client/node';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const folder = new URL('.', import.meta.url).pathname;
const bundle = async (contents) => {
  const { outputFiles } = await build({ stdin: { contents, resolveDir: folder }, bundle: true, minify: true, format: 'esm', write: false });
  return outputFiles[0].text;
};

test('require and import give the same names', () => {
  assert.deepEqual(Object.keys(require('@selfsame/client')).sort(), Object.keys(esm).sort());
  assert.deepEqual(Object.keys(require('@selfsame/client/v3')).sort(), Object.keys(v3).sort());
  assert.equal(typeof require('@selfsame/client/node').callbackHandler, typeof callbackHandler);
});

test('the version is the package’s', () => {
  assert.equal(esm.VERSION, JSON.parse(readFileSync(new URL('../package.json', import.meta.url))).version);
});

test('a browser’s bundle has nothing of Node, and holds only what is used', async () => {
  // esbuild fails where a module of Node's is imported: its platform is the browser.
  const whole = await bundle("export * from '@selfsame/client'");
  const part = await bundle("export { sign } from '@selfsame/client'");
  const none = await bundle("import '@selfsame/client'");
  assert.ok(whole.length < 44_000, `${whole.length} bytes`);
  assert.ok(part.length < whole.length / 2, `${part.length} of ${whole.length} bytes`);
  assert.equal(none.trim(), '');
});

test('a page that speaks v3 carries neither the other client nor what holds the API key', async () => {
  const page = await bundle("export { V3Client } from '@selfsame/client/v3'");
  assert.ok(page.length < 24_000, `${page.length} bytes`);
  assert.ok(page.includes('smileid-token') && !page.includes('smileid-api-key') && !page.includes('upload_url'));
});

for (const module of ['NodeNext', 'ESNext']) {
  test(`an app’s own strict TypeScript compiles against it: ${module}`, () => {
    const resolution = module === 'NodeNext' ? module : 'Bundler';
    const project = new URL('consumer', import.meta.url).pathname;
    const args = [require.resolve('typescript/bin/tsc'), '-p', project, '--module', module, '--moduleResolution', resolution];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  });
}
