// Bundles the component and its engine's worker into dist/, beside engine.wasm, with the demo page and the pages behind links; and compresses what is large,
// for servers that hand out such files.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompressSync } from 'node:zlib';

import { build } from 'esbuild';

import { TARGETS } from './targets.mjs';

process.chdir(new URL('..', import.meta.url).pathname);
mkdirSync('dist', { recursive: true });
await build({
  entryPoints: { 'selfsame-capture': 'src/index.ts', 'selfsame-engine': 'src/engine/worker.ts', 'selfsame-link': 'src/link/page.ts' },
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
cpSync('pages', 'dist', { recursive: true });
// The engine takes most of a minute: what is compressed already is kept, unless a build was ended while it wrote.
const compressed = (path, bytes) => {
  try {
    return brotliDecompressSync(readFileSync(path)).equals(bytes);
  } catch {
    return false;
  }
};
const names = ['engine.wasm', 'selfsame-capture.js', 'selfsame-engine.js', 'selfsame-link.js'].filter((name) => existsSync(`dist/${name}`));
await Promise.all(
  names.map(async (name) => {
    const [path, bytes] = [`dist/${name}.br`, readFileSync(`dist/${name}`)];
    if (!compressed(path, bytes)) writeFileSync(path, await promisify(brotliCompress)(bytes));
  }),
);
