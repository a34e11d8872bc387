// v3's results as webhooks: the server's own, whole and fresh, and no others.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'node:test';

import { webhookSecret } from '@selfsame/client';
import { WebhookVerifier } from '@selfsame/client/v3';

const [PARTNER, KEY] = ['2343', 'key-1'];
const NOW = Date.parse('2026-01-02T03:04:11.000Z');
const RESULT = {
  status: 'block', message: 'm', reason: 'name_mismatch', product: 'biometric_kyc', created_at: '2026-01-02T03:04:05Z',
  completed_at: '2026-01-02T03:04:11Z', partner_params: { order: '7', job_id: 'job_01jd8qk3fxe1x8p2v5w7y9z0ab', user_id: 'ada' },
  kyc_receipt: null, image_links: { selfie_image: 'https://example.com/s.jpg', none: null }, id_fields: null,
  user_provided_info: { given_names: 'Joe', last_name: 'Leo', email: 'joe@example.com', phone_number: null },
  antifraud: { summary: { fraud_detected: false } }, device_signals: null, consent: { schema_version: 'ISO27560-v1' },
};
const hmac = (key, ...parts) => parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest('base64');

/** What a server sends, by Node's own HMAC. */
function sent(body = JSON.stringify(RESULT), { key = KEY, partner = PARTNER, at = NOW } = {}) {
  const timestamp = new Date(at).toISOString();
  const seconds = String(Math.trunc(at / 1000));
  const secret = Buffer.from(webhookSecret(key).replace('whsec_', ''), 'base64');
  const headers = {
    'response-timestamp': timestamp,
    'response-signature': hmac(key, timestamp, partner, 'sid_request'),
    'webhook-id': 'w1',
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${hmac(secret, `w1.${seconds}.`, body)}`,
  };
  return { body, headers };
}
const verify = ({ body, headers }, options = {}) => new WebhookVerifier({ partnerId: PARTNER, apiKey: KEY, ...options }).verify(body, headers, NOW);
const untrusted = (reason) => ({ kind: 'untrusted', reason });

test('a result is read by the wire’s names', () => {
  const result = verify(sent());
  assert.deepEqual(
    [result.status, result.isClear, result.reason, result.product, result.jobId, result.userId, result.completedAt],
    ['block', false, 'name_mismatch', 'biometric_kyc', RESULT.partner_params.job_id, 'ada', RESULT.completed_at],
  );
  assert.deepEqual([result.kycReceipt, result.idFields, result.partnerParams.order], [undefined, undefined, '7']);
  assert.deepEqual(result.imageLinks, { selfie_image: 'https://example.com/s.jpg' });
  assert.equal(result.antifraud.summary.fraud_detected, false);
  assert.equal(result.userProvidedInfo.given_names, 'Joe');
  assert.deepEqual(JSON.parse(JSON.stringify(result)), RESULT);
  const { body, headers } = sent();
  const bytes = new TextEncoder().encode(body);
  assert.equal(verify({ body: bytes, headers: new Headers(headers) }).status, 'block');
  const strange = verify(sent(JSON.stringify({ status: 7, reason: [], partner_params: 'x', image_links: [] })));
  assert.deepEqual([strange.status, strange.isClear, strange.reason, strange.jobId, strange.imageLinks], ['', false, undefined, undefined, {}]);
});

test('what is not the server’s, or not fresh, is refused', () => {
  assert.throws(() => verify(sent(undefined, { key: 'another' })), untrusted('wrong_signature'));
  assert.throws(() => verify(sent(undefined, { partner: '9' })), untrusted('wrong_signature'));
  assert.throws(() => verify(sent(undefined, { at: NOW - 310_000 })), untrusted('stale'));
  assert.throws(() => verify(sent(undefined, { at: NOW + 310_000 })), untrusted('future'));
  assert.throws(() => verify(sent('[]')), untrusted('not_an_object'));
  const { body, headers } = sent();
  for (const name of Object.keys(headers)) {
    const { [name]: _, ...fewer } = headers;
    assert.throws(() => verify({ body, headers: fewer }), untrusted('missing'), name);
  }
  const other = sent(undefined, { at: NOW - 1_000 }).headers['response-signature'];
  assert.throws(() => verify({ body, headers: { ...headers, 'response-signature': other } }), untrusted('wrong_signature'));
  const changed = body.replace('block', 'clear');
  assert.throws(() => verify({ body: changed, headers }), untrusted('wrong_signature'));
});

test('the public service’s webhooks carry no code over the body: they are taken where that is said', () => {
  const { body, headers } = sent(undefined, { at: NOW - 1_800_000 });
  const bare = { 'Response-Timestamp': headers['response-timestamp'], 'Response-Signature': headers['response-signature'] };
  assert.equal(verify({ body, headers: bare }, { withoutCode: 'accept' }).status, 'block');
  assert.throws(() => verify({ body, headers }, { withoutCode: 'accept' }), untrusted('stale'), 'a code that is sent is checked');
  const forAnApp = `${new Date(NOW).toISOString().slice(0, -1)}000002Z`;
  const byAnApp = { 'response-timestamp': forAnApp, 'response-signature': hmac(KEY, forAnApp, PARTNER, 'sid_request') };
  assert.throws(() => verify({ body, headers: byAnApp }, { withoutCode: 'accept' }), untrusted('wrong_signature'));
  const minute = { past: 60_000, future: 60_000 };
  assert.throws(() => verify({ body, headers: bare }, { withoutCode: 'accept', window: minute }), untrusted('stale'));
});
