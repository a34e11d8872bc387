// A whole capture and its upload in the oldest browsers that the component is built for, as far as they can be had: Chromium,
// from which all is taken away that the target lacks, in the page and in the engine's worker. What a target has in another way
// than Chromium is not seen here.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { TARGETS } from '../scripts/targets.mjs';
import { launch, whyNoBrowser } from './support/chromium.mjs';
import { lackedIn, takeAway } from './support/compatibility.mjs';
import { captureAndSend, go } from './support/demo.mjs';
import { realServer, whyNot } from './support/real-server.mjs';
import { makeVideos } from './support/video.mjs';

/** What each target is known to lack: if this was not taken away, the test shows nothing. */
const KNOWN = {
  chrome: ['AbortSignal.any', 'Promise.withResolvers'],
  firefox: ['AbortSignal.any', 'HTMLVideoElement.requestVideoFrameCallback', 'Document.featurePolicy'],
  safari: ['AbortSignal.any', 'Document.featurePolicy', 'requestIdleCallback'],
};

describe('old browsers', { skip: whyNoBrowser() || whyNot() }, () => {
  let server, video, folder;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'selfsame-old-'));
    video = (await makeVideos(folder, { ada: ['obama', 'living'] })).ada;
    server = await realServer();
  });
  after(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [target, version] of Object.entries(TARGETS)) {
    test(`${target} ${version}: a person registers`, async (t) => {
      const lacked = lackedIn(target);
      const browser = await launch(video);
      try {
        const page = await browser.newPage({ viewport: { width: 420, height: 900 } });
        const errors = [];
        page.on('pageerror', (error) => errors.push(error.message));
        page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
        await page.addInitScript(takeAway, lacked);
        await page.addInitScript(() => {
          globalThis.seen = { guided: undefined, trouble: [] };
          addEventListener('publish', ({ detail }) => (seen.guided = detail.meta.guided));
          addEventListener('trouble', ({ detail }) => seen.trouble.push(String(detail.error)));
        });
        let worker = 0;
        await page.route('**/selfsame-engine.js', async (route) => {
          const response = await route.fetch();
          worker += 1;
          await route.fulfill({ response, body: `(${takeAway})(${JSON.stringify(lacked)});\n${await response.text()}` });
        });
        await go(page, server.url, 'Register', `old-${target}`);
        assert.match(await captureAndSend(page), /^0840/);
        const [gone, seen] = await page.evaluate(() => [takenAway, globalThis.seen]);
        assert.deepEqual(seen, { guided: true, trouble: [] });
        assert.deepEqual(errors, []);
        assert.deepEqual(KNOWN[target].filter((name) => !gone.includes(name)), []);
        assert.equal(worker, 1, 'the worker lacked it, too');
        t.diagnostic(`${gone.length} features were taken away`);
      } finally {
        await browser.close();
      }
    });
  }
});
