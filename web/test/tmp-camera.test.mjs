// Cameras that are refused, fussy, or not there: what is asked of them, and what the person is told.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { launch, whyNoBrowser } from './support/chromium.mjs';
import { at, componentSite, html } from './support/tmp-oldcomponent.mjs';
import { photographs, whyNot } from './support/real-server.mjs';
import { source } from './support/source.mjs';
import { makeVideos } from './support/video.mjs';

const { insideApp } = await source('host.ts');

const SAFARI = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const ANDROID = 'Mozilla/5.0 (Linux; Android 14; Pixel 8';

test('browsers inside apps are told by the names that they give themselves', () => {
  const inside = [
    `${SAFARI} Mobile/15E148 Instagram 330.0.3.29.109 (iPhone14,5; iOS 17_5)`,
    `${SAFARI} Mobile/15E148 [FBAN/FBIOS;FBAV/460.0.0.34.102;FBBV/5]`,
    `${SAFARI} Mobile/15E148`,
    `${SAFARI} Mobile/15E148 Safari/604.1 Line/14.5.0`,
    `${ANDROID}; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/124.0.0.0 Mobile Safari/537.36`,
    `${ANDROID}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0`,
  ];
  const own = [
    `${SAFARI} Version/17.5 Mobile/15E148 Safari/604.1`,
    `${SAFARI} CriOS/124.0.6367.88 Mobile/15E148 Safari/604.1`,
    `${SAFARI} FxiOS/125.0 Mobile/15E148 Safari/605.1.15`,
    `${ANDROID}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36`,
    'Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15',
  ];
  for (const name of inside) assert.equal(insideApp(name), true, name);
  for (const name of own) assert.equal(insideApp(name), false, name);
  assert.equal(insideApp(`${SAFARI} Mobile/15E148`, true), false, 'a page on the home screen');
});

