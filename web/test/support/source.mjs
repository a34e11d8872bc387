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
  });
  return import(`data:text/javascript;base64,${Buffer.from(made.outputFiles[0].contents).toString('base64')}`);
}
