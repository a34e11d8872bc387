// What a telephone does to a camera in use: calls, locks, other apps, other tabs. Pictures from before and after are never mixed,
// no picture is taken twice, and the person is told what to do.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { launch, whyNoBrowser } from './support/chromium.mjs';
import { at, componentSite, html } from './support/component.mjs';
import { photographs, whyNot } from './support/real-server.mjs';
import { stamped, tamper } from './support/tampered-camera.js';
import { makeVideos } from './support/video.mjs';

const PAUSED = /camera has paused/;

describe('interruptions', { skip: whyNoBrowser() || whyNot() }, () => {
  let site, browser, folder;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'selfsame-interruptions-'));
    const { ada } = await makeVideos(folder, { ada: ['obama', 'living'] });
    site = await componentSite({
      '/selfie': html('capture="selfie"'),
      '/by-hand': html('capture="selfie" model="/nothing"'),
      '/slow': html('capture="selfie" model="/never.onnx"'),
      '/card': html('capture="id-card-front"'),
    });
    browser = await launch(ada);
  });
  after(async () => {
    await browser?.close();
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a page with a camera in the test's hands, and acts. */
  async function inFront(path, act, prepare = []) {
    const context = await browser.newContext({ viewport: { width: 420, height: 860 } });
    try {
      const page = await context.newPage();
      await page.addInitScript(tamper);
      for (const script of prepare) await page.addInitScript(script);
      await page.goto(site.url + path);
      await act(page);
    } finally {
      await context.close();
    }
  }

  const start = async (page, name = 'selfie') => {
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await at(page, name);
  };
  /** Waits for the next hint that says something; `then` acts in the page while it is shown, however slow the machine is. */
  const hinted = (page, words, then = () => undefined) => page.evaluate(`camera.heard(${words}, ${then})`);
  /** Waits until the camera has given so many more pictures. */
  const pictures = (page, count) => page.evaluate((more) => camera.pictures(more), count);
  /** Waits until the component shows the camera's picture. */
  const begun = async (page) => {
    await page.waitForFunction(() => document.querySelector('selfsame-capture').shadowRoot.querySelector('video').videoWidth > 0);
    await pictures(page, 8);
  };
  /** Starts the camera, and acts in the page when frames are being taken. */
  const underWay = async (page, then) => {
    const acted = hinted(page, /smile/i, then);
    await Promise.all([acted, start(page)]);
  };
  const goOn = (page) => page.getByRole('button', { name: 'Go on' });
  const tryAgain = (page) => page.getByRole('button', { name: 'Try again' });
  const notPublished = async (page) => assert.equal(await page.evaluate(() => camera.seen.published.length), 0);

  /** Accepts the pictures: as many as were wanted, all of them stamped, no two the same. */
  async function allStamped(page, count = 9) {
    await at(page, 'review');
    await page.getByRole('button', { name: 'Use this picture' }).click();
    await at(page, 'published');
    assert.deepEqual(await page.evaluate(stamped), Array(count).fill(true));
    const images = await page.evaluate(() => camera.seen.published[0].images.map(({ image }) => image));
    assert.equal(new Set(images).size, count);
  }

  test('a video that was paused goes on by itself, and the selfie begins anew', () =>
    inFront('/selfie', async (page) => {
      await underWay(page, () => {
        camera.stamp = true;
        camera.pause();
      });
      await hinted(page, PAUSED);
      await allStamped(page);
    }));

  test('a video that may not go on by itself does when the person says so', () =>
    inFront('/selfie', async (page) => {
      await underWay(page, () => {
        Object.assign(camera, { stamp: true, play: 'pressed' });
        camera.pause();
      });
      await notPublished(page);
      await goOn(page).click();
      await allStamped(page);
      assert.deepEqual(await page.evaluate(() => camera.seen.trouble), []);
    }));

  test('a video that never goes on is told, nothing is taken from it, and a new camera does', () =>
    inFront('/selfie', async (page) => {
      await underWay(page, () => {
        Object.assign(camera, { stamp: true, play: false });
        camera.pause();
      });
      await at(page, 'trouble');
      await page.getByText('A call or another app may be using it').first().waitFor();
      await notPublished(page);
      assert.deepEqual(await page.evaluate(() => [camera.seen.trouble, camera.tracks[0].readyState]), [['no camera: stalled'], 'ended']);
      await page.evaluate(() => (camera.play = true));
      await tryAgain(page).click();
      await allStamped(page);
    }));

  test('a camera without new pictures goes on when they come', () =>
    inFront('/selfie', async (page) => {
      await underWay(page, () => (camera.mode = 'frozen'));
      await hinted(page, PAUSED);
      await page.evaluate(() => Object.assign(camera, { mode: 'live', stamp: true }));
      await allStamped(page);
    }));

  test('a camera that repeats one picture gives no selfie', () =>
    inFront('/selfie', async (page) => {
      await underWay(page, () => (camera.mode = 'repeated'));
      await at(page, 'trouble');
      await notPublished(page);
    }));

  test('a camera that the system holds for a call goes on after it', () =>
    inFront('/selfie', async (page) => {
      await underWay(page, () => {
        camera.stamp = true;
        camera.mute(true);
      });
      await hinted(page, PAUSED);
      await page.evaluate(() => camera.mute(false));
      await allStamped(page);
    }));

  test('a page out of view waits, however long, and begins anew when it is back', () =>
    inFront('/selfie', async (page) => {
      await underWay(page, () => {
        camera.stamp = true;
        camera.hide(true);
        camera.mode = 'frozen';
        camera.pause();
      });
      // Longer than a page in view waits.
      await page.waitForTimeout(8000);
      await page.evaluate(() => {
        camera.mode = 'live';
        camera.hide(false);
      });
      await allStamped(page);
    }));

  test('a covered lens is no fault of the camera’s', () =>
    inFront('/selfie', async (page) => {
      await underWay(page, () => (camera.mode = 'black'));
      await hinted(page, /face in the oval/);
      await page.waitForTimeout(8000);
      await page.evaluate(() => Object.assign(camera, { mode: 'live', stamp: true }));
      await allStamped(page);
    }));

  test('by hand, what was pressed before a pause does not count after it', () =>
    inFront('/by-hand', async (page) => {
      await start(page);
      const shutter = page.getByRole('button', { name: 'Take the picture' });
      const paused = hinted(page, /smile/i, () => {
        camera.stamp = true;
        camera.pause();
      });
      await Promise.all([paused, shutter.click()]);
      await hinted(page, PAUSED);
      await hinted(page, /face in the oval/);
      await pictures(page, 20);
      assert.deepEqual(await page.evaluate(() => camera.hints), [], 'it goes on waiting');
      await shutter.click();
      await allStamped(page);
    }));

  test('by hand, a camera that repeats one picture gives no selfie', () =>
    inFront('/by-hand', async (page) => {
      await start(page);
      await page.getByRole('button', { name: 'Take the picture' }).waitFor();
      await page.evaluate(() => (camera.mode = 'repeated'));
      await page.getByRole('button', { name: 'Take the picture' }).click();
      await at(page, 'trouble');
      await notPublished(page);
    }));

  test('a card’s picture is not taken in a pause', () =>
    inFront('/card', async (page) => {
      await start(page, 'card');
      await begun(page);
      const shutter = page.getByRole('button', { name: 'Take the picture' });
      await page.evaluate(() => {
        camera.play = false;
        camera.pause();
      });
      await goOn(page).waitFor();
      assert.equal(await shutter.isDisabled(), true);
      await page.evaluate(() => Object.assign(camera, { stamp: true, play: 'pressed' }));
      await goOn(page).click();
      await goOn(page).waitFor({ state: 'hidden' });
      await pictures(page, 8);
      await at(page, 'card');
      await shutter.click();
      await allStamped(page, 1);
    }));

  test('a card’s picture that was wanted of a camera which had stopped is not taken when it goes on', () =>
    inFront('/card', async (page) => {
      await start(page, 'card');
      await begun(page);
      await page.evaluate(() => {
        camera.pause();
        document.querySelector('selfsame-capture').shadowRoot.querySelector('button.primary:not([hidden])').click();
        camera.stamp = true;
      });
      await hinted(page, PAUSED);
      await pictures(page, 30);
      await at(page, 'card');
      await page.getByRole('button', { name: 'Take the picture' }).click();
      await allStamped(page, 1);
    }));

  test('an engine that dies midway is gone on without, by hand', () => {
    const keep = () => {
      const Real = Worker;
      globalThis.Worker = class extends Real {
        constructor(...given) {
          super(...given);
          globalThis.worker = this;
        }
      };
    };
    return inFront(
      '/selfie',
      async (page) => {
        await underWay(page, () => {
          camera.stamp = true;
          worker.terminate();
          worker.dispatchEvent(new ErrorEvent('error', { message: 'as the test wants it' }));
        });
        await page.getByText('Hints are not available').waitFor();
        await page.getByRole('button', { name: 'Take the picture' }).click();
        await allStamped(page);
        const seen = await page.evaluate(() => camera.seen);
        assert.deepEqual([seen.trouble, seen.published[0].meta.guided], [['as the test wants it'], false]);
      },
      [keep],
    );
  });

  test('an engine that is long in coming keeps nobody: who cancels, who has a file, who takes the picture by hand', async () => {
    await inFront('/slow', async (page) => {
      await start(page);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await at(page, 'welcome');
      assert.equal(await page.evaluate(() => camera.tracks[0].readyState), 'ended');
    });
    const page = await browser.newPage();
    await page.goto(`${site.url}/slow`);
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Choose a picture file' }).click()]);
    await chooser.setFiles({ name: 'me.jpg', mimeType: 'image/jpeg', buffer: photographs().obama2 });
    await at(page, 'review');
    await page.close();
    await inFront('/slow', async (page) => {
      await start(page);
      await page.evaluate(() => (camera.stamp = true));
      await page.getByRole('button', { name: 'Take the picture' }).click({ timeout: 60_000 });
      await allStamped(page);
      assert.equal(await page.evaluate(() => camera.seen.published[0].meta.guided), false);
    });
  });
});