describe('cameras', { skip: whyNoBrowser() }, () => {
  let site, around, browser, folder;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'selfsame-cameras-'));
    const ada = '/tmp/noise.y4m';
    site = await componentSite({ '/card': html('capture="id-card-front"'), '/strict': html('capture="id-card-front" no-files') });
    // A page of another origin, with the component's page in frames.
    const frame = (more) => `<!doctype html><html lang="en"><title>around</title><iframe src="${site.url}/card" width="400" height="700" ${more}></iframe>`;
    around = await componentSite({ '/closed': frame(''), '/open': frame('allow="camera"') });
    browser = await launch(ada);
  });
  after(async () => {
    await browser?.close();
    await site?.close();
    await around?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts the camera on a page whose browser was changed before, and acts. */
  async function start(act, { path = '/card', change, given, ...context } = {}) {
    const opened = await browser.newContext({ viewport: { width: 420, height: 860 }, ...context });
    try {
      const page = await opened.newPage(); page.setDefaultTimeout(12000);
      await page.addInitScript(() => {
        globalThis.trouble = [];
        addEventListener('trouble', ({ detail }) => trouble.push(detail.error.trouble));
      });
      if (change) await page.addInitScript(change, given);
      await page.goto(site.url + path);
      await page.getByRole('button', { name: 'Start the camera' }).click();
      await act(page);
    } finally {
      await opened.close();
    }
  }

  /** In the page: a camera that fails with an error wherever more is asked of it than a depth: 0 nothing, 1 a facing, 2 all. */
  const fussy = ({ error, depth }) => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    globalThis.asked = [];
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const asks = wanted.video === true ? [] : Object.keys(wanted.video);
      asked.push(asks.join(' '));
      if (asks.length > depth) throw new DOMException('as the test wants it', error);
      return real(wanted);
    };
  };
  const ASKED = ['facingMode width height', 'facingMode', ''];

  for (const error of ['OverconstrainedError', 'NotReadableError', 'NotFoundError', 'AbortError', 'TypeError']) {
    test(`a camera that fails a wish with ${error} is asked more plainly`, async () => {
      for (const depth of [1, 0]) {
        await start(async (page) => {
          await at(page, 'card');
          assert.deepEqual(await page.evaluate(() => [asked, trouble]), [ASKED.slice(0, 3 - depth), []]);
        }, { change: fussy, given: { error, depth } });
      }
    });
  }

  const TOLD = {
    OverconstrainedError: ['failed', 'cannot be started'],
    NotReadableError: ['busy', 'End calls'],
    NotFoundError: ['missing', 'Connect a camera'],
  };
  for (const [error, [trouble, words]] of Object.entries(TOLD)) {
    test(`a camera that fails whatever is asked, with ${error}, is told: ${trouble}`, () =>
      start(async (page) => {
        await at(page, 'trouble');
        await page.getByText(words).first().waitFor();
        assert.deepEqual(await page.evaluate(() => [asked, trouble]), [ASKED, [trouble]]);
      }, { change: fussy, given: { error, depth: -1 } }));
  }

  test('who said no is not asked again', () =>
    start(async (page) => {
      await at(page, 'trouble');
      await page.getByText('in the browser’s settings').first().waitFor();
      assert.deepEqual(await page.evaluate(() => [asked, trouble]), [ASKED.slice(0, 1), ['denied']]);
    }, { change: fussy, given: { error: 'NotAllowedError', depth: -1 } }));

  test('a browser inside an app that refuses by itself is told to be left', () =>
    start(async (page) => {
      await at(page, 'trouble');
      await page.getByText('device’s own browser').first().waitFor();
      assert.deepEqual(await page.evaluate(() => trouble), ['noBrowserCamera']);
    }, { change: fussy, given: { error: 'NotAllowedError', depth: -1 }, userAgent: `${SAFARI} Mobile/15E148 Instagram 330.0` }));

  const none = () => Object.defineProperty(Navigator.prototype, 'mediaDevices', { configurable: true, get: () => undefined });
  test('a browser that gives pages no camera is told so, not to use HTTPS; a file will do', () =>
    start(async (page) => {
      await at(page, 'trouble');
      await page.getByText('device’s own browser').first().waitFor();
      assert.equal(await page.getByText('HTTPS').count(), 0);
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Choose a picture file' }).click()]);
      await chooser.setFiles({ name: 'card.jpg', mimeType: 'image/jpeg', buffer: photographs().obama2 });
      await at(page, 'review');
    }, { change: none }));
  test('the same where files will not do', () =>
    start(async (page) => {
      await at(page, 'trouble');
      await page.getByText('device’s own browser').first().waitFor();
      assert.equal(await page.getByRole('button', { name: 'Choose a picture file' }).count(), 0);
    }, { change: none, path: '/strict' }));

  /** In the page: a browser that neither asks nor answers, until the test lets it. */
  const silent = () => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wanted) =>
      new Promise((resolve) => (globalThis.answer = async () => resolve((globalThis.late = await real(wanted)))));
  };
  test('a browser that does not answer can be left, and a camera that comes too late is let go', async () => {
    await start(async (page) => {
      await page.getByText('Your browser has not answered yet').first().waitFor({ timeout: 12_000 });
      await page.getByRole('button', { name: 'Cancel' }).click();
      await at(page, 'welcome');
      await page.evaluate(() => answer());
      await page.waitForFunction(() => late.getTracks().every((track) => track.readyState === 'ended'));
    }, { change: silent });
    await start(async (page) => {
      await page.getByText('Your browser has not answered yet').first().waitFor({ timeout: 12_000 });
      await page.evaluate(() => answer());
      await at(page, 'card');
    }, { change: silent });
    // Who takes the component out of the page meanwhile.
    await start(async (page) => {
      await at(page, 'starting');
      await page.evaluate(() => document.querySelector('selfsame-capture').remove());
      await page.evaluate(() => answer());
      await page.waitForFunction(() => late.getTracks().every((track) => track.readyState === 'ended'));
    }, { change: silent });
  });

  test('a frame that does not pass the camera on is told so; one that does has it', async () => {
    const page = await (async () => { const p = await browser.newPage(); p.setDefaultTimeout(12000); return p; })();
    for (const [path, name] of [['/closed', 'trouble'], ['/open', 'card']]) {
      await page.goto(around.url + path);
      const frame = page.frameLocator('iframe');
      await frame.getByRole('button', { name: 'Start the camera' }).click();
      await frame.locator(`selfsame-capture [data-screen="${name}"]`).waitFor();
      if (name === 'trouble') await frame.getByText('in a tab of its own').first().waitFor();
    }
    await page.close();
  });

  test('where the browser does not tell a frame’s no from a person’s, both ways out are said', async () => {
    const context = await browser.newContext();
    const page = await context.newPage(); page.setDefaultTimeout(12000);
    // As Firefox and Safari.
    await page.addInitScript(() => delete Document.prototype.featurePolicy && delete Document.prototype.permissionsPolicy);
    await page.goto(`${around.url}/closed`);
    const frame = page.frameLocator('iframe');
    await frame.getByRole('button', { name: 'Start the camera' }).click();
    for (const words of ['in the browser’s settings', 'in a tab of its own']) {
      await frame.getByRole('paragraph').filter({ hasText: words }).first().waitFor();
    }
    await context.close();
  });
});
