// Challenges: who draws them, and which web token goes with a capture.
import assert from 'node:assert/strict';
import test from 'node:test';

import { challengeMillis, Client } from '@selfsame/client';

import { scriptedServer } from './support/scripted-server.mjs';
import { vectors, virtualClock } from './support/vectors.mjs';

const SELFIE = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1]);
const CHALLENGE = vectors('challenges').draw[0].expect;
const WITH = vectors('challenges').claims[0].token;
const WITHOUT = vectors('challenges').claims[1].token;
const DRAWN = { status: 200, body: { challenge: CHALLENGE } };
const [{ script: SCRIPT }] = vectors('scenarios');

/** A client of a scripted server, with the tokens that its partner's service gives, one after another. */
async function client(t, script, tokens) {
  const clock = virtualClock();
  const server = await scriptedServer({ ...SCRIPT, ...script }, { clock, partnerId: '2343', apiKey: 'key-1' });
  t.after(() => server.close());
  const asked = [];
  const webToken = (job) => tokens[Math.min(asked.push(job), tokens.length) - 1];
  const made = new Client({ server: server.url, partnerId: '2343', clock, auth: tokens ? { webToken } : { apiKey: 'key-1' } });
  return { client: made, server, asked };
}

test('with the API key the server draws one, for a user', async (t) => {
  const { client: made, server } = await client(t, { challenge: [{ status: 503, body: {} }, DRAWN] });
  assert.deepEqual(await made.drawChallenge('ada', true, { jobId: 'j-1' }), CHALLENGE);
  const { path, partner_id, user_id, job_id, job_type, timestamp, signature } = server.last('challenge');
  assert.deepEqual([path, partner_id, user_id, job_id, job_type], ['/production/v1/challenge', '2343', 'ada', 'j-1', 2]);
  assert.ok(timestamp && signature);
  assert.equal(server.count('challenge'), 2, 'a busy server is asked again');
  await assert.rejects(made.drawChallenge('', true), { kind: 'argument' });
});

test('the challenge of a web token is the one, and the job comes with the same token', async (t) => {
  const { client: made, server, asked } = await client(t, {}, [WITH, WITHOUT]);
  const challenge = await made.drawChallenge('', false, { jobType: 4 });
  assert.deepEqual(challenge, CHALLENGE);
  assert.equal(asked[0].jobType, 4);
  made.captures.keepSelfie('login', SELFIE, [SELFIE], challenge);
  await made.submitJob('login', 4, false);
  assert.equal(asked.length, 1);
  assert.deepEqual([server.last('upload').token, server.last('upload').challenge_id], [WITH, CHALLENGE.id]);
  assert.equal(server.count('challenge'), 0);
});

test('the holder of a web token without a challenge has one drawn', async (t) => {
  const { client: made, server, asked } = await client(t, { challenge: [DRAWN] }, [WITHOUT]);
  const challenge = await made.drawChallenge('ada', false);
  assert.deepEqual(server.last('challenge'), { path: '/sandbox/v1/challenge', token: WITHOUT });
  made.captures.keepSelfie('login', SELFIE, [SELFIE], challenge);
  await made.submitJob('login', 2, false);
  assert.deepEqual([server.last('upload').token, server.last('upload').challenge_id, asked.length], [WITHOUT, CHALLENGE.id, 1]);
});

test('a token’s challenge is given out once: whoever draws again has another drawn, for the same token', async (t) => {
  const other = { ...CHALLENGE, id: 'chl_other' };
  const { client: made, server } = await client(t, { challenge: [{ status: 200, body: { challenge: other } }] }, [WITH]);
  assert.deepEqual(await made.drawChallenge('', false), CHALLENGE);
  assert.deepEqual(await made.drawChallenge('', false), other);
  assert.equal(server.last('challenge').token, WITH);
  made.captures.keepSelfie('login', SELFIE, [SELFIE], other);
  await made.submitJob('login', 2, false);
  assert.deepEqual([server.last('upload').token, server.last('upload').challenge_id], [WITH, 'chl_other']);
});

test('a challenge that ends before the images have come is told, and the job may be tried again', async (t) => {
  const gone = { status: 410, body: { error: 'expired', code: '2205' } };
  const { client: made, server } = await client(t, { package: [gone, { status: 200, body: {} }] });
  made.captures.keepSelfie('login', SELFIE, [SELFIE], CHALLENGE);
  const names = { user_id: 'ada', job_id: 'j-1' };
  const error = await made.submitJob('login', 2, false, names).catch((thrown) => thrown);
  assert.deepEqual([error.kind, error.reason, error.challenge], ['challenge', 'expired', CHALLENGE]);
  assert.equal(server.last('upload').retry, undefined);
  made.captures.keepSelfie('login', SELFIE, [SELFIE], { ...CHALLENGE, id: 'chl_next' });
  await made.submitJob('login', 2, false, names);
  assert.deepEqual([server.last('upload').retry, server.last('upload').challenge_id], [true, 'chl_next']);
});

test('a token that turns out to want a challenge says which, and serves the next capture', async (t) => {
  const { client: made, server, asked } = await client(t, {}, [WITH, WITHOUT]);
  made.captures.keepSelfie('login', SELFIE);
  const error = await made.submitJob('login', 2, false).catch((thrown) => thrown);
  assert.deepEqual([error.kind, error.reason, error.challenge], ['challenge', 'missing', CHALLENGE]);
  assert.equal(server.count('upload'), 0);
  made.captures.keepSelfie('login', SELFIE, [SELFIE], error.challenge);
  await made.submitJob('login', 2, false);
  assert.deepEqual([server.last('upload').token, asked.length], [WITH, 1]);
});

test('a capture without a challenge replaces one with', async (t) => {
  const { client: made, server } = await client(t, {});
  made.captures.keepSelfie('login', SELFIE, [SELFIE], CHALLENGE);
  made.captures.keepIdCard('login', SELFIE);
  assert.deepEqual(made.captures.read('login').challenge, CHALLENGE);
  made.captures.keepSelfie('login', SELFIE);
  await made.submitJob('login', 2, false);
  assert.equal(server.last('upload').challenge_id, undefined);
  assert.ok(made.captures.read('login').idCardFront);
});

test('how long it lives does not hang on the clock of the device', () => {
  const end = Date.parse(CHALLENGE.expires_at);
  assert.equal(challengeMillis(CHALLENGE, end + 3_600_000), 120_000);
  const { seconds, ...silent } = CHALLENGE;
  assert.equal(challengeMillis(silent, end - 30_000), 30_000);
  assert.equal(challengeMillis(silent, end + 1), 120_000);
  assert.equal(challengeMillis(silent, end - 3_600_000), 120_000);
  assert.equal(challengeMillis({ ...silent, expires_at: 'soon' }, end), 120_000);
});
