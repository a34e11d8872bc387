// What a link's page makes of what it is told, without a browser.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { source } from './support/source.mjs';

const { accentOf, choose, contrast, CODES, LinkClosed, offeringOf, readTerms, sentencesOf, Tokens } = await source(
  'link/colour.ts', 'link/messages.ts', 'link/terms.ts', 'link/tokens.ts', 'messages/index.ts',
);

const open = (more = {}) => ({
  partner: 'p', production: false, policy: 'https://shop.example/p', challenge: false,
  choices: [{
    country: 'NG', country_name: 'Nigeria', id_type: 'NIN', label: 'National ID', method: 'biometric_kyc', id_number_regex: '^[0-9]{11}$',
    required_fields: ['bank_code', 7], banks: [{ name: 'A bank', code: '01' }, { name: 7 }],
  }],
  ...more,
});
const read = (more) => readTerms(JSON.stringify({ state: 'open', open: open(more) }));

test('an open link is read as the server tells it', () => {
  const terms = read({ redirect: 'https://shop.example/thanks', logo: 'https://shop.example/l.png', theme: '#0a5fb0', challenge: true });
  assert.deepEqual(terms, {
    partner: 'p', production: false, policy: 'https://shop.example/p', challenge: true,
    redirect: 'https://shop.example/thanks', logo: 'https://shop.example/l.png', theme: '#0a5fb0',
    choices: [{
      country: 'NG', countryName: 'Nigeria', idType: 'NIN', label: 'National ID', method: 'biometric_kyc', pattern: '^[0-9]{11}$',
      requiredFields: ['bank_code'], banks: [{ name: 'A bank', code: '01' }],
    }],
  });
  const type = { code: 'NIN', label: 'National ID', pattern: '^[0-9]{11}$', requiredFields: ['bank_code'] };
  assert.deepEqual(offeringOf(terms.choices[0]), {
    countries: [{ code: 'NG', name: 'Nigeria', idTypes: [type] }], banks: [{ name: 'A bank', code: '01' }],
  });
  for (const state of ['used', 'expired', 'unknown']) assert.equal(readTerms(JSON.stringify({ state })), state);
});

test('what cannot be read is no link, and the page leads nowhere but to https', () => {
  for (const text of ['', '{', '[]', 'null', '{}', '{"state":"open"}', '{"state":"open","open":7}']) assert.equal(readTerms(text), 'unknown', text);
  for (const more of [{ partner: 7 }, { policy: 'javascript:alert(1)' }, { policy: 'http://shop.example' }, { choices: [] }, { choices: [{}] }]) {
    assert.equal(read(more), 'unknown', JSON.stringify(more));
  }
  const odd = read({ redirect: 'javascript:alert(1)', logo: 'data:image/png,x', theme: 'red;}', production: 'yes' });
  assert.deepEqual([odd.redirect, odd.logo, odd.theme, odd.production], [undefined, undefined, undefined, false]);
  const method = open().choices.map((each) => ({ ...each, method: 'doc_verification' }));
  assert.equal(read({ choices: method }), 'unknown');
});

test('a colour is used where it can be read', () => {
  assert.equal(Math.round(contrast('#000000', '#ffffff')), 21);
  assert.equal(contrast('#123456', '#123456'), 1);
  assert.deepEqual(accentOf('#0a5fb0', 'light'), { accent: '#0a5fb0', on: '#ffffff' });
  assert.equal(accentOf('#0a5fb0', 'dark'), undefined);
  assert.deepEqual(accentOf('#ffd400', 'dark'), { accent: '#ffd400', on: '#000000' });
  assert.equal(accentOf('#ffd400', 'light'), undefined);
  for (let n = 0; n < 4096; n += 7) {
    const colour = `#${(n * 4097).toString(16).padStart(6, '0').slice(0, 6)}`;
    for (const scheme of ['light', 'dark']) {
      const made = accentOf(colour, scheme);
      if (made) assert.ok(contrast(made.accent, made.on) >= 4.5, colour);
    }
  }
});

test('every language of the component says all that a page says', () => {
  const english = sentencesOf('en');
  for (const code of CODES) {
    const said = sentencesOf(code);
    assert.deepEqual(Object.keys(said), Object.keys(english), code);
    if (code !== 'en') for (const key of Object.keys(said)) assert.notEqual(said[key], english[key], `${code}: ${key}`);
  }
  assert.equal(sentencesOf(choose(['xx']).code), english);
});

const real = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = real;
});

/** A token whose payload says this. */
const token = (claims) => ['e30', Buffer.from(JSON.stringify(claims)).toString('base64url'), 'c2ln'].join('.');
const choice = { country: 'NG', countryName: 'Nigeria', idType: 'NIN', label: 'x', method: 'biometric_kyc' };

test('one token goes through a visit, another where its time is nearly over', async () => {
  const asked = [];
  const answers = [{ token: token({ n: 1 }), expires_in: 900, user_id: 'u', job_id: 'j' }, { token: token({ n: 2 }), expires_in: 60 }, { token: token({ n: 3 }), expires_in: 60 }];
  globalThis.fetch = async (url, { method, body, credentials }) => {
    asked.push([url, method, JSON.parse(body), credentials]);
    return { ok: true, status: 200, json: async () => answers[asked.length - 1] };
  };
  const tokens = new Tokens('/links/x/token', choice);
  assert.equal(await tokens.get(), answers[0].token);
  assert.equal(await tokens.get(), answers[0].token);
  assert.deepEqual(tokens.names, { userId: 'u', jobId: 'j' });
  assert.deepEqual(asked, [['/links/x/token', 'POST', { country: 'NG', id_type: 'NIN' }, 'omit']]);
  const other = new Tokens('/links/x/token', choice);
  assert.equal(await other.get(), answers[1].token);
  assert.equal(other.names, undefined);
  assert.equal(await other.get(), answers[2].token, 'a minute is too short for a selfie');
});

test('a page is told that its link was used meanwhile', async () => {
  for (const [status, kind] of [[410, LinkClosed], [404, LinkClosed], [429, Error], [500, Error]]) {
    globalThis.fetch = async () => ({ ok: false, status, json: async () => ({ error: 'why' }) });
    await assert.rejects(new Tokens('/t', choice).get(), (error) => {
      assert.equal(error instanceof LinkClosed, kind === LinkClosed, String(status));
      return error.message === 'why';
    });
  }
});
