// The example for real: react-native-web in Chromium, a camera that plays real photographs in mild motion, the real server.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Client } from '@selfsame/client';
import { build } from 'esbuild';

import { launch, whyNoBrowser } from '../../typescript/test/support/chromium.mjs';
import { pageServer } from '../../typescript/test/support/page-server.mjs';
import { photographs, realServer, whyNot } from '../../typescript/test/support/real-server.mjs';

const root = new URL('..', import.meta.url).pathname;
const PAGE = `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>example</title>
<style>html,body,#root{height:100%;margin:0}#root{display:flex}</style><div id="root"></div><script src="/app.js"></script>`;
const SCREENSHOTS = process.env.SCREENSHOTS;

// This stands in for a service whose users are who they say they are.
const PRODUCT = { 2: 'authentication', 4: 'smartselfie' };

describe('the example in Chromium', { skip: whyNot() || whyNoBrowser() }, () => {
  let app, folder;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'selfsame-camera-'));
    app = await build({
      entryPoints: [join(root, 'example/web.tsx')],
      bundle: true,
      write: false,
      jsx: 'automatic',
      alias: { 'react-native': 'react-native-web' },
      resolveExtensions: ['.web.tsx', '.web.ts', '.tsx', '.ts', '.web.js', '.mjs', '.js', '.json'],
      define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    });
    await film(photographs(), folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The example's page beside a server of its own. */
  async function serve(t, ...options) {
    const server = await realServer(...options);
    t.after(() => server.close());
    const service = new Client({ server: server.url, partnerId: server.partnerId, auth: { apiKey: server.apiKey } });
    const site = await pageServer({
      upstream: server.url,
      files: { '/': ['text/html', PAGE], '/app.js': ['text/javascript', app.outputFiles[0].contents] },
      routes: {
        '/partner/token': async (job) => ({ token: await service.webToken(job.userId, job.jobId, job.isProduction, PRODUCT[job.jobType]) }),
        '/partner/status': (job) => service.jobStatus(job.userId, job.jobId, job.isProduction),
      },
    });
    t.after(() => site.close());
    return site.url;
  }

  /** A telephone's page. A server's first job waits for its models, so a slow machine may take more than the usual half minute. */
  async function newPage(browser) {
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    page.setDefaultTimeout(90_000);
    return page;
  }

  /** Opens the example with a person before the camera, and presses a button, the shutter, and "use it". */
  async function capture(site, person, user, button, change = older) {
    const browser = await launch(
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${join(folder, `${person}.mjpeg`)}`,
    );
    try {
      const page = await newPage(browser);
      await page.addInitScript(change);
      await page.goto(`${site}/?user=${user}`);
      const look = (name) => SCREENSHOTS && page.screenshot({ path: join(SCREENSHOTS, `${button}-${person}-${name}.png`) });
      await page.getByRole('button', { name: button }).click();
      await page.getByText('Hold your face in the oval').waitFor();
      await look('guide');
      await page.getByRole('button', { name: 'Take the picture' }).click();
      await page.getByRole('button', { name: 'Use it' }).waitFor();
      await look('review');
      await page.getByRole('button', { name: 'Use it' }).click();
      const said = page.getByTestId('said').filter({ hasText: /\w/ });
      await said.waitFor();
      await look('result');
      const left = await page.evaluate(
        () =>
          new Promise((resolve, reject) => {
            const opening = indexedDB.open('selfsame-captures');
            opening.onerror = () => reject(opening.error);
            opening.onsuccess = () => {
              const keys = opening.result.transaction('files').objectStore('files').getAllKeys();
              keys.onsuccess = () => resolve(keys.result);
            };
          }),
      );
      return { said: await said.textContent(), left };
    } finally {
      await browser.close();
    }
  }

  test('register, log in, refuse another face; nothing stays on the device', async (t) => {
    const site = await serve(t, '--policy', join(root, 'test/policy.toml'));
    const user = randomUUID();
    const enrolled = await capture(site, 'obama', user, 'Register');
    assert.match(enrolled.said, /^0840 /);
    assert.deepEqual(enrolled.left, []);
    const same = await capture(site, 'obama2', user, 'Log in');
    assert.match(same.said, /^0820 /);
    const other = await capture(site, 'biden', user, 'Log in');
    assert.match(other.said, /^0821 /);
    assert.deepEqual(other.left, []);
  });

  /** Opens the example in a browser that was changed, presses a button, then acts. */
  async function opened(t, change, act) {
    const browser = await launch(
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${join(folder, 'obama.mjpeg')}`,
    );
    try {
      const page = await newPage(browser);
      await page.addInitScript(change);
      await page.goto(`${await serve(t)}/?user=${randomUUID()}`);
      await page.getByRole('button', { name: 'Register' }).click();
      await act(page);
      return await page.getByTestId('said').filter({ hasText: /\w/ }).textContent();
    } finally {
      await browser.close();
    }
  }

  test('a browser that gives pages no camera ends the capture with a reason', async (t) => {
    const change = () => Object.defineProperty(Navigator.prototype, 'mediaDevices', { get: () => undefined });
    assert.match(await opened(t, change, () => {}), /no such camera/);
  });

  test('a camera that fails a wish is asked more plainly', async (t) => {
    const change = () => {
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = (wanted) =>
        wanted.video === true ? real(wanted) : Promise.reject(new DOMException('as the test wants it', 'NotReadableError'));
    };
    const said = await opened(t, change, async (page) => {
      await page.getByRole('button', { name: 'Take the picture' }).click();
      await page.getByRole('button', { name: 'Use it' }).click();
    });
    assert.match(said, /^09\d\d /);
  });

  test('a video that stands still gives no pictures', async (t) => {
    const said = await opened(t, () => {}, async (page) => {
      await page.getByText('Hold your face in the oval').waitFor();
      await page.evaluate(() => {
        const video = document.querySelector('video');
        video.play = () => Promise.resolve();
        video.pause();
      });
      await page.getByRole('button', { name: 'Take the picture' }).click();
    });
    assert.match(said, /the camera failed/);
  });

  test('by the defaults, a photograph before the camera is no live person', async (t) => {
    const still = await capture(await serve(t), 'obama', randomUUID(), 'Register');
    assert.match(still.said, /^0907 /);
  });
});

