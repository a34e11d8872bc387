// Each state of the component as a person meets it: pictures of them (SELFSAME_SHOTS names a folder that keeps them), axe-core's
// rules, the keyboard, narrow screens, the dark, and writing from right to left.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { launch, whyNoBrowser } from './support/chromium.mjs';
import { at, componentSite, html } from './support/component.mjs';
import { photographs, whyNot } from './support/real-server.mjs';
import { makeVideos } from './support/video.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SHOTS = process.env.SELFSAME_SHOTS;
const LOOKS = { light: {}, dark: { colorScheme: 'dark' }, narrow: { viewport: { width: 320, height: 568 } }, wide: { viewport: { width: 1280, height: 800 } }, lying: { viewport: { width: 740, height: 360 } } };

describe('screens', { skip: whyNoBrowser() || whyNot() }, () => {
  let site, browser, folder;
  before(async () => {
    if (SHOTS) mkdirSync(SHOTS, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), 'selfsame-screens-'));
    const { ada } = await makeVideos(folder, { ada: ['obama', 'living'] });
    site = await componentSite({
      '/selfie': html('capture="selfie"'),
      '/arabic': html('capture="selfie"', 'ar'),
      '/french': html('capture="selfie" lang="fr"'),
      '/card': html('capture="id-card"'),
      '/unguided': html('capture="selfie" model="/nothing"'),
      '/submit': html('server="/" partner-id="p" user-id="u" job-id="j" job-type="2" token="t"').replace('server="/"', 'server="http://127.0.0.1:9"'),
    });
    browser = await launch(ada);
  });
  after(async () => {
    await browser?.close();
    await site?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(path, look = 'light', prepare) {
    const context = await browser.newContext({ viewport: { width: 420, height: 860 }, ...LOOKS[look] });
    const page = await context.newPage();
    if (prepare) await page.addInitScript(prepare[0], prepare[1]);
    await page.goto(site.url + path);
    await page.addScriptTag({ content: AXE });
    return page;
  }

  /** Keeps a picture, and holds the page to axe's rules of WCAG 2.2 AA and to its own width. */
  async function check(page, name) {
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.png`) });
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: 'tag', values } }), tags);
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
    assert.deepEqual(told, [], name);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= room, `${name} is ${wide} pixels wide in ${room}`);
  }

  /** Waits until the last of the component's parts of a name lies within the window. */
  const inView = (page, part) =>
    page.waitForFunction((name) => {
      const box = [...document.querySelector('selfsame-capture').shadowRoot.querySelectorAll(`[part~="${name}"]:not([hidden])`)].at(-1)?.getBoundingClientRect();
      return box && box.top >= 0 && box.bottom <= innerHeight;
    }, part);

  /** In the page: an engine that is asked nothing while `held`, so that a hint stands for as long as it is looked at. */
  const holdable = () => {
    const waiting = [];
    globalThis.held = false;
    globalThis.release = () => {
      held = false;
      for (const ask of waiting.splice(0)) ask();
    };
    const Real = Worker;
    globalThis.Worker = class extends Real {
      postMessage(...given) {
        const ask = () => super.postMessage(...given);
        if (held) waiting.push(ask);
        else ask();
      }
    };
  };
  /** Waits for a hint, and looks at the page while it stands. */
  async function whileHinted(page, words, act) {
    const seen = ([source]) => (held = new RegExp(source, 'i').test(document.querySelector('selfsame-capture').shadowRoot.querySelector('.hint')?.textContent));
    await page.waitForFunction(seen, [words.source], { timeout: 60_000 });
    await act();
    await page.evaluate(() => release());
  }

  for (const look of Object.keys(LOOKS)) {
    test(`a guided selfie, ${look}`, async () => {
      const page = await open('/selfie', look, [holdable]);
      await at(page, 'welcome');
      await check(page, `welcome-${look}`);
      // By the keyboard alone: the first thing reached is the primary button.
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await at(page, 'selfie');
      // Whatever the screen's size: what is to be seen and pressed is in view.
      for (const part of ['stage', 'button']) await inView(page, part);
      await whileHinted(page, /hold still/, () => check(page, `selfie-hold-${look}`));
      await whileHinted(page, /smile/, () => check(page, `selfie-smile-${look}`));
      await at(page, 'review');
      assert.equal(await page.evaluate(() => document.querySelector('selfsame-capture').shadowRoot.activeElement?.id), 'heading');
      await check(page, `review-${look}`);
      await page.context().close();
    });
  }

  test('hints are spoken', async () => {
    const page = await open('/selfie');
    await page.evaluate(() => {
      globalThis.spoken = [];
      const region = document.querySelector('selfsame-capture').shadowRoot.querySelector('[aria-live]');
      new MutationObserver(() => spoken.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
    });
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await at(page, 'review');
    const spoken = await page.evaluate(() => globalThis.spoken);
    // Whichever hint asks for it: the last one that waits is said.
    assert.ok(spoken.some((sentence) => /smile/i.test(sentence)), spoken.join(' | '));
    await page.context().close();
  });

  test('Arabic is written from right to left, French from the element’s own language', async () => {
    const page = await open('/arabic');
    await at(page, 'welcome');
    await check(page, 'welcome-arabic');
    assert.equal(await page.locator('selfsame-capture section').getAttribute('dir'), 'rtl');
    await page.getByRole('button', { name: 'تشغيل الكاميرا' }).click();
    await at(page, 'selfie');
    await page.waitForTimeout(500);
    await check(page, 'selfie-arabic');
    await at(page, 'review');
    await check(page, 'review-arabic');
    await page.context().close();
    const french = await open('/french', 'dark');
    await french.getByRole('button', { name: 'Démarrer la caméra' }).waitFor();
    await check(french, 'welcome-french-dark');
    await french.context().close();
  });

  const TROUBLES = { NotAllowedError: 'denied', NotFoundError: 'missing', NotReadableError: 'busy', TypeError: 'failed' };
  for (const [name, trouble] of Object.entries(TROUBLES)) {
    test(`a camera that is ${trouble} is explained, and may be tried again`, async () => {
      const refuse = (error) => {
        const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        globalThis.refusing = true;
        navigator.mediaDevices.getUserMedia = async (wanted) => {
          if (!refusing) return real(wanted);
          throw new DOMException('as the test wants it', error);
        };
      };
      const page = await open('/selfie', 'light', [refuse, name]);
      await page.getByRole('button', { name: 'Start the camera' }).click();
      await at(page, 'trouble');
      await check(page, `trouble-${trouble}`);
      await page.evaluate(() => (globalThis.refusing = false));
      await page.getByRole('button', { name: 'Try again' }).click();
      await at(page, 'selfie');
      await page.context().close();
    });
  }

  test('a page that did not come over HTTPS is told so', async () => {
    const page = await open('/selfie', 'light', [() => Object.defineProperty(globalThis, 'isSecureContext', { value: false })]);
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await page.getByRole('paragraph').filter({ hasText: 'HTTPS' }).waitFor();
    await page.context().close();
  });

  test('a camera that goes away is noticed', async () => {
    const keep = () => {
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wanted) => (globalThis.stream = await real(wanted));
    };
    const page = await open('/card', 'light', [keep]);
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await at(page, 'card');
    await page.evaluate(() => stream.getTracks().forEach((track) => (track.stop(), track.dispatchEvent(new Event('ended')))));
    await at(page, 'trouble');
    await page.context().close();
  });

  test('an ID card’s front and back, and the camera let go in the end', async () => {
    const page = await open('/card');
    await page.evaluate(() => addEventListener('publish', ({ detail }) => (globalThis.published = detail)));
    await at(page, 'welcome');
    await check(page, 'welcome-card');
    await page.getByRole('button', { name: 'Start the camera' }).click();
    for (const side of ['front', 'back']) {
      await at(page, 'card');
      await page.waitForFunction(() => document.querySelector('selfsame-capture').shadowRoot.querySelector('video').videoWidth > 0);
      await check(page, `card-${side}`);
      await page.getByRole('button', { name: 'Take the picture' }).click();
      await at(page, 'review');
      await check(page, `card-${side}-review`);
      await page.getByRole('button', { name: 'Use this picture' }).click();
    }
    await at(page, 'published');
    const types = await page.evaluate(() => published.images.map((image) => image.image_type_id));
    assert.deepEqual(types, [3, 7]);
    await page.context().close();
  });

  test('without the engine the person takes the picture by hand', async () => {
    const page = await open('/unguided');
    await page.evaluate(() => addEventListener('publish', ({ detail }) => (globalThis.published = detail)));
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await at(page, 'selfie');
    const shutter = page.getByRole('button', { name: 'Take the picture' });
    await shutter.waitFor();
    await check(page, 'selfie-by-hand');
    await shutter.click();
    await at(page, 'review');
    await page.getByRole('button', { name: 'Use this picture' }).click();
    await at(page, 'published');
    assert.deepEqual(await page.evaluate(() => [published.images.length, published.meta.guided]), [9, false]);
    await page.context().close();
  });

  test('a file will do where there is no camera, if it shows one face', async () => {
    const page = await open('/selfie');
    const choose = async (button, file) => {
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: button }).click()]);
      await chooser.setFiles(file);
    };
    await at(page, 'welcome');
    await choose('Choose a picture file', { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') });
    await at(page, 'file');
    await check(page, 'file-refused');
    await choose('Try again', { name: 'me.jpg', mimeType: 'image/jpeg', buffer: photographs().obama2 });
    await at(page, 'review');
    await check(page, 'file-review');
    await page.context().close();
  });

  test('what cannot be sent is said, and may be tried again or cancelled', async () => {
    const page = await open('/submit');
    await page.evaluate(() => addEventListener('cancelled', () => (globalThis.over = true)));
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await at(page, 'review');
    await page.getByRole('button', { name: 'Use this picture' }).click();
    await at(page, 'sending');
    await check(page, 'sending');
    await at(page, 'not-sent');
    await check(page, 'not-sent');
    await page.getByRole('button', { name: 'Try again' }).click();
    await at(page, 'sending');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await at(page, 'welcome');
    assert.equal(await page.evaluate(() => globalThis.over), true);
    await page.context().close();
  });
});
