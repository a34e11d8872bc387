// v3: tokens, forms and refusals, against a server that answers by a script.
import assert from 'node:assert/strict';
import test from 'node:test';

import { defaultTransport } from '@selfsame/client';
import { TokenMinter, V3Client } from '@selfsame/client/v3';

import { token, v3Server } from './support/v3-server.mjs';
import { virtualClock } from './support/vectors.mjs';

const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 13, 10, 45, 45]);
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1]);
const JOB = 'job_01jd8qk3fxe1x8p2v5w7y9z0ab';
const TAKEN = { status: 202, body: { status: 'accepted', message: 'm', job_id: JOB, user_id: 'ada', created_at: '2026-01-02T03:04:05.678Z' } };
const consent = { granted: true, granted_at: '2026-01-02T03:04:05.000Z', notice_language: 'EN', notice_privacy_policy_url: 'https://example.com/p' };
const userDetails = { given_names: 'Joe', last_name: 'Léo', email: 'joe@example.com' };
const authentication = { userId: 'ada', selfie: JPEG, livenessImages: [JPEG, JPEG], consent, userDetails };

/** A client of a scripted server, with tokens that live for a quarter of an hour of its clock. */
async function connected(t, answer, { lifetime = 900, ...more } = {}) {
  const clock = virtualClock();
  const server = await v3Server(answer);
  t.after(() => server.close());
  const wanted = [];
  const tokens = (want) => {
    wanted.push(want);
    const exp = Math.trunc(clock.now() / 1000) + lifetime;
    return token({ partner_id: '2343', nth: wanted.length, ...(lifetime > 0 && { exp }) });
  };
  return { clock, server, wanted, client: new V3Client({ server: server.url, clock, token: tokens, ...more }) };
}
const status = (name) => ({ status: { processing: 202, not_found: 404 }[name] ?? 200, body: { status: name, job_id: JOB, user_id: 'unknown' } });

test('a request with a token follows no redirect, also where its progress is wanted', async (t) => {
  const { fetch, XMLHttpRequest } = globalThis;
  t.after(() => Object.assign(globalThis, { fetch, XMLHttpRequest }));
  const redirects = [];
  globalThis.XMLHttpRequest = class {
    constructor() {
      throw new Error('XMLHttpRequest follows redirects');
    }
  };
  globalThis.fetch = async (_url, { redirect }) => {
    redirects.push(redirect);
    return new Response('{}');
  };
  const told = [];
  const request = { method: 'POST', url: 'https://s.example/v3/compare', contentType: 'text/plain', body: 'abc', timeoutMillis: 10_000 };
  const answer = await defaultTransport({ ...request, headers: { 'smileid-token': 't' }, onProgress: (progress) => told.push(progress) });
  assert.deepEqual([answer.status, redirects, told], [200, ['error'], [{ sent: 3, total: 3 }]]);
});

test('a token that does not come is not waited for for ever', async (t) => {
  const { client, server } = await connected(t, () => TAKEN, { token: () => new Promise(() => {}) });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const asked = client.authenticate(authentication);
  await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(30_000);
  await assert.rejects(asked, { kind: 'transport' });
  assert.equal(server.asked.length, 0);
});