/** In the page: takes away what Safari 16.4 or Firefox 115 lack of what a capture might use. */
function older() {
  delete FileSystemFileHandle.prototype.createWritable;
  delete HTMLVideoElement.prototype.requestVideoFrameCallback;
  delete AbortSignal.any;
  delete Array.fromAsync;
}

/** Makes a film of each photograph, in mild motion, as a camera's file for Chromium: JPEG after JPEG. */
async function film(photos, folder) {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    for (const [name, bytes] of Object.entries(photos)) {
      const frames = await page.evaluate(async (base64) => {
        const photo = await createImageBitmap(await (await fetch(`data:image/jpeg;base64,${base64}`)).blob());
        const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
        const draw = canvas.getContext('2d');
        const list = [];
        for (let at = 0; at < 30; at += 1) {
          const phase = (2 * Math.PI * at) / 30;
          const scale = Math.max(640 / photo.width, 480 / photo.height) * (1.05 + 0.03 * Math.sin(phase));
          const [width, height] = [photo.width * scale, photo.height * scale];
          draw.drawImage(photo, (640 - width) / 2 + 6 * Math.cos(phase), Math.min(0, 8 * Math.sin(phase) - 8), width, height);
          list.push(canvas.toDataURL('image/jpeg', 0.92).split(',')[1]);
        }
        return list;
      }, Buffer.from(bytes).toString('base64'));
      writeFileSync(join(folder, `${name}.mjpeg`), Buffer.concat(frames.map((frame) => Buffer.from(frame, 'base64'))));
    }
  } finally {
    await browser.close();
  }
}
