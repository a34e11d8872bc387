// Head turns in a real browser: the camera shows the browser's own pattern, a scripted engine sees a head in it that does as the
// hints say, and a scripted server draws and refuses.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { launch, whyNoBrowser } from './support/chromium.mjs';
import { at, hinted, html } from './support/component.mjs';
import { pageServer } from './support/page-server.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SHOTS = process.env.SELFSAME_SHOTS;
const DIST = new URL('../dist/', import.meta.url).pathname;
const FRAMES = { 1: 6, 2: 10 };

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (claims) => [part({ alg: 'HS256' }), part({ partner_params: { user_id: 'ada', job_id: 'j' }, ...claims }), 'c2ln'].join('.');
const challenge = (id, ...turns) => ({ id, turns, expires_at: '2026-01-31T12:02:00.000Z', seconds: 120 });
const json = (body, status = 200) => ['application/json', JSON.stringify(body), status];

/** The head does what the hints say; `head.send` sends it elsewhere. */
function person() {
  const channel = new BroadcastChannel('head');
  const ways = { hintLeft: { yaw: 33, pitch: 0 }, hintRight: { yaw: -33, pitch: 0 }, hintUp: { yaw: 0, pitch: 25 } };
  const straight = { yaw: 0, pitch: 0 };
  globalThis.head = { send: (way) => channel.postMessage(way), obeys: true };
  globalThis.seen = { hints: [], shown: [], published: [], trouble: [], submitted: [] };
  // Every hint is noted as it is shown: a head that obeys is on its way before a test that looks now and then has seen why.
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (init) {
    const root = attach.call(this, init);
    new MutationObserver((records) => {
      for (const { target, addedNodes } of records) if (target.className === 'hint') for (const { data } of addedNodes) seen.shown.push(data);
    }).observe(root, { childList: true, subtree: true });
    return root;
  };
  addEventListener('look', ({ detail: { hint } }) => {
    if (hint !== seen.hints.at(-1)) seen.hints.push(hint);
    if (!head.obeys) return;
    if (hint in ways) head.send(ways[hint]);
    else if (['hintBack', 'hintStraight', 'hintNoFace', 'hintOtherWay'].includes(hint)) head.send(straight);
  });
  addEventListener('publish', ({ detail }) => seen.published.push(detail));
  addEventListener('submitted', ({ detail }) => seen.submitted.push(detail));
  addEventListener('trouble', ({ detail: { error } }) => seen.trouble.push([error?.kind, error?.reason ?? error?.message]));
}

