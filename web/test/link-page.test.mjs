// The page behind a link in a real browser, under the policy that the server gives it. A scripted server says what it looks up and
// gives tokens; the pictures are the browser's own pattern, taken by hand.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { strFromU8, unzipSync } from 'fflate';

import { launch, whyNoBrowser } from './support/chromium.mjs';
import { pageServer } from './support/page-server.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SHOTS = process.env.SELFSAME_SHOTS;
const DIST = new URL('../dist/', import.meta.url).pathname;
const NUMBER = '00000000000';
const LINK = '/links/AAAAAAAAAAAAAAAAAAAAAA';

const json = (body, status = 200) => ['application/json', JSON.stringify(body), status];
// A kind of ID that is offered to this partner only: the lists for everybody have none.
const choice = (id_type, label, method) => ({
  country: 'NG', country_name: 'Nigeria', id_type, label, method, id_number_regex: '^[0-9]{11}$', required_fields: [],
});
const face = choice('NIN', 'National ID', 'biometric_kyc');
const number = choice('BVN', 'BVN', 'enhanced_kyc');

const escaped = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
/** As the server makes it; what of the policy a page can say of itself. */
const html = (told, inside) => `<!doctype html><html lang="en"><head><meta charset="utf-8">
  <meta http-equiv="content-security-policy" content="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';
    worker-src 'self'; connect-src 'self'; media-src 'self' blob: mediastream:; base-uri 'none'; form-action 'none'; img-src 'self' blob:">
  <meta name="viewport" content="width=device-width, initial-scale=1"><title>Shop</title>
  <link rel="stylesheet" href="../capture/selfsame-link.css"><script type="module" src="../capture/selfsame-link.js"></script></head>
  <body><main id="link" data-link="${escaped(JSON.stringify(told))}">${inside}</main></body></html>`;

const why = whyNoBrowser() || (!existsSync(join(DIST, 'selfsame-link.js')) && 'web/dist is not built: npm run build');

