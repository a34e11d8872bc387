// Loads the component's own sources in Node.
import { build } from 'esbuild';

/** The exports of some modules of `src`, by path. */
export async function source(...paths) {
  const contents = paths.map((path) => `export * from ${JSON.stringify(`../../src/${path}`)};`).join('\n');
  const made = await build({
    stdin: { contents, resolveDir: new URL('.', import.meta.url).pathname },
    bundle: true,
    format: 'esm',
    write: false,
    // As in the build: the client's sources are in this repository; what they need is installed here.
    alias: { '@selfsame/client': new URL('../../../clients/typescript/src/index.ts', import.meta.url).pathname },
    nodePaths: [new URL('../../node_modules', import.meta.url).pathname],
  });
  return import(`data:text/javascript;base64,${Buffer.from(made.outputFiles[0].contents).toString('base64')}`);
}
