// Bundles the component and its engine's worker into dist/, beside engine.wasm, with the demo page.
import { cpSync, mkdirSync } from 'node:fs';

import { build } from 'esbuild';

process.chdir(new URL('..', import.meta.url).pathname);
mkdirSync('dist', { recursive: true });
await build({
  entryPoints: { 'selfsame-capture': 'src/index.ts', 'selfsame-engine': 'src/engine/worker.ts' },
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', 'chrome111', 'firefox115', 'safari16.4'],
  legalComments: 'linked',
  // The client's sources are in this repository; what they need is installed here.
  alias: { '@selfsame/client': '../clients/typescript/src/index.ts' },
  nodePaths: ['node_modules'],
});
cpSync('demo', 'dist', { recursive: true });
