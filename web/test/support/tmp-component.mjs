// Pages with the component alone, without a server behind them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { pageServer } from './page-server.mjs';
import { detector, DIST } from './real-server.mjs';

/** A partner's page with the component. */
export const html = (attributes, lang = 'en') => `<!doctype html><html lang="${lang}"><meta charset="utf-8"><title>A partner’s page</title>
  <meta name="viewport" content="width=device-width, initial-scale=1"><script type="module" src="/selfsame-capture.js"></script>
  <body style="margin:0"><main><h1 style="position:absolute;clip-path:inset(50%)">Partner</h1><selfsame-capture ${attributes}></selfsame-capture></main>`;

/** Serves pages with the component's files beside them. `pages`: path to HTML. */
export function componentSite(pages) {
  const built = (name, type) => [type, readFileSync(join(DIST, name))];
  return pageServer({
    '/selfsame-capture.js': built('selfsame-capture.js', 'text/javascript'),
    '/selfsame-engine.js': ['text/javascript', readFileSync('/tmp/fake-engine.js')],
    '/engine.wasm': ['application/wasm', ''],
    '/detector.onnx': ['application/octet-stream', detector()],
    '/never.onnx': ['application/octet-stream', () => new Promise(() => {})],
    ...Object.fromEntries(Object.entries(pages).map(([path, page]) => [path, ['text/html', page]])),
  });
}

/** Waits for one of the component's screens. */
export const at = (page, name) => page.waitForSelector(`selfsame-capture [data-screen="${name}"]`, { timeout: 60_000 });

/** Waits until the stage's hint says something. */
export const hinted = (page, words) =>
  page.waitForFunction(
    ([source]) => new RegExp(source, 'i').test(document.querySelector('selfsame-capture').shadowRoot.querySelector('.hint')?.textContent),
    [words.source],
    { timeout: 60_000 },
  );