test('a submission is a form as the wire has it', async (t) => {
  const { client, server, wanted } = await connected(t, () => TAKEN);
  const metadata = [{ name: 'branch', value: { city: 'Nairobi' } }];
  const options = { idempotencyKey: 'k-1', allowNewEnroll: true, sandboxResult: 810, callbackUrl: 'https://example.com/c', partnerParams: { order: '7' }, metadata };
  const taken = await client.compare({ ...authentication, ...options, comparisonImage: PNG, comparisonImageType: 'ID_PHOTO' });
  assert.deepEqual(taken, { jobId: JOB, userId: 'ada', createdAt: '2026-01-02T03:04:05.678Z', message: 'm' });
  assert.deepEqual(wanted, [{ product: 'smart_selfie_compare', userId: 'ada' }]);
  const { path, headers, body } = server.asked[0];
  assert.equal(path, '/v3/compare');
  assert.equal(headers['smileid-token'].split('.').length, 3);
  const named = ['partner-id', 'source-sdk', 'idempotency-key'].map((name) => headers[`smileid-${name}`]);
  assert.deepEqual(named, ['2343', 'selfsame-typescript', 'k-1']);
  const form = await server.form();
  const said = (name) => form.get(name);
  for (const [name, value] of Object.entries({ user_id: 'ada', allow_new_enroll: 'true', sandbox_result: '810', comparison_image_type: 'ID_PHOTO' })) {
    assert.equal(said(name), value, name);
  }
  for (const [name, value] of Object.entries({ consent, user_details: userDetails, partner_params: { order: '7' }, metadata })) {
    assert.deepEqual(JSON.parse(said(name)), value, name);
  }
  const bytes = async (file) => new Uint8Array(await file.arrayBuffer());
  assert.deepEqual([said('selfie_image').type, said('comparison_image').type], ['image/jpeg', 'image/png']);
  assert.deepEqual(await bytes(said('selfie_image')), JPEG);
  assert.equal(form.getAll('liveness_images').length, 2);
  // A part's head says what the wire wants, and nothing more.
  const text = body.toString('latin1');
  assert.match(text, /form-data; name="user_id"\r\n\r\nada\r\n/);
  assert.match(text, /form-data; name="consent"\r\ncontent-type: application\/json\r\n\r\n\{/);
});

test('each call goes where it belongs, with its user where the wire wants it', async (t) => {
  const { client, server, wanted } = await connected(t, ({ path }) => (path.endsWith('/sync') ? { body: { status: 'clear' } } : TAKEN));
  const who = { country: 'NG', idType: 'NIN', idNumber: '00000000000', userId: 'ada', consent, userDetails };
  const selfies = { selfie: JPEG, livenessImages: [JPEG] };
  await client.register({ ...selfies, userId: 'ada', consent, userDetails });
  await client.authenticate({ userId: 'ada', useEnrolledImage: true });
  await client.biometricKyc({ ...who, ...selfies });
  await client.enhancedKyc({ ...who, bankCode: '044', operator: 'mtn' });
  assert.equal((await client.enhancedKycSync(who)).isClear, true);
  assert.deepEqual(
    server.asked.map(({ path, headers }) => [path, headers['user-id']]),
    [
      ['/v3/registration', 'ada'],
      ['/v3/authentication', undefined],
      ['/v3/biometric_kyc', 'ada'],
      ['/v3/enhanced_kyc', 'ada'],
      ['/v3/enhanced_kyc/sync', 'ada'],
    ],
  );
  const enrolled = await server.form(1);
  assert.deepEqual([...enrolled.keys()].sort(), ['use_enrolled_image', 'user_id']);
  const lookedUp = await server.form(3);
  assert.deepEqual([lookedUp.get('id_number'), lookedUp.get('bank_code'), lookedUp.get('operator')], ['00000000000', '044', 'mtn']);
  // One token for each purpose; the two lookups share theirs.
  assert.deepEqual(
    wanted.map(({ product }) => product),
    ['smart_selfie_registration', 'smart_selfie_authentication', 'biometric_kyc', 'enhanced_kyc'],
  );
});

test('what cannot be sent is not', async (t) => {
  const { client, server } = await connected(t, () => TAKEN);
  const wrong = { kind: 'argument' };
  const throws = async (act) => assert.rejects(async () => act(), wrong);
  await throws(() => client.register({ ...authentication, userId: 'ada\r\nx: y' }));
  await throws(() => client.register({ ...authentication, idempotencyKey: ' a' }));
  await throws(() => client.register({ ...authentication, selfie: new Uint8Array([1]) }));
  await throws(() => client.status('..'));
  await throws(() => client.reportFraud('', { isFraud: false, reportedBy: 'a@example.com', notes: 'n' }));
  await throws(() => client.waitUntilComplete(JOB, { timeoutMillis: -1 }));
  assert.throws(() => new V3Client({ server: 'faces.example.com', token: () => 't' }), wrong);
  assert.equal(server.asked.length, 0);
});

test('a token is kept until a minute before it ends', async (t) => {
  const { client, clock, wanted, server } = await connected(t, ({ method }) => (method === 'GET' ? status('clear') : TAKEN));
  await Promise.all([client.authenticate(authentication), client.authenticate(authentication)]);
  await client.status(JOB);
  assert.equal(wanted.length, 1, 'a job is asked after with the token that submitted it');
  await clock.sleep(839_000);
  await client.authenticate(authentication);
  assert.equal(wanted.length, 1);
  await clock.sleep(2_000);
  await client.authenticate(authentication);
  assert.equal(wanted.length, 2);
  await client.authenticate({ ...authentication, userId: 'bob' });
  assert.deepEqual(wanted.at(-1), { product: 'smart_selfie_authentication', userId: 'bob' });
  assert.equal(new Set(server.asked.map(({ headers }) => headers['smileid-token'])).size, 3);
});

test('a job is asked after with its own user’s token: another’s does not find it', async (t) => {
  const job = (user) => JOB.replace('0ab', user === 'ada' ? '0aa' : '0ac');
  const { client, server, wanted } = await connected(t, ({ method, headers }) => {
    if (method === 'GET') return status('clear');
    return { status: 202, body: { ...TAKEN.body, job_id: job(headers['user-id']) } };
  });
  const { userId: _, ...registration } = authentication;
  for (const userId of ['ada', 'bob']) await client.register({ ...registration, userId });
  await client.status(job('ada'));
  await client.status(job('bob'));
  const tokens = server.asked.map(({ headers }) => headers['smileid-token']);
  assert.deepEqual([tokens[2], tokens[3]], [tokens[0], tokens[1]]);
  assert.equal(wanted.length, 2);
});

test('a token that does not say when it ends is used once', async (t) => {
  const { client, wanted, server } = await connected(t, () => TAKEN, { lifetime: 0 });
  await Promise.all([1, 2, 3].map(() => client.authenticate(authentication)));
  assert.equal(wanted.length, 3);
  assert.equal(new Set(server.asked.map(({ headers }) => headers['smileid-token'])).size, 3);
});

test('a token that is not taken is fetched once more, and no more', async (t) => {
  const refusal = { status: 401, body: { status: 'Unauthorized', message: 'expired' } };
  const { client, server, wanted } = await connected(t, (_, nth) => (nth === 1 ? refusal : TAKEN));
  assert.equal((await client.authenticate(authentication)).jobId, JOB);
  assert.deepEqual([server.asked.length, wanted.length], [2, 2]);
  assert.deepEqual(server.asked[0].path, server.asked[1].path);
  assert.ok((await server.form(1)).get('selfie_image'));
  const never = await connected(t, () => refusal);
  const error = await never.client.authenticate(authentication).catch((thrown) => thrown);
  assert.deepEqual([error.kind, error.reason, error.serverMessage], ['refused', 'unauthenticated', 'expired']);
  assert.deepEqual([never.server.asked.length, never.wanted.length], [2, 2]);
});

test('a partner’s service that gives no token is told of', async (t) => {
  const server = await v3Server(() => TAKEN);
  t.after(() => server.close());
  const clock = virtualClock();
  const refused = (tokens) => new V3Client({ server: server.url, clock, token: tokens }).authenticate(authentication);
  await assert.rejects(refused(() => Promise.reject(new Error('500'))), { kind: 'transport' });
  await assert.rejects(refused(() => undefined), { kind: 'answer' });
  await assert.rejects(refused(() => 'a\r\nb'), { kind: 'answer' });
  assert.equal(server.asked.length, 0);
});

test('refusals say what they mean', async (t) => {
  const reasons = {
    400: 'invalid', 401: 'unauthenticated', 402: 'no_funds', 403: 'forbidden', 404: 'not_found', 408: 'unavailable', 409: 'conflict',
    413: 'too_large', 415: 'invalid', 418: 'other', 424: 'unavailable', 429: 'too_often', 500: 'failed', 503: 'unavailable',
  };
  for (const [code, reason] of Object.entries(reasons)) {
    const { client, server } = await connected(t, () => ({
      status: Number(code),
      body: { status: 'Text', message: 'why' },
      headers: { 'retry-after': '7', 'x-request-id': 'r1' },
    }));
    const error = await client.authenticate(authentication).catch((thrown) => thrown);
    const { kind, httpStatus, serverMessage, retryAfterMillis, requestId } = error;
    assert.deepEqual(
      { kind, httpStatus, reason: error.reason, serverMessage, retryAfterMillis, requestId },
      { kind: 'refused', httpStatus: Number(code), reason, serverMessage: 'why', retryAfterMillis: 7000, requestId: 'r1' },
    );
    assert.equal(server.asked.length, code === '401' ? 2 : 1, 'a submission is not repeated');
  }
  const html = await connected(t, () => ({ status: 502, body: '<html>' }));
  await assert.rejects(html.client.authenticate(authentication), { reason: 'unavailable', serverMessage: '' });
  const strange = await connected(t, () => ({ status: 202, body: { status: 'queued' } }));
  await assert.rejects(strange.client.authenticate(authentication), { kind: 'answer' });
  const lost = await connected(t, () => ({ drop: true }));
  await assert.rejects(lost.client.authenticate(authentication), { kind: 'transport' });
  assert.equal(lost.server.asked.length, 1);
});

test('questions are asked again, when the server wants them to be', async (t) => {
  const busy = { status: 429, body: { message: 'slow' }, headers: { 'retry-after': '9' } };
  const { client, clock, server } = await connected(t, (_, nth) => [busy, { drop: true }, status('block')][nth - 1]);
  const { status: said, isComplete, isClear } = await client.status(JOB);
  assert.deepEqual([said, isComplete, isClear], ['block', true, false]);
  assert.deepEqual([server.asked.length, clock.elapsed()], [3, 10_000]);
  const down = await connected(t, () => ({ status: 503, body: {} }));
  await assert.rejects(down.client.status(JOB), { reason: 'unavailable' });
  assert.equal(down.server.asked.length, 3);
});

test('a job is followed until it ends', async (t) => {
  const script = [status('not_found'), status('processing'), { status: 503, body: {} }, status('clear')];
  const { client, server, wanted } = await connected(t, (_, nth) => script[nth - 1]);
  const ended = await client.waitUntilComplete(JOB);
  assert.deepEqual([ended.status, ended.isClear, ended.jobId], ['clear', true, JOB]);
  assert.deepEqual(wanted, [{}], 'who submitted it is not known here');
  assert.equal(server.asked.length, 4);
  assert.ok(server.asked.every(({ path }) => path === `/v3/status/${JOB}`));
});

test('a job that does not end in time is not complete', async (t) => {
  const { client, clock, server } = await connected(t, () => status('processing'));
  const last = await client.waitUntilComplete(JOB, { timeoutMillis: 5_000 });
  assert.deepEqual([last.isComplete, last.status], [false, 'processing']);
  assert.ok(clock.elapsed() <= 5_000 && server.asked.length > 4);
  const gone = await connected(t, () => ({ status: 404, body: { status: 'Not Found', message: 'no such path' } }));
  await assert.rejects(gone.client.waitUntilComplete(JOB), { kind: 'refused', reason: 'not_found' });
  const down = await connected(t, () => ({ drop: true }));
  await assert.rejects(down.client.waitUntilComplete(JOB, { timeoutMillis: 1_000 }), { kind: 'transport' });
});

test('everything can be cancelled', async (t) => {
  const cancelled = { kind: 'cancelled' };
  const stop = new AbortController();
  const { client, server } = await connected(t, () => {
    stop.abort();
    return status('processing');
  });
  await assert.rejects(client.waitUntilComplete(JOB, { signal: stop.signal }), cancelled);
  assert.equal(server.asked.length, 1);
  await assert.rejects(client.authenticate({ ...authentication, signal: stop.signal }), cancelled);
  const waiting = new AbortController();
  const never = new V3Client({ server: server.url, token: () => new Promise(() => setImmediate(() => waiting.abort())) });
  await assert.rejects(never.status(JOB, { signal: waiting.signal }), cancelled);
  assert.equal(server.asked.length, 1);
});

test('a token goes nowhere but to the server', async (t) => {
  const thief = await v3Server(() => TAKEN);
  t.after(() => thief.close());
  const { client } = await connected(t, () => ({ status: 307, headers: { location: `${thief.url}/v3/authentication` } }));
  await assert.rejects(client.authenticate(authentication), { kind: 'transport' });
  assert.equal(thief.asked.length, 0);
});

test('replays and reports of fraud', async (t) => {
  const { client, server, wanted } = await connected(t, () => ({ status: 202, body: { status: 'accepted', message: 'm', job_id: JOB, user_id: 'a/b' } }));
  assert.deepEqual(await client.replay(JOB), { jobId: JOB, userId: 'a/b', message: 'm' });
  assert.deepEqual([server.asked[0].body.length, server.asked[0].headers['content-type']], [0, undefined]);
  await client.replay(JOB, { callbackUrl: 'https://example.com/again' });
  assert.equal((await server.form()).get('callback_url'), 'https://example.com/again');
  await client.reportFraud('a/b', { isFraud: true, reportedBy: 'ops@example.com', reason: 'MULE_ACCOUNT' });
  assert.equal(server.asked.at(-1).path, '/v3/users/a%2Fb/report_fraud');
  const form = await server.form();
  assert.deepEqual([...form], [['is_fraud', 'true'], ['reported_by', 'ops@example.com'], ['reason', 'MULE_ACCOUNT']]);
  // That it was none is not said by a token of the user's; that of the replays is held already.
  await client.reportFraud('a/b', { isFraud: false, reportedBy: 'ops@example.com', notes: 'n' });
  assert.deepEqual(wanted, [{}, { userId: 'a/b' }]);
});

test('what can be looked up', async (t) => {
  const answers = {
    bank_codes: { bank_codes: [{ code: '044', country: 'NG', name: 'Access Bank' }, { code: 7 }] },
    supported_id_types: { id_types: [{ country: 'NG', type: 'BVN', label: 'BVN', regex: '^[0-9]{11}$', required_fields: ['id_number'] }, 5] },
    supported_documents: {
      valid_documents: [{ country: { code: 'GH', name: 'Ghana', continent: 'AFRICA' }, id_types: [{ code: 'PASSPORT', name: 'Passport', example: ['Passport'], has_back: false }] }],
    },
    id_status: { last_known_status: 'online', last_hour_success_rate: '95%' },
    config: { consentRequired: { NG: ['BVN'] }, idSelection: {}, token_provided_fields: ['country'] },
  };
  const { client, server, wanted } = await connected(t, ({ path }) => ({ body: answers[path.split('?')[0].split('/').at(-1)] }));
  const { services } = client;
  assert.deepEqual(await services.bankCodes('NG'), [{ code: '044', country: 'NG', name: 'Access Bank' }]);
  const [type] = await services.supportedIdTypes();
  assert.deepEqual([type.type, type.pattern, type.requiredFields, type.bankCode], ['BVN', '^[0-9]{11}$', ['id_number'], undefined]);
  const [{ country, idTypes }] = await services.supportedDocuments({ countryCode: 'GH', locale: 'fr-FR' });
  assert.deepEqual([country.continent, idTypes[0].hasBack], ['AFRICA', false]);
  assert.deepEqual(wanted, [], 'these are open to everybody');
  const { lastKnownStatus, lastHourSuccessRate, lastChecked } = await services.idStatus('NG', 'BVN');
  assert.deepEqual([lastKnownStatus, lastHourSuccessRate, lastChecked], ['online', '95%', undefined]);
  const config = await services.config({ product: 'enhanced_kyc' });
  assert.deepEqual(wanted, [{}, { product: 'enhanced_kyc' }]);
  assert.deepEqual([config.consentRequired('NG', 'BVN'), config.tokenProvidedFields], [true, ['country']]);
  assert.deepEqual(
    server.asked.map(({ path }) => path.replace('/v3/services/', '')),
    ['bank_codes?country=NG', 'supported_id_types', 'supported_documents?country_code=GH&locale=fr-FR', 'id_status?country=NG&id_type=BVN', 'config'],
  );
  const refused = await connected(t, () => ({ status: 400, body: { error: 'no such country', code: '2204' } }));
  await assert.rejects(refused.client.services.bankCodes('XX'), { reason: 'invalid', code: '2204', serverMessage: 'no such country' });
});

test('tokens are minted with the key, and bound', async (t) => {
  const clock = virtualClock();
  const server = await v3Server((_, nth) => (nth === 1 ? { status: 503, body: {} } : { body: { token: 'a.b.c' } }));
  t.after(() => server.close());
  const minter = new TokenMinter({ server: server.url, partnerId: '2343', apiKey: 'key-1', clock });
  assert.equal(await minter.mint({}), 'a.b.c');
  assert.equal(server.asked.length, 2, 'a busy server is asked again');
  const { path, headers, body } = server.asked[1];
  assert.deepEqual([path, headers['smileid-partner-id'], headers['smileid-api-key'], body.length], ['/v3/token', '2343', 'key-1', 0]);
  const payload = { country: 'NG', consent };
  await minter.mint({ userId: 'ada', product: 'enhanced_kyc', partnerParams: { order: '7' }, allowNewEnroll: false, payload });
  const form = await server.form();
  assert.deepEqual(['user_id', 'product', 'allow_new_enroll'].map((name) => form.get(name)), ['ada', 'enhanced_kyc', 'false']);
  assert.deepEqual([JSON.parse(form.get('payload')), JSON.parse(form.get('partner_params'))], [payload, { order: '7' }]);
  const of = (url, more) => () => new TokenMinter({ server: url, partnerId: '2343', apiKey: 'key-1', ...more });
  assert.throws(of('http://faces.example.com'), { kind: 'argument' });
  assert.throws(of('http://localhost.example.com'), { kind: 'argument' });
  assert.throws(of('http://localhost@faces.example.com'), { kind: 'argument' });
  assert.throws(of('https://faces.example.com', { apiKey: '' }), { kind: 'argument' });
  of('http://faces.example.com', { allowHttp: true })();
  of('https://faces.example.com/base')();
});