describe('a challenge', { skip: whyNoBrowser() }, () => {
  let site, browser, asked, answers;
  before(async () => {
    const answer = (kind) => (body) => {
      asked[kind].push(body.toString('latin1'));
      const list = answers[kind];
      return list[Math.min(asked[kind].length, list.length) - 1];
    };
    const api = Object.fromEntries(['token', 'challenge', 'upload', 'package', 'status'].map((kind) => [kind, ['', answer(kind)]]));
    const built = (path) => ['text/javascript', readFileSync(path)];
    site = await pageServer({
      '/selfsame-capture.js': built(join(DIST, 'selfsame-capture.js')),
      '/selfsame-engine.js': built(new URL('support/scripted-engine.js', import.meta.url).pathname),
      '/own': ['text/html', html('capture="selfie"')],
      '/own-by-hand': ['text/html', html('capture="selfie" assets="/nowhere/"')],
      '/with-card': ['text/html', html('capture="selfie id-card-front"')],
      '/my/token': api.token,
      '/my/status': api.status,
      '/sandbox/v1/challenge': api.challenge,
      '/sandbox/v1/upload': api.upload,
      '/package': api.package,
    });
    browser = await launch(undefined, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream');
  });
  after(async () => {
    await browser?.close();
    await site?.close();
  });
  beforeEach(() => {
    asked = { token: [], challenge: [], upload: [], package: [], status: [] };
    const done = { job_complete: true, job_success: true, result: { ResultCode: '0820', ResultText: 'yes' } };
    answers = {
      token: [json({ token: token({ challenge: challenge('chl_a', 'left', 'up') }) })],
      challenge: [json({ challenge: challenge('chl_drawn', 'right') })],
      upload: [json({ upload_url: `${site.url}/package`, smile_job_id: 's', code: '2202' })],
      package: [json({})],
      status: [json(done)],
    };
  });

  /** A page with the component, which submits as `submission` says, or lets the page's own function draw. */
  async function open(t, path, { submission, drawn } = {}, context = {}) {
    const page = await (await browser.newContext({ viewport: { width: 420, height: 860 }, ...context })).newPage();
    t.after(() => page.context().close());
    await page.addInitScript(person);
    await page.goto(site.url + path);
    await page.addScriptTag({ content: AXE });
    await page.evaluate(
      async ([given, list]) => {
        await customElements.whenDefined('selfsame-capture');
        const element = document.querySelector('selfsame-capture');
        const post = async (to) => (await fetch(to, { method: 'POST', body: '{}' })).json();
        if (list) element.drawChallenge = async () => (list.length > 1 ? list.shift() : list[0]);
        if (!given) return;
        const auth = { webToken: async () => (await post('/my/token')).token, jobStatus: () => post('/my/status') };
        element.submission = { server: location.origin, partnerId: '2343', jobType: 2, ...auth, ...given };
        element.restart();
      },
      [submission, drawn],
    );
    await at(page, 'welcome');
    return page;
  }

  const start = (page) => page.getByRole('button', { name: 'Start the camera' }).click();
  const use = async (page) => {
    await at(page, 'review');
    await page.getByRole('button', { name: 'Use this picture' }).click();
  };
  /** Waits until a hint that says something was shown, be it for a moment. */
  const wasHinted = (page, words) =>
    page.waitForFunction(([source]) => seen.shown.some((one) => new RegExp(source, 'i').test(one)), [words.source], { timeout: 60_000 });
  const again = (page) => page.getByRole('button', { name: 'Try again' }).click();
  const seen = (page) => page.evaluate(() => globalThis.seen);
  const last = (kind) => JSON.parse(asked[kind].at(-1));

  async function check(page, name) {
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.png`) });
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: 'tag', values } }), tags);
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`), [], name);
  }
  const arrow = (page) =>
    page.evaluate(() => {
      const found = document.querySelector('selfsame-capture').shadowRoot.querySelector('.arrow');
      const { left, width } = found.getBoundingClientRect();
      return { turn: found.dataset.turn, centre: left + width / 2, animation: getComputedStyle(found).animationName };
    });

  test('is guided by words, voice and arrows; the frames come in order', async (t) => {
    const page = await open(t, '/own', { drawn: [challenge('chl_own', 'left', 'right')] });
    await page.getByText('You will be asked to turn your head').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Choose a picture file' }).count(), 0, 'a file follows no challenge');
    await check(page, 'challenge-welcome');
    await page.evaluate(() => {
      globalThis.spoken = [];
      const region = document.querySelector('selfsame-capture').shadowRoot.querySelector('[aria-live]');
      new MutationObserver(() => spoken.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
    });
    await page.evaluate(() => (head.obeys = false));
    await start(page);
    await hinted(page, /to your left/);
    const left = await arrow(page);
    assert.deepEqual([left.turn, left.animation], ['left', 'beckon']);
    assert.ok(left.centre < 210, 'in a mirror, left is left');
    await check(page, 'challenge-left');
    const said = (words) => page.waitForFunction(([source]) => spoken.some((one) => new RegExp(source).test(one)), [words.source]);
    await said(/head slowly to your left/);
    // The wrong way first, then too little.
    await page.evaluate(() => head.send({ yaw: -20, pitch: 0 }));
    await hinted(page, /other way/);
    await said(/other way/);
    await page.evaluate(() => head.send({ yaw: 14, pitch: 0 }));
    await hinted(page, /further/);
    await page.evaluate(() => head.send({ yaw: 33, pitch: 0 }));
    await hinted(page, /straight at the camera again/);
    await page.evaluate(() => head.send({ yaw: 0, pitch: 0 }));
    await hinted(page, /to your right/);
    const right = await arrow(page);
    assert.ok(right.turn === 'right' && right.centre > 210);
    await page.evaluate(() => ((head.obeys = true), head.send({ yaw: -33, pitch: 0 })));
    await use(page);
    await at(page, 'published');
    const { hints, published, trouble } = await seen(page);
    assert.deepEqual(trouble, []);
    const [{ images, meta }] = published;
    assert.deepEqual(images.map((image) => image.image_type_id), [2, ...Array(FRAMES[2]).fill(6)]);
    assert.equal(new Set(images.map(({ image }) => image)).size, images.length, 'no two are the same');
    assert.deepEqual([meta.challengeId, meta.guided], ['chl_own', true]);
    assert.ok(!hints.includes('hintSmile'));
  });

  test('from right to left the arrow still points to the person’s left, and keeps still where less movement is asked for', async (t) => {
    const page = await open(t, '/own', { drawn: [challenge('chl_own', 'left')] }, { reducedMotion: 'reduce' });
    await page.evaluate(() => ((head.obeys = false), document.querySelector('selfsame-capture').setAttribute('lang', 'ar')));
    await page.getByRole('button', { name: 'تشغيل الكاميرا' }).click();
    await hinted(page, /يسارك/);
    const { turn, centre, animation } = await arrow(page);
    assert.deepEqual([turn, centre < 210, animation], ['left', true, 'none']);
    await check(page, 'challenge-arabic');
  });

  test('the page’s token brings the challenge, and the job goes with both', async (t) => {
    const page = await open(t, '/own', { submission: { challenge: true } });
    assert.equal(asked.token.length, 0, 'not before the person is ready');
    await start(page);
    await use(page);
    await at(page, 'passed');
    assert.equal(asked.token.length, 1);
    const { token: sent, challenge_id } = last('upload');
    assert.deepEqual([sent, challenge_id], [token({ challenge: challenge('chl_a', 'left', 'up') }), 'chl_a']);
    assert.equal(asked.package[0].split('liveness_').length - 1, 3 * FRAMES[2], 'named in the list, in the zip, and in its directory');
    assert.equal(asked.challenge.length, 0);
  });

  test('a token without a challenge has one drawn where the page asks for it, and none where it does not', async (t) => {
    answers.token = [json({ token: token({}) })];
    const page = await open(t, '/own', { submission: { challenge: true } });
    await start(page);
    await use(page);
    await at(page, 'passed');
    assert.equal(last('challenge').token, token({}));
    assert.deepEqual([last('upload').token, last('upload').challenge_id], [token({}), 'chl_drawn']);
  });

  test('a token that came with the page is read for its challenge; where little of its time is left another is drawn with it', async (t) => {
    for (const [seconds, id, draws] of [[120, 'chl_page', 0], [40, 'chl_drawn', 1]]) {
      const webToken = token({ challenge: { ...challenge('chl_page', 'right'), seconds } });
      const page = await open(t, '/own', { submission: { webToken } });
      await start(page);
      await use(page);
      await at(page, 'passed');
      assert.deepEqual([last('upload').token, last('upload').challenge_id, asked.challenge.length], [webToken, id, draws]);
    }
    assert.equal(asked.token.length, 0);
  });

  test('a job whose challenge ended before its images came is tried again under its name', async (t) => {
    answers.package.unshift(json({ error: 'expired', code: '2205' }, 410));
    answers.token = [json({ token: token({}) })];
    const page = await open(t, '/own', { submission: { challenge: true, jobId: 'j' } });
    await start(page);
    await use(page);
    await at(page, 'time-up');
    await again(page);
    await use(page);
    await at(page, 'passed');
    assert.deepEqual(asked.upload.map((body) => JSON.parse(body).retry), [undefined, true]);
  });

  test('a token that wants a challenge unasked leads to another capture', async (t) => {
    const page = await open(t, '/own', { submission: {} });
    await start(page);
    await use(page);
    // Frames of a smile follow no challenge: the person is asked for turns now.
    await wasHinted(page, /to your left/);
    await use(page);
    await at(page, 'passed');
    assert.equal(last('upload').challenge_id, 'chl_a');
    assert.deepEqual((await seen(page)).trouble, [['challenge', 'missing']]);
  });

  test('who is too slow gets another challenge', async (t) => {
    const drawn = [challenge('chl_short', 'left'), challenge('chl_long', 'up')];
    const page = await open(t, '/own', { drawn });
    await page.evaluate(() => (head.obeys = false));
    await start(page);
    await hinted(page, /to your left/);
    // The first one's time passes at once, and not before the person was asked for the turn.
    await page.evaluate(() => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + 120_000;
    });
    await wasHinted(page, /time is over/);
    await page.evaluate(() => (head.obeys = true));
    await use(page);
    await at(page, 'published');
    const [{ images, meta }] = (await seen(page)).published;
    assert.deepEqual([meta.challengeId, images.length], ['chl_long', 1 + FRAMES[1]]);
  });

  test('a fixed challenge whose time is over is told of', async (t) => {
    const page = await open(t, '/own', { drawn: [{ ...challenge('chl_short', 'left'), seconds: 2 }] });
    await page.evaluate(() => (head.obeys = false));
    await start(page);
    await at(page, 'time-up');
    await check(page, 'challenge-time-up');
    assert.deepEqual((await seen(page)).trouble, [['challenge', 'expired']]);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await at(page, 'welcome');
  });

  test('who leaves the picture begins anew', async (t) => {
    const page = await open(t, '/own', { drawn: [challenge('chl_own', 'left')] });
    await page.evaluate(() => (head.obeys = false));
    await start(page);
    await hinted(page, /to your left/);
    await page.evaluate(() => head.send({ yaw: 0, pitch: 0, gone: true }));
    await hinted(page, /in the oval/);
    await page.waitForTimeout(1500);
    await page.evaluate(() => ((head.obeys = true), head.send({ yaw: 0, pitch: 0 })));
    await use(page);
    await at(page, 'published');
    assert.equal((await seen(page)).published[0].images.length, 1 + FRAMES[1]);
  });

  test('a server that does not take the challenge any more gets a capture of another', async (t) => {
    answers.upload.unshift(json({ error: 'draw another', code: '2204', reason: 'challenge_expired' }, 400));
    answers.token.push(json({ token: token({ challenge: challenge('chl_b', 'right') }) }));
    const page = await open(t, '/own', { submission: { challenge: true } });
    await start(page);
    await use(page);
    await at(page, 'time-up');
    await again(page);
    await wasHinted(page, /to your right/);
    await use(page);
    await at(page, 'passed');
    assert.deepEqual(asked.upload.map((body) => JSON.parse(body).challenge_id), ['chl_a', 'chl_b']);
    assert.deepEqual((await seen(page)).trouble, [['challenge', 'expired']]);
  });

  test('who did not follow is told how', async (t) => {
    const result = { ResultCode: '0907', ResultText: 'no', evidence: { reasons: ['challenge_not_followed'] } };
    answers.status = [json({ job_complete: true, job_success: false, result })];
    const page = await open(t, '/own', { submission: { challenge: true } });
    await start(page);
    await use(page);
    await at(page, 'not-passed');
    await page.getByText('You will be asked to turn your head').waitFor();
    await check(page, 'challenge-not-followed');
  });

  test('what cannot be drawn is said, and may be tried again', async (t) => {
    answers.token = [json({ token: token({}) })];
    answers.challenge.unshift(json({ error: 'not for you', code: '2205' }, 403));
    const page = await open(t, '/own', { submission: { challenge: true } });
    await start(page);
    await at(page, 'not-begun');
    await page.getByText('not for you (2205)').waitFor();
    await check(page, 'challenge-not-begun');
    await again(page);
    await use(page);
    await at(page, 'passed');
    assert.deepEqual((await seen(page)).trouble.map(([kind]) => kind), ['refused']);
  });

  test('what no server draws is not guided', async (t) => {
    const page = await open(t, '/own', { drawn: [challenge('chl_own', 'left', 'down')] });
    await start(page);
    await at(page, 'not-begun');
    assert.deepEqual((await seen(page)).trouble.map(([kind]) => kind), ['answer']);
  });

  test('without the engine each turn is said in time for its frames', async (t) => {
    const page = await open(t, '/own-by-hand', { drawn: [challenge('chl_own', 'up')] });
    await start(page);
    await page.getByText('then turn your head as you are told').waitFor();
    await page.getByRole('button', { name: 'Take the picture' }).click();
    const both = () => {
      const root = document.querySelector('selfsame-capture').shadowRoot;
      return /chin/i.test(root.querySelector('.hint')?.textContent) && root.querySelector('.arrow')?.dataset.turn === 'up';
    };
    await page.waitForFunction(both, undefined, { timeout: 60_000 });
    await wasHinted(page, /straight at the camera again/);
    await use(page);
    await at(page, 'published');
    const [{ images, meta }] = (await seen(page)).published;
    assert.deepEqual([images.length, meta.challengeId, meta.guided], [1 + FRAMES[1], 'chl_own', false]);
  });

  test('without a challenge nothing changes', async (t) => {
    for (const [path, guided] of [['/own', true], ['/own-by-hand', false]]) {
      const page = await open(t, path);
      assert.equal(await page.getByText('You will be asked to turn your head').count(), 0);
      assert.equal(await page.getByRole('button', { name: 'Choose a picture file' }).count(), 1);
      await start(page);
      if (!guided) await page.getByRole('button', { name: 'Take the picture' }).click();
      await use(page);
      await at(page, 'published');
      const { published, hints } = await seen(page);
      const [{ images, meta }] = published;
      assert.deepEqual([images.length, meta.challengeId, meta.guided], [9, undefined, guided]);
      assert.ok(!guided || hints.includes('hintSmile'));
    }
  });

  test('an ID card comes first, because a challenge ends soon', async (t) => {
    const page = await open(t, '/with-card', { drawn: [challenge('chl_own', 'left')] });
    assert.equal(await page.getByRole('heading', { name: 'Front of your ID card' }).count(), 1);
  });
});
