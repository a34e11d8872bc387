// The public web component of the service whose API this is, unchanged, on a page of ours: what its publish event carries, our
// server accepts. Its face models come from a host of its makers; without them it is told to fall back to its older capture, which
// takes 20 seconds.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { build } from 'esbuild';

import { launch, whyNoBrowser } from './support/chromium.mjs';
import { pageServer } from './support/page-server.mjs';
import { realServer, whyNot } from './support/real-server.mjs';
import { makeVideos } from './support/video.mjs';

const THEIRS = new URL('../node_modules/@smileid/web-components/dist/smart-camera-web.js', import.meta.url);
const MODELS = 'web-models.smileidentity.com';
const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>partner</title><script src="/theirs.js"></script>
  <script type="module" src="/page.js"></script><body><smart-camera-web allow-legacy-selfie-fallback="true"></smart-camera-web>`;
// What a partner's page does with the event: hand the images to its own service, here to our client with a web token.
const SCRIPT = `
  import { submit } from '../../src/submission.ts';
  const post = async (path, body) => (await fetch(path, { method: 'POST', body: JSON.stringify(body) })).json();
  const jpeg = (base64) => new Blob([Uint8Array.from(atob(base64.replace(/^data:.*?,/, '')), (c) => c.charCodeAt(0))], { type: 'image/jpeg' });
  document.querySelector('smart-camera-web').addEventListener('smart-camera-web.publish', async ({ detail }) => {
    globalThis.published = detail.images.map(({ image_type_id }) => image_type_id);
    const of = (type) => detail.images.filter((image) => image.image_type_id === type).map(({ image }) => jpeg(image));
    let token;
    try {
      const status = await submit({ selfie: of(2)[0], frames: of(6) }, {
        server: SERVER, partnerId: 'demo', jobType: 4,
        webToken: async () => ({ token } = await post('/token', { name: 'ada', act: 'register' })).token,
        jobStatus: () => post('/status', { token }),
      }, { signal: new AbortController().signal, onProgress() {}, again: false });
      globalThis.result = status.toJSON();
    } catch (error) {
      globalThis.result = { error: String(error) };
    }
    // It tells the same capture twice.
  }, { once: true });
`;

describe('smart-camera-web', { skip: whyNoBrowser() || whyNot() }, () => {
  let server, site, browser, folder;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'selfsame-scw-'));
    const { ada } = await makeVideos(folder, { ada: ['obama', 'living'] });
    server = await realServer();
    const contents = SCRIPT.replace('SERVER', JSON.stringify(server.url));
    const script = await build({
      stdin: { contents, resolveDir: new URL('support', import.meta.url).pathname, loader: 'js' },
      bundle: true,
      format: 'esm',
      write: false,
      alias: { '@selfsame/client': new URL('../../clients/typescript/src/index.ts', import.meta.url).pathname },
      nodePaths: [new URL('../node_modules', import.meta.url).pathname],
    });
    const hand = (path) => async (body) =>
      (await fetch(`${server.url}/demo/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text();
    // The page is of another origin than the server, as a partner's is.
    site = await pageServer({
      '/': ['text/html', PAGE],
      '/theirs.js': ['text/javascript', readFileSync(THEIRS)],
      '/page.js': ['text/javascript', script.outputFiles[0].contents],
      '/token': ['application/json', hand('token')],
      '/status': ['application/json', hand('status')],
    });
    browser = await launch(ada);
  });
  after(async () => {
    await browser?.close();
    await site?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('its capture is accepted', async (t) => {
    const page = await browser.newPage();
    const said = new Set();
    page.on('console', (message) => message.type() === 'error' && said.add(message.text()));
    page.on('pageerror', (error) => said.add(error.message));
    const missing = new Set();
    // Nothing outside this machine is asked. The models' host does not answer: were it refused, the component would ask for ever,
    // each time with another WebGL context, which keeps the page too busy to count to 20 seconds.
    await page.route((url) => url.hostname !== '127.0.0.1' && url.protocol.startsWith('http'), (route) => {
      const { host } = new URL(route.request().url());
      missing.add(host);
      return host === MODELS ? undefined : route.abort();
    });
    // Its scripts keep the page loading for as long as they are not answered.
    await page.goto(site.url, { waitUntil: 'domcontentloaded' });
    await follow(page, said);
    const [published, result] = await page.evaluate(() => [globalThis.published, globalThis.result]);
    t.diagnostic(`not asked: ${[...missing].join(', ') || 'none'}`);
    assert.equal(published.filter((type) => type === 2).length, 1);
    assert.ok(published.filter((type) => type === 6).length >= 1);
    assert.equal(result.error, undefined);
    assert.equal(result.job_complete, true);
    t.diagnostic(`${result.result.ResultCode}: ${result.result.ResultText}`);
    assert.equal(result.result.ResultCode, '0840', `${result.result.ResultCode}: ${JSON.stringify(result.result.evidence)}`);
    if (process.env.SELFSAME_SHOTS) await page.screenshot({ path: join(process.env.SELFSAME_SHOTS, 'smart-camera-web.png') });
  });
});

/** Presses whatever leads on, until the page has a result. They are those of its older capture. */
async function follow(page, said) {
  const ON = ['#request-camera-access', '#allow', '#start-image-capture', '#select-id-image'];
  const until = Date.now() + 300_000;
  while (Date.now() < until) {
    if (await page.evaluate(() => globalThis.result !== undefined)) return;
    for (const selector of ON) {
      const button = page.locator(selector).first();
      // Asked in one go: a button may be gone between two questions, and to ask whether it is enabled waits for it.
      const pressed = (await button.isVisible()) && (await button.click({ timeout: 2000 }).then(() => true, () => false));
      if (pressed) break;
    }
    await page.waitForTimeout(500);
  }
  // The text of all that is in view, in whatever shadow.
  const shown = await page.evaluate(() => {
    const texts = (root) => [...root.querySelectorAll('*')].flatMap((one) => [
      ...(one.checkVisibility() && one.tagName !== 'STYLE' ? [...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()) : []),
      ...(one.shadowRoot ? texts(one.shadowRoot) : []),
    ]);
    return texts(document.body).filter(Boolean).join(' | ');
  });
  const published = await page.evaluate(() => globalThis.published);
  throw new Error(`no result; published: ${published}; it shows: ${shown}; it said: ${[...said].join(' | ')}`);
}
