// What is asked of a person about their ID, and what is made of it: without a page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { source } from './support/source.mjs';

const { agreement, detailsOf, fits, idInfoOf, isBirthday, isNumeric, isWhole, judge, offers, ProductsConfig, Services } = await source(
  'identity.ts', '../../clients/typescript/src/services.ts',
);
const type = (more = {}) => ({ code: 'NIN', label: 'National ID', pattern: '^[0-9]{11}$', requiredFields: [], ...more });

test('what the page says is not asked', () => {
  assert.equal(isWhole({ country: 'NG', id_type: 'NIN', id_number: '00000000000' }), true);
  assert.equal(isWhole({ entered: 'false' }), true);
  assert.equal(isWhole({ entered: false }), true);
  for (const given of [{}, { country: 'NG', id_type: 'NIN' }, { country: 'NG', id_type: 'NIN', id_number: ' ' }, { entered: 'true' }]) {
    assert.equal(isWhole(given), false, JSON.stringify(given));
  }
});

test('what an ID type wants beside its number is asked in the same order; what nobody can type in is not offered', () => {
  const wants = (...requiredFields) => type({ requiredFields: ['country', 'id_type', 'id_number', 'user_id', 'job_id', ...requiredFields] });
  assert.deepEqual(detailsOf(wants(), {}), []);
  assert.deepEqual(detailsOf(wants('dob', 'last_name', 'first_name'), {}), ['first_name', 'last_name', 'dob']);
  assert.deepEqual(detailsOf(wants('first_name', 'dob'), { first_name: 'Joe', dob: '2000-09-20' }), []);
  assert.deepEqual(detailsOf(wants('day', 'month', 'year'), {}), ['dob'], 'a date is asked in one');
  for (const odd of ['session_id', 'openid_state', 'toString']) assert.equal(detailsOf(wants(odd), {}), undefined, odd);
});

const vectors = JSON.parse(readFileSync(new URL('../../conformance/vectors/lookups.json', import.meta.url)));
const said = (method) => vectors.find((v) => v.method === method).answer.body;
const codes = (countries) => countries.map(({ code, idTypes }) => [code, idTypes.map((each) => each.code)]);

test('offered is what the server looks up, this partner may use, and the page has not ruled out', () => {
  const [services, config] = [new Services(said('services')), new ProductsConfig(said('products_config'))];
  assert.deepEqual(codes(offers(services, config, {})), [['NG', ['NIN', 'PASSPORT']]]);
  assert.deepEqual(codes(offers(services, config, { country: 'ng', id_type: 'nin' })), [['NG', ['NIN']]]);
  assert.deepEqual(offers(services, config, { country: 'GH' }), []);
  assert.deepEqual(offers(services, new ProductsConfig({}), {}), []);
});

test('numbers are held to the server’s pattern, if it is one', () => {
  assert.equal(fits('00000000000', '^[0-9]{11}$'), true);
  assert.equal(fits('0000000000', '^[0-9]{11}$'), false);
  for (const pattern of [undefined, '(', '[']) assert.equal(fits('anything', pattern), true);
  assert.deepEqual(['^[0-9]{11}$', '^\\d+$', '^[A-Z0-9]{9}$', undefined, '^.+$'].map(isNumeric), [true, true, false, false, false]);
});

test('a date of birth is a day that there was', () => {
  const today = new Date('2026-01-31T12:00:00Z');
  for (const day of ['2000-09-20', '2026-01-31', '2024-02-29', '1900-01-01']) assert.equal(isBirthday(day, today), true, day);
  for (const day of ['2026-02-01', '2023-02-29', '2000-13-01', '20.9.2000', '', '1700-01-01', '2000-9-2']) {
    assert.equal(isBirthday(day, today), false, day);
  }
});

test('what is wrong is said field by field', () => {
  const asked = ['country', 'id_type', 'id_number', 'first_name', 'dob'];
  const problems = judge(asked, { country: 'NG', id_type: ' ', id_number: '12', dob: '2999-01-01' }, type());
  assert.deepEqual([...problems], [
    ['id_type', 'missing'], ['id_number', 'wrongNumber'], ['first_name', 'missing'], ['dob', 'wrongDate'],
  ]);
  assert.equal(judge(['id_number'], { id_number: ' 00000000000 ' }, type()).size, 0);
});

test('the wire gets what was given and what was typed in', () => {
  const given = { country: 'NG', id_type: 'NIN', operator: 'x' };
  const values = { id_number: ' 00000000000 ', first_name: 'Joe', dob: '2000-09-20', gender: '' };
  const whole = { ...given, id_number: '00000000000', first_name: 'Joe', dob: '2000-09-20', entered: 'true' };
  assert.deepEqual(idInfoOf(given, values, type()), whole);
  const parts = { year: '2000', month: '09', day: '20' };
  assert.deepEqual(idInfoOf(given, values, type({ requiredFields: ['day', 'month', 'year'] })), { ...whole, ...parts });
  const { consented } = agreement(new Date('2026-01-31T12:00:00Z'));
  assert.equal(consented.consent_granted_date, '2026-01-31T12:00:00.000Z');
  assert.ok(consented.personal_details && consented.contact_information && consented.document_information);
});
