// Job type 1 in a real browser: the person is asked for their ID before the camera, and whether they agree. A scripted server says
// what it looks up; the pictures are the browser's own pattern, taken by hand.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { strFromU8, unzipSync } from 'fflate';

import { launch, whyNoBrowser } from './support/chromium.mjs';
import { at, html } from './support/component.mjs';
import { pageServer } from './support/page-server.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SHOTS = process.env.SELFSAME_SHOTS;
const DIST = new URL('../dist/', import.meta.url).pathname;
const NUMBER = '00000000000';

const json = (body, status = 200) => ['application/json', JSON.stringify(body), status];
const every = ['country', 'id_type', 'id_number', 'user_id', 'job_id'];
const nigeria = {
  NIN: { label: 'National ID', id_number_regex: '^[0-9]{11}$', required_fields: every },
  PASSPORT: { label: 'Passport', id_number_regex: '^[A-Z][0-9]{8}$', required_fields: [...every, 'first_name', 'last_name', 'dob'] },
  BVN_MFA: { label: 'BVN', required_fields: [...every, 'session_id'] },
};
const kenya = { ALIEN_CARD: { label: 'Alien card', id_number_regex: '^[0-9]{6,9}$', required_fields: every } };
const hosted = { NG: { name: 'Nigeria', id_types: nigeria }, KE: { name: 'Kenya', id_types: kenya } };
const config = {
  consentRequired: { NG: ['NIN'] },
  idSelection: { biometric_kyc: { NG: ['NIN', 'PASSPORT', 'BVN_MFA'], KE: ['ALIEN_CARD'] } },
};

