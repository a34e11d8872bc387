// The whole story in a real browser against the real server: register, log in, another face and a still refused. The camera plays
// videos made from the fetched photographs.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { launch, whyNoBrowser } from './support/chromium.mjs';
import { captureAndSend, go, screen } from './support/demo.mjs';
import { realServer, whyNot } from './support/real-server.mjs';
import { makeVideos } from './support/video.mjs';

const NAME = 'ada';

describe('in front of a camera', { skip: whyNoBrowser() || whyNot() }, () => {
  let server, videos, folder;
  // The demo's users are of one browser: each camera has a browser of its own, so its cookies go along to the next.
  let cookies = [];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'selfsame-videos-'));
    videos = await makeVideos(folder, {
      ada: ['obama', 'living'],
      later: ['obama3', 'living'],
      another: ['biden', 'living'],
      still: ['obama3', 'still'],
    });
    server = await realServer();
  });
  after(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Does something on a page whose camera plays a video. */
  async function before_camera(video, act) {
    const browser = await launch(videos[video]);
    try {
      const page = await browser.newPage({ viewport: { width: 420, height: 900 } });
      await page.context().addCookies(cookies);
      const errors = [];
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      await page.addInitScript(() => {
        globalThis.seen = { looks: [], published: [], trouble: [] };
        addEventListener('look', ({ detail }) => seen.looks.push({ at: performance.now(), ...detail }));
        addEventListener('publish', ({ detail }) => seen.published.push(detail));
        addEventListener('trouble', ({ detail }) => seen.trouble.push(String(detail.error)));
      });
      const found = await act(page);
      assert.deepEqual(await page.evaluate(() => seen.trouble), []);
      assert.deepEqual(errors, []);
      cookies = await page.context().cookies();
      return found;
    } finally {
      await browser.close();
    }
  }

  test('a person registers, guided to one selfie and eight frames', async (t) => {
    await before_camera('ada', async (page) => {
      await go(page, server.url, 'Register', NAME);
      assert.match(await captureAndSend(page), /^0840/);
      const { looks, published } = await page.evaluate(() => seen);
      assert.deepEqual(published.map(({ images }) => images.map((image) => image.image_type_id)), [[2, 6, 6, 6, 6, 6, 6, 6, 6]]);
      const images = published[0].images.map(({ image }) => image);
      assert.ok(images.every((image) => Buffer.from(image, 'base64').readUInt16BE() === 0xffd8), 'each is a JPEG');
      assert.equal(new Set(images).size, images.length, 'no two are the same');
      assert.ok(looks.some(({ hint }) => hint === 'hintSmile'), 'the smile was asked for');
      const seconds = (looks.at(-1).at - looks[0].at) / 1000;
      const millis = looks.map((look) => look.millis).sort((a, b) => a - b);
      t.diagnostic(`${((looks.length - 1) / seconds).toFixed(1)} looks a second; the engine takes ${millis[millis.length >> 1].toFixed(1)} ms (median)`);
    });
  });

  test('a later picture of the same person logs in', async () => {
    await before_camera('later', async (page) => {
      await go(page, server.url, 'Log in', NAME);
      assert.match(await captureAndSend(page), /^0820/);
    });
  });

  test('another face is refused, and may try again', async () => {
    await before_camera('another', async (page) => {
      await go(page, server.url, 'Log in', NAME);
      assert.match(await captureAndSend(page), /^0821/);
      await page.getByRole('button', { name: 'Try again' }).click();
      await screen(page, 'starting', 'selfie');
    });
  });

  test('a still is refused', async (t) => {
    const ready = await (await fetch(`${server.url}/ready`)).json();
    await before_camera('still', async (page) => {
      await go(page, server.url, 'Log in', NAME);
      const result = await captureAndSend(page);
      // A server that says that it does not check liveness lets a still pass, and says that too.
      if (ready.liveness === undefined || /not|no|false|none/i.test(JSON.stringify(ready.liveness))) {
        assert.notEqual(process.env.SELFSAME_REQUIRE_MODELS, 'all', `a still passed as ${result}`);
        t.skip(`this server does not check liveness (${JSON.stringify(ready.liveness)}): ${result}`);
        return;
      }
      assert.doesNotMatch(result, /^08(20|40)/);
    });
  });

  test('by the same name in another browser nobody logs in', async () => {
    const browser = await launch(videos.later);
    try {
      const page = await browser.newPage();
      await go(page, server.url, 'Log in', NAME);
      await captureAndSend(page);
      await screen(page, 'not-sent');
      await page.getByText('2210').waitFor();
    } finally {
      await browser.close();
    }
  });

  test('who is not registered cannot log in, and is told so', async () => {
    const browser = await launch(videos.later);
    try {
      const page = await browser.newPage();
      await go(page, server.url, 'Log in', 'nobody');
      await captureAndSend(page);
      await screen(page, 'not-sent');
      await page.getByText('2210').waitFor();
    } finally {
      await browser.close();
    }
  });
});