describe('a link', { skip: why }, () => {
  let site, browser, asked, answers, told;
  before(async () => {
    const answer = (kind) => ['', (body) => {
      asked[kind].push(body.length > 0 && kind !== 'package' ? JSON.parse(body.toString()) : body);
      const list = answers[kind];
      return list[Math.min(asked[kind].length, list.length) - 1];
    }];
    const built = (name, type) => [type, readFileSync(join(DIST, name))];
    site = await pageServer({
      [LINK]: ['text/html', () => html(told, '<h1 id="name">Shop</h1><p id="description">Please show who you are</p>')],
      [`${LINK}/token`]: answer('token'),
      '/capture/selfsame-link.js': built('selfsame-link.js', 'text/javascript'),
      '/capture/selfsame-link.css': built('selfsame-link.css', 'text/css'),
      '/thanks': ['text/html', '<!doctype html><title>Thanks</title>'],
      '/sandbox/v1/services': answer('services'),
      '/sandbox/v1/products_config': answer('config'),
      '/sandbox/v1/upload': answer('upload'),
      '/sandbox/v1/async_id_verification': answer('lookup'),
      '/package': answer('package'),
    });
    browser = await launch(undefined, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream');
  });
  after(async () => {
    await browser?.close();
    await site?.close();
  });
  beforeEach(() => {
    asked = { token: [], services: [], config: [], upload: [], lookup: [], package: [] };
    const claims = Buffer.from(JSON.stringify({ partner_params: { user_id: 'u', job_id: 'j' } })).toString('base64url');
    answers = {
      token: [json({ token: `e30.${claims}.c2ln`, expires_in: 900, user_id: 'u', job_id: 'j' })],
      services: [json({ hosted_web: {} })],
      config: [json({ consentRequired: { NG: ['NIN'] }, idSelection: {} })],
      upload: [json({ upload_url: `${site.url}/package`, smile_job_id: 's', code: '2202' })],
      lookup: [json({ success: true })],
      package: [json({})],
    };
    told = { state: 'open', open: { partner: 'p', production: false, policy: 'https://shop.example/privacy', challenge: false, choices: [face, number] } };
  });

  async function open(t, look = {}) {
    // The tests' own script is not the page's: the policy stands for the page.
    const context = await browser.newContext({ viewport: { width: 420, height: 860 }, ...look });
    t.after(() => context.close());
    const page = await context.newPage();
    const refused = [];
    page.on('console', (message) => /content security policy/i.test(message.text()) && refused.push(message.text()));
    page.refused = refused;
    await page.goto(site.url + LINK);
    return page;
  }
  const at = (page, name) => page.waitForSelector(`[data-screen="${name}"]`, { timeout: 60_000 });
  const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
  async function check(page, name) {
    assert.deepEqual(page.refused, [], 'the page asks for nothing that its policy refuses');
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.png`) });
    await page.evaluate(AXE);
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: 'tag', values } }), tags);
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`), [], name);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= room, `${name} is ${wide} pixels wide in ${room}`);
  }

  test('says what is asked and lets the person choose; who does not agree goes no further', async (t) => {
    const page = await open(t);
    await at(page, 'agreement');
    await check(page, 'link-agreement');
    assert.equal(await page.getByRole('link').getAttribute('href'), 'https://shop.example/privacy');
    await press(page, 'I agree');
    const which = page.getByLabel('Which ID do you want to use?');
    assert.equal(await which.getAttribute('aria-invalid'), 'true');
    assert.equal(await which.evaluate((input) => input.getRootNode().activeElement === input), true, 'led to what is missing');
    await check(page, 'link-nothing-chosen');
    await press(page, 'I do not agree');
    await at(page, 'declined');
    assert.equal(asked.token.length, 0);
    await press(page, 'Back');
    await at(page, 'agreement');
  });

  test('takes a selfie with the number of the ID that was chosen, and leads back', async (t) => {
    told.open.redirect = 'https://shop.example/thanks';
    told.open.theme = '#7a1fa2';
    const page = await open(t);
    await page.route('https://shop.example/**', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Thanks</title>' }));
    await at(page, 'agreement');
    await page.getByLabel('Which ID do you want to use?').selectOption({ label: 'National ID, Nigeria' });
    await press(page, 'I agree');
    await at(page, 'identity');
    await check(page, 'link-number');
    assert.equal(await page.getByRole('combobox').count(), 0, 'what was chosen is not asked again');
    await page.getByRole('textbox').fill('12');
    await press(page, 'Continue');
    assert.equal(asked.upload.length, 0, 'the number must look like one');
    await page.getByRole('textbox').fill(NUMBER);
    await press(page, 'Continue');
    // Agreed to already: not asked again, although this ID needs it.
    await at(page, 'welcome');
    await press(page, 'Start the camera');
    await at(page, 'selfie');
    await press(page, 'Take the picture');
    await at(page, 'review');
    await press(page, 'Use this picture');
    await at(page, 'received');
    await check(page, 'link-received');
    assert.deepEqual(asked.token, [{ country: 'NG', id_type: 'NIN' }], 'one token for one visit');
    const [upload] = asked.upload;
    assert.equal(upload.token, JSON.parse(answers.token[0][1]).token);
    assert.deepEqual([upload.partner_params.user_id, upload.partner_params.job_id], ['u', 'j']);
    const { id_info, consent_information } = JSON.parse(strFromU8(unzipSync(new Uint8Array(asked.package.at(-1)))['info.json']));
    assert.deepEqual(id_info, { country: 'NG', id_type: 'NIN', id_number: NUMBER, entered: 'true' });
    assert.equal(consent_information.consented.personal_details, true);
    assert.deepEqual(upload.consent_information, consent_information, 'on record with the job');
    assert.deepEqual([asked.services, asked.config], [[], []], 'the page knows what it asks for');
    await page.waitForURL('https://shop.example/thanks');
  });

  test('looks a number up without a selfie, and says nothing of the result', async (t) => {
    told.open.choices = [number];
    const page = await open(t, { colorScheme: 'dark', viewport: { width: 320, height: 568 } });
    await at(page, 'agreement');
    await page.getByText('BVN, Nigeria').waitFor();
    await press(page, 'I agree');
    await at(page, 'identity');
    await page.getByRole('textbox').fill(NUMBER);
    answers.lookup.unshift(json({ error: 'busy', code: '2201' }, 503));
    await press(page, 'Continue');
    await at(page, 'not-sent');
    await check(page, 'link-not-sent-dark-narrow');
    await press(page, 'Try again');
    await at(page, 'received');
    const sent = asked.lookup.at(-1);
    assert.deepEqual([sent.country, sent.id_type, sent.id_number, sent.partner_params.job_id], ['NG', 'BVN', NUMBER, 'j']);
    assert.equal(sent.consent_information.consented.personal_details, true);
    assert.equal(await page.getByRole('link').count(), 0, 'it leads nowhere');
  });

  test('that is closed is said to be so, in the person’s language', async (t) => {
    for (const [state, locale, words] of [['used', 'en-GB', 'This link was used already'], ['expired', 'fr-FR', 'Ce lien a expiré'], ['unknown', 'ar-EG', 'لا يوجد رابط كهذا']]) {
      told = { state };
      const page = await open(t, { locale });
      await page.getByRole('heading', { name: words }).waitFor();
      assert.equal(await page.title(), words);
      assert.equal(await page.evaluate(() => document.documentElement.dir), locale.startsWith('ar') ? 'rtl' : 'ltr');
      await check(page, `link-${state}`);
    }
    assert.equal(asked.token.length, 0);
  });

  test('that was used meanwhile is said to be so', async (t) => {
    const page = await open(t);
    await at(page, 'agreement');
    await page.getByLabel('Which ID do you want to use?').selectOption({ label: 'BVN, Nigeria' });
    answers.token = [json({ error: 'gone', code: '2204' }, 410)];
    told = { state: 'used' };
    await press(page, 'I agree');
    await page.getByRole('heading', { name: 'This link was used already' }).waitFor();
  });
});
