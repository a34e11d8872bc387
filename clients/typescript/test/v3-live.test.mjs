// v3 against the real server: a token from the partner's service, a submission from where the key is not, the result by webhook.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { webhookHandler } from '@selfsame/client/node';
import { TokenMinter, V3Client } from '@selfsame/client/v3';

import { photographs, realServer, whyNot } from './support/real-server.mjs';

const person = (given_names, last_name, email) => ({ given_names, last_name, email });
const CLEAR = person('Amina Fatou', 'Clearwater', 'amina.clearwater@example.com');
// Nobody whom the sandbox knows: what it knows of a person comes before who is on file, and before locks.
const ANYBODY = person('Ann', 'Example', 'ann@example.com');
// Nobody listens there: these tests ask for the decision.
const NOWHERE = 'http://127.0.0.1:9/';
const HIGH_RISK = person('Rashid Omar', 'Dangerfield', 'rashid.dangerfield@example.com');

describe('v3 against the real server', { skip: whyNot() }, () => {
  let server, photos, minter;
  const consent = () => ({
    granted: true,
    granted_at: new Date().toISOString(),
    notice_language: 'EN',
    notice_privacy_policy_url: 'https://example.com/privacy',
  });
  const asks = [];
  /** A page of a service that lets it do what it asks for. */
  const page = (bind = (wanted) => wanted) =>
    new V3Client({
      server: server.url,
      token: (wanted) => {
        asks.push(wanted);
        return minter.mint(bind(wanted));
      },
    });
  const submission = (userDetails) => ({
    selfie: photos.obama,
    livenessImages: Array(6).fill(photos.obama),
    consent: consent(),
    userDetails,
    callbackUrl: NOWHERE,
  });
  before(async () => {
    server = await realServer();
    photos = photographs();
    minter = new TokenMinter({ server: server.url, partnerId: server.partnerId, apiKey: server.apiKey });
  });
  after(() => server?.close());

  test('register, authenticate, learn the decision', async () => {
    const userId = randomUUID();
    const client = page();
    const enrolled = await client.register({ ...submission(CLEAR), userId });
    assert.equal(enrolled.userId, userId);
    const cleared = await client.waitUntilComplete(enrolled.jobId);
    assert.deepEqual([cleared.status, cleared.isClear, cleared.jobId], ['clear', true, enrolled.jobId], String(cleared));
    const fetched = asks.length;
    const again = await client.authenticate({ ...submission(HIGH_RISK), userId });
    const blocked = await client.waitUntilComplete(again.jobId);
    assert.deepEqual([blocked.status, blocked.isComplete, blocked.isClear], ['block', true, false], String(blocked));
    assert.equal(asks.length - fetched, 1, 'what is asked after a submission goes with its token');
  });

  test('a lookup is submitted with what the token fixes', async () => {
    const payload = { country: 'NG', id_type: 'NIN', id_number: '00000000000', ...CLEAR, consent: consent(), callback_url: NOWHERE };
    const client = page((wanted) => ({ ...wanted, payload }));
    const taken = await client.enhancedKyc({});
    const ended = await client.waitUntilComplete(taken.jobId);
    assert.equal(ended.status, 'clear', String(ended));
  });

  test('refusals say what they mean', async () => {
    const client = page();
    const unknown = client.authenticate({ ...submission(ANYBODY), userId: randomUUID() });
    await assert.rejects(unknown, { kind: 'refused', reason: 'not_found' });
    const { consent: _, ...without } = submission(CLEAR);
    await assert.rejects(client.register(without), { reason: 'invalid', serverMessage: /consent/ });
    const bound = page(({ product }) => ({ product, userId: 'ada' }));
    await assert.rejects(bound.register({ ...submission(CLEAR), userId: 'eve' }), { reason: 'forbidden' });
    const other = page((wanted) => ({ ...wanted, product: 'enhanced_kyc' }));
    await assert.rejects(other.register(submission(CLEAR)), { reason: 'forbidden' });
    const wrong = new TokenMinter({ server: server.url, partnerId: server.partnerId, apiKey: 'wrong' });
    await assert.rejects(wrong.mint({}), { kind: 'refused', reason: 'unauthenticated' });
  });

  test('a job that nobody knows is not found, and that is no error', async () => {
    const status = await page().status('job_01jd8qk3fxe1x8p2v5w7y9z0ab');
    assert.deepEqual([status.status, status.isComplete], ['not_found', false], String(status));
  });

  test('a token that the server does not take is fetched once more', async () => {
    let fetched = 0;
    const token = (wanted) => ((fetched += 1) === 1 ? 'not.a.token' : minter.mint(wanted));
    const client = new V3Client({ server: server.url, token });
    assert.equal((await client.status('job_01jd8qk3fxe1x8p2v5w7y9z0ab')).status, 'not_found');
    assert.equal(fetched, 2);
  });

  test('what can be looked up is told', async () => {
    const { services } = page();
    const types = await services.supportedIdTypes('NG');
    assert.ok(types.some(({ type, pattern }) => type === 'NIN' && pattern), JSON.stringify(types));
    const config = await services.config();
    assert.ok(config.idTypes('biometric_kyc', 'NG').includes('NIN'), String(JSON.stringify(config)));
  });

  test('the result comes as a webhook that is verified, and once more when it is asked for', async (t) => {
    const results = [];
    let told = () => {};
    const handler = webhookHandler({ partnerId: server.partnerId, apiKey: server.apiKey }, (result) => {
      results.push(result);
      told();
    });
    const receiver = createServer((request, response) => void handler(request, response));
    await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    t.after(() => receiver.close());
    const callbackUrl = `http://127.0.0.1:${receiver.address().port}/`;
    const come = (count) => new Promise((resolve) => (told = () => results.length >= count && resolve()));
    const client = page();
    const first = come(1);
    const taken = await client.register({ ...submission(HIGH_RISK), callbackUrl, partnerParams: { order: '7' } });
    await first;
    const [{ status, reason, product, jobId, userId, partnerParams }] = results;
    assert.deepEqual([status, reason, product], ['block', 'high_risk', 'smart_selfie_registration']);
    assert.deepEqual([jobId, userId, partnerParams.order], [taken.jobId, taken.userId, '7']);
    const second = come(2);
    // The receiver is ahead of the server's record: until that is written, the first is taken for one that waits, and none is added.
    let replayed;
    do replayed = await client.replay(taken.jobId);
    while (/waits to be sent already/.test(replayed.message));
    assert.equal(replayed.jobId, taken.jobId);
    await second;
    const same = ({ status, reason, jobId, completedAt }) => [status, reason, jobId, completedAt];
    assert.deepEqual(same(results[1]), same(results[0]));
  });

  test('fraud is reported, and the user’s authentications are blocked', async () => {
    const userId = randomUUID();
    const client = page();
    const enrolled = await client.register({ ...submission(CLEAR), userId });
    assert.ok((await client.waitUntilComplete(enrolled.jobId)).isClear);
    const reported = await client.reportFraud(userId, { isFraud: true, reportedBy: 'ops@example.com', reason: 'ACCOUNT_TAKEOVER' });
    assert.equal(reported.userId, userId);
    const { jobId } = await client.authenticate({ ...submission(ANYBODY), userId });
    assert.equal((await client.waitUntilComplete(jobId)).status, 'block');
    const nobody = client.reportFraud(randomUUID(), { isFraud: true, reportedBy: 'ops@example.com', reason: 'ACCOUNT_TAKEOVER' });
    await assert.rejects(nobody, { reason: 'not_found' });
  });
});