describe('an ID number', { skip: whyNoBrowser() }, () => {
  let site, browser, asked, answers;
  before(async () => {
    const answer = (kind) => (body) => {
      asked[kind].push(body);
      const list = answers[kind];
      return list[Math.min(asked[kind].length, list.length) - 1];
    };
    const api = (kind) => ['', answer(kind)];
    const page = (attributes, lang) => ['text/html', html(`capture="selfie" assets="/nowhere/" ${attributes}`, lang)];
    site = await pageServer({
      '/selfsame-capture.js': ['text/javascript', readFileSync(join(DIST, 'selfsame-capture.js'))],
      '/plain': page('privacy-policy="https://partner.example/privacy"'),
      '/arabic': page('', 'ar'),
      '/my/status': api('status'),
      '/sandbox/v1/services': api('services'),
      '/sandbox/v1/products_config': api('config'),
      '/sandbox/v1/upload': api('upload'),
      '/package': api('package'),
    });
    browser = await launch(undefined, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream');
  });
  after(async () => {
    await browser?.close();
    await site?.close();
  });
  beforeEach(() => {
    asked = { status: [], services: [], config: [], upload: [], package: [] };
    answers = {
      services: [json({ hosted_web: { biometric_kyc: hosted } })],
      config: [json(config)],
      upload: [json({ upload_url: `${site.url}/package`, smile_job_id: 's', code: '2202' })],
      package: [json({})],
      status: [json({ job_complete: true, job_success: true, result: { ResultCode: '0810', ResultText: 'yes' } })],
    };
  });

  async function open(t, path, submission = {}, look = {}) {
    const page = await (await browser.newContext({ viewport: { width: 420, height: 860 }, ...look })).newPage();
    t.after(() => page.context().close());
    await page.addInitScript(() => {
      globalThis.seen = { published: [], trouble: [], cancelled: 0 };
      addEventListener('publish', ({ detail }) => seen.published.push(detail.meta));
      addEventListener('trouble', ({ detail: { error } }) => seen.trouble.push(error?.kind));
      addEventListener('cancelled', () => (seen.cancelled += 1));
    });
    await page.goto(site.url + path);
    await page.addScriptTag({ content: AXE });
    await page.evaluate(async (more) => {
      await customElements.whenDefined('selfsame-capture');
      const element = document.querySelector('selfsame-capture');
      const jobStatus = async () => (await fetch('/my/status', { method: 'POST', body: '{}' })).json();
      element.submission = { server: location.origin, partnerId: '2343', jobType: 1, webToken: () => 't', jobStatus, ...more };
      element.restart();
    }, submission);
    return page;
  }

  async function check(page, name) {
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.png`) });
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: 'tag', values } }), tags);
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`), [], name);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= room, `${name} is ${wide} pixels wide in ${room}`);
  }

  const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
  const focused = (page) => page.evaluate(() => document.querySelector('selfsame-capture').shadowRoot.activeElement?.getAttribute('name'));
  /** What a screen reader says of a field beside its name. */
  const described = (page, label) =>
    page.getByLabel(label).evaluate((input) => {
      const id = input.getAttribute('aria-describedby');
      return id && [input.getAttribute('aria-invalid'), input.getRootNode().getElementById(id)?.textContent];
    });
  /** The selfie, by hand. */
  async function capture(page) {
    await at(page, 'welcome');
    await press(page, 'Start the camera');
    await shoot(page);
  }
  async function shoot(page) {
    await at(page, 'selfie');
    await press(page, 'Take the picture');
    await at(page, 'review');
    await press(page, 'Use this picture');
  }
  const sent = (nth = -1) => JSON.parse(strFromU8(unzipSync(new Uint8Array(asked.package.at(nth)))['info.json']));

  test('is asked for before the camera, with consent, and goes along', async (t) => {
    const page = await open(t, '/plain');
    await at(page, 'identity');
    await check(page, 'identity-empty');
    assert.equal(asked.services.length, 1);
    assert.deepEqual(JSON.parse(asked.config[0].toString()).token, 't');
    await page.getByLabel('Country').selectOption('NG');
    assert.equal(await focused(page), 'country', 'who chooses stays where they are');
    const kinds = await page.getByLabel('Kind of ID').locator('option').allTextContents();
    assert.deepEqual(kinds, ['Choose…', 'National ID', 'Passport'], 'what nobody can type in is not offered');
    await page.getByLabel('Kind of ID').selectOption('NIN');
    await page.getByLabel('ID number').fill(NUMBER);
    assert.equal(await page.getByLabel('ID number').getAttribute('inputmode'), 'numeric');
    await page.keyboard.press('Enter');
    await at(page, 'consent');
    await check(page, 'consent');
    assert.equal(await page.getByRole('link').getAttribute('href'), 'https://partner.example/privacy');
    await press(page, 'I agree');
    await capture(page);
    await at(page, 'passed');
    const upload = JSON.parse(asked.upload[0].toString());
    assert.equal(upload.partner_params.job_type, 1);
    const { id_info, consent_information } = sent();
    assert.deepEqual(id_info, { country: 'NG', id_type: 'NIN', id_number: NUMBER, entered: 'true' });
    assert.equal(consent_information.consented.personal_details, true);
    assert.ok(Date.parse(consent_information.consented.consent_granted_date) > 0);
    assert.deepEqual((await page.evaluate(() => seen.published))[0].idInfo, id_info);
  });

  test('what is missing or wrong is said at its field, and led to', async (t) => {
    const page = await open(t, '/plain', {}, { colorScheme: 'dark', viewport: { width: 320, height: 568 } });
    await at(page, 'identity');
    await press(page, 'Continue');
    assert.equal(await focused(page), 'country');
    assert.deepEqual(await described(page, 'Country'), ['true', 'This is needed.']);
    await page.getByLabel('Country').selectOption('NG');
    await page.getByLabel('Kind of ID').selectOption('PASSPORT');
    await page.getByLabel('ID number').fill('nonsense');
    await page.getByLabel('Date of birth').fill('2999-01-01');
    await press(page, 'Continue');
    assert.equal(await focused(page), 'id_number');
    assert.match((await described(page, 'ID number'))[1], /not a number of this kind/);
    assert.match((await described(page, 'First name'))[1], /needed/);
    assert.match((await described(page, 'Date of birth'))[1], /not a date of birth/);
    await check(page, 'identity-wrong-dark-narrow');
    await page.getByLabel('ID number').fill('A00000000');
    assert.equal(await described(page, 'ID number'), null, 'what is corrected is not complained of');
    await page.getByLabel('First name').fill('Joe');
    await page.getByLabel('Family name').fill('Leo');
    await page.getByLabel('Date of birth').fill('2000-09-20');
    await press(page, 'Continue');
    // This kind needs no consent.
    await at(page, 'welcome');
    assert.equal(asked.upload.length, 0);
  });

  test('one kind only is not asked for; Arabic is written from right to left', async (t) => {
    const page = await open(t, '/arabic', { idInfo: { country: 'KE' } });
    await at(page, 'identity');
    assert.equal(await page.getByRole('combobox').count(), 0);
    await check(page, 'identity-arabic');
    assert.equal(await page.getByRole('textbox').getAttribute('dir'), 'ltr');
  });

  test('who does not agree goes no further', async (t) => {
    const page = await open(t, '/plain', { idInfo: { country: 'NG', id_type: 'NIN', id_number: NUMBER } });
    await at(page, 'consent');
    assert.equal(asked.services.length, 0, 'there is no form, so nothing is asked for it');
    await press(page, 'I do not agree');
    await page.waitForFunction(() => seen.cancelled === 1);
    assert.equal(asked.upload.length, 0);
  });

  test('a page that says all is asked nothing', async (t) => {
    const consentInformation = { consented: { personal_details: true } };
    const idInfo = { country: 'NG', id_type: 'NIN', id_number: NUMBER };
    const page = await open(t, '/plain', { idInfo, consentInformation });
    await capture(page);
    await at(page, 'passed');
    assert.deepEqual([asked.services.length, asked.config.length], [0, 0]);
    assert.deepEqual([sent().id_info, sent().consent_information], [{ ...idInfo, entered: 'true' }, consentInformation]);
  });

  test('a number that nobody has may be corrected', async (t) => {
    const unknown = { job_complete: true, job_success: false, result: { ResultCode: '1013', ResultText: 'No such number' } };
    answers.status.unshift(json(unknown));
    const page = await open(t, '/plain', { idInfo: { country: 'KE' } });
    await at(page, 'identity');
    await page.getByLabel('ID number').fill('000001');
    await press(page, 'Continue');
    await capture(page);
    await at(page, 'not-passed');
    await page.getByText('The authority does not know this ID number').first().waitFor();
    await press(page, 'Try again');
    await at(page, 'identity');
    assert.equal(await page.getByLabel('ID number').inputValue(), '000001');
    await page.getByLabel('ID number').fill('000000');
    await press(page, 'Continue');
    await shoot(page);
    await at(page, 'passed');
    assert.deepEqual([sent(0).id_info.id_number, sent(1).id_info.id_number], ['000001', '000000']);
  });

  test('a server that does not answer, or looks nothing up, is said', async (t) => {
    answers.services = [json({ error: 'no', code: '2205' }, 403), json({ hosted_web: {} })];
    const page = await open(t, '/plain');
    await at(page, 'not-begun');
    // The engine, which is not there, is told of, too.
    assert.deepEqual(await page.evaluate(() => seen.trouble.filter(Boolean)), ['refused']);
    await press(page, 'Try again');
    await at(page, 'nothing-offered');
    await check(page, 'nothing-offered');
    await press(page, 'Close');
    await page.waitForFunction(() => seen.cancelled === 1);
  });
});
