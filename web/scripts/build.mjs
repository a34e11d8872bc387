// Bundles the component and its engine's worker into dist/, beside engine.wasm, with the demo page; and compresses what is large,
// for servers that hand out such files.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';

import { build } from 'esbuild';

import { TARGETS } from './targets.mjs';

process.chdir(new URL('..', import.meta.url).pathname);
mkdirSync('dist', { recursive: true });
await build({
  entryPoints: { 'selfsame-capture': 'src/index.ts', 'selfsame-engine': 'src/engine/worker.ts' },
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', ...Object.entries(TARGETS).map(([browser, version]) => browser + version)],
  legalComments: 'linked',
  // The client's sources are in this repository; what they need is installed here.
  alias: { '@selfsame/client': '../clients/typescript/src/index.ts' },
  nodePaths: ['node_modules'],
});
cpSync('demo', 'dist', { recursive: true });
for (const name of ['engine.wasm', 'selfsame-capture.js', 'selfsame-engine.js']) {
  const path = `dist/${name}`;
  if (existsSync(path)) writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path)));
}
