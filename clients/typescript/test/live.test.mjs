// The whole story against the real server.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { Client, defaultTransport, JobType, sign } from '@selfsame/client';

import { started } from './support/processes.mjs';
import { photographs, realServer, whyNot } from './support/real-server.mjs';

const { SmartSelfieAuthentication: authenticate, SmartSelfieRegistration: register } = JobType;

describe('against the real server', { skip: whyNot() }, () => {
  let server, photos;
  const client = (more = {}) => {
    const made = new Client({ server: server.url, partnerId: server.partnerId, auth: { apiKey: server.apiKey }, ...more });
    for (const [tag, photo] of Object.entries(photos)) made.captures.keepSelfie(tag, photo);
    return made;
  };
  before(async () => {
    server = await realServer();
    photos = photographs();
  });
  after(() => server?.close());

  test('register, authenticate, refuse another face', async () => {
    const user_id = randomUUID();
    const idInfo = { first_name: 'Barack', entered: 'true' };
    const geoInfo = { latitude: 6.5, longitude: 3.25, isGeoPermissionGranted: true };
    const enrolled = await client().submitJob('obama', register, false, { user_id, note: 'é' }, idInfo, geoInfo, '', 0);
    assert.equal(enrolled.resultCode, '0840', String(enrolled));
    assert.equal(enrolled.partnerParams.note, 'é');
    assert.deepEqual(enrolled.toJSON().result.id_info, idInfo);
    assert.deepEqual(enrolled.toJSON().result.geo_info, geoInfo);
    const same = await client().submitJob('obama2', authenticate, false, { user_id }, {}, {}, '', 0);
    assert.equal(same.resultCode, '0820', String(same));
    assert.ok(same.jobComplete && same.jobSuccess && same.isFinalResult && same.confidenceValue > 50);
    assert.equal(same.action('Selfie_To_Registered_Selfie_Compare'), 'Completed');
    const other = await client().submitJob('biden', authenticate, false, { user_id }, {}, {}, '', 0);
    assert.equal(other.resultCode, '0821', String(other));
    assert.ok(other.jobComplete && !other.jobSuccess);
  });

  test('an identity is looked up, and a person enrolled whose face is its photograph', async () => {
    const idInfo = { country: 'NG', id_type: 'NIN', id_number: '00000000000', first_name: 'Joe', last_name: 'Leo' };
    const lookup = client().lookup(false);
    const record = await lookup.idVerification({}, idInfo);
    assert.deepEqual([record.resultCode, record.fullName, record.dob], ['1012', 'Joe Leo', '2000-09-20'], String(record));
    assert.ok(record.photo.length > 1000);
    const compared = await lookup.verify({}, idInfo);
    assert.deepEqual([compared.resultCode, compared.fullName], ['1020', undefined], String(compared));
    const unknown = await lookup.idVerification({}, { ...idInfo, id_number: '00000000001' });
    assert.equal(unknown.resultCode, '1013', String(unknown));
    const kyc = (selfie) => client().submitJob(selfie, JobType.BiometricKyc, false, {}, { ...idInfo, entered: true }, {}, '', 0);
    const same = await kyc('obama2');
    assert.deepEqual([same.resultCode, same.jobSuccess, same.fullName], ['0810', true, 'Joe Leo'], String(same));
    assert.equal(same.action('Selfie_To_ID_Authority_Compare'), 'Completed');
    const other = await kyc('biden');
    assert.deepEqual([other.resultCode, other.jobSuccess], ['0811', false], String(other));
  });

  test('frames go along: a capture whose frames repeat one picture is no live person', async () => {
    const repeated = client();
    repeated.captures.keepSelfie('still', photos.obama, Array(8).fill(photos.obama));
    const status = await repeated.submitJob('still', register, false);
    assert.deepEqual([status.resultCode, status.action('Liveness_Check')], ['0907', 'Failed'], String(status));
  });

  test('errors keep their codes', async () => {
    const submit = (web, ...call) => web.submitJob('obama', ...call);
    const refused = (code) => ({ kind: 'refused', code });
    await assert.rejects(submit(client(), authenticate, false, { user_id: randomUUID() }), refused('2210'));
    await assert.rejects(submit(client(), 3, false), refused('2212'));
    await assert.rejects(submit(client({ auth: { apiKey: 'wrong' } }), register, false), refused('2205'));
    await assert.rejects(submit(client(), register, true), refused('2205'));
    const gone = client({ server: 'http://127.0.0.1:1', retry: { firstPauseMillis: 1 } });
    await assert.rejects(submit(gone, register, false), { kind: 'transport' });
  });

  test('a challenge is drawn, judged and used once; a web token brings its own', async () => {
    const user_id = randomUUID();
    const enrolled = await client().submitJob('obama', register, false, { user_id });
    assert.equal(enrolled.resultCode, '0840', String(enrolled));
    const own = client();
    const follow = (by, challenge) => by.captures.keepSelfie('still', photos.obama2, [photos.obama2, photos.obama], challenge);
    const challenge = await own.drawChallenge(user_id, false);
    assert.ok(challenge.turns.length > 0 && challenge.id.startsWith('chl_'));
    follow(own, challenge);
    const status = await own.submitJob('still', authenticate, false, { user_id });
    assert.equal(status.challengeFailure, 'not_followed', String(status));
    await assert.rejects(own.submitJob('still', authenticate, false, { user_id }), { kind: 'challenge', reason: 'expired' });
    const service = client();
    const webToken = () => service.webToken(user_id, 'turned', false, 'authentication', { challenge: true });
    const page = client({ auth: { webToken, jobStatus: (job) => service.jobStatus(user_id, job.jobId, false) } });
    const unasked = await page.submitJob('obama2', authenticate, false).catch((error) => error);
    assert.deepEqual([unasked.kind, unasked.reason], ['challenge', 'missing']);
    follow(page, unasked.challenge);
    const told = await page.submitJob('still', authenticate, false);
    assert.equal(told.challengeFailure, 'not_followed', String(told));
  });

  test('a web token submits one job, of the user whom the partner’s service names, and it relays the status', async () => {
    const service = client();
    const user = randomUUID();
    // As the README has it: the page says what it wants to do, and the service whose user and which job.
    const auth = (jobId, product, options) => ({
      webToken: () => service.webToken(user, jobId, false, product, options),
      jobStatus: (job) => service.jobStatus(user, job.jobId, false),
    });
    const enrolled = await client({ auth: auth('enrol 1', 'smartselfie') }).submitJob('obama', register, false, { user_id: 'eve' });
    assert.equal(enrolled.resultCode, '0840', String(enrolled));
    assert.deepEqual([enrolled.partnerParams.user_id, enrolled.partnerParams.job_id], [user, 'enrol 1']);
    const options = { partnerParams: { tier: 'basic' } };
    const login = client({ auth: auth('login 1', 'authentication', options) });
    const same = await login.submitJob('obama2', authenticate, false);
    assert.equal(same.resultCode, '0820', String(same));
    assert.equal(same.partnerParams.tier, 'basic');
    const unrelayed = client({ auth: { webToken: auth('login 2', 'authentication').webToken } });
    const submitted = await unrelayed.submitJob('obama2', authenticate, false);
    assert.equal(submitted.jobComplete, false);
    assert.ok(submitted.smileJobId);
  });

  test('a page cannot do more than its web token says', async () => {
    const service = client();
    const user = randomUUID();
    const enrolled = await client().submitJob('obama', register, false, { user_id: user });
    assert.equal(enrolled.resultCode, '0840', String(enrolled));
    let job = 0;
    const page = client({ auth: { webToken: () => service.webToken(user, `job ${(job += 1)}`, false, 'authentication') } });
    const refused = (named) => ({ kind: 'refused', code: '2205', serverMessage: named });
    const submit = (jobType, params, options) => page.submitJob('biden', jobType, false, params, {}, {}, '', 0, options);
    await assert.rejects(submit(register, {}, { allowNewEnroll: true }), refused(/job_type/));
    await assert.rejects(submit(authenticate, {}, { allowNewEnroll: true }), refused(/allow_new_enroll/));
    await assert.rejects(submit(authenticate, {}, { sandboxResult: '0820' }), refused(/sandbox_result/));
    await assert.rejects(service.webToken(user, 'j', false, 'doc_verification'), { kind: 'refused', code: '2212' });
  });

  test('an upload tells its progress', async () => {
    const seen = [];
    const onProgress = (progress) => seen.push(progress);
    const status = await client().submitJob('obama', register, false, {}, {}, {}, '', 0, { onProgress });
    assert.equal(status.resultCode, '0840');
    assert.ok(seen.length > 1, 'more than one step');
    assert.ok(seen.every(({ sent }, at) => at === 0 || sent > seen[at - 1].sent));
    assert.equal(seen.at(-1).sent, seen.at(-1).total);
  });

  test('an upload is cancelled', async () => {
    const stop = new AbortController();
    const options = { signal: stop.signal, onProgress: () => stop.abort() };
    await assert.rejects(client().submitJob('obama', register, false, {}, {}, {}, '', 0, options), { kind: 'cancelled' });
  });

  test('an upload whose answer was lost is not an error', async () => {
    let lost = 0;
    const transport = async (request) => {
      const answer = await defaultTransport(request);
      if (request.method !== 'PUT' || lost++ > 0) return answer;
      const { TransportError } = await import('@selfsame/client');
      throw new TransportError('the connection broke before the answer');
    };
    const status = await client({ transport, retry: { firstPauseMillis: 1 } }).submitJob('obama', register, false);
    assert.equal(lost, 2);
    assert.equal(status.resultCode, '0840', String(status));
  });

  test('a store that fails to delete does not fail the job', async () => {
    const tags = [];
    const captures = {
      read: () => ({ selfie: photos.obama }),
      submitted: (tag) => {
        tags.push(tag);
        throw new Error('the disk is gone');
      },
    };
    const status = await client({ captures }).submitJob('t', register, false);
    assert.deepEqual([status.resultCode, tags], ['0840', ['t']]);
  });

  for (const example of ['http', 'express', 'fastify']) {
    test(`the ${example} example takes callbacks that are signed, and no others`, async (t) => {
      const env = { ...process.env, PARTNER_ID: server.partnerId, API_KEY: server.apiKey, PORT: '0' };
      const path = new URL(`../examples/callback-${example}.mjs`, import.meta.url).pathname;
      const receiver = await started(process.execPath, [path], { env });
      t.after(() => receiver.stop());
      const forged = await fetch(receiver.first, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ResultCode: '0820', timestamp: new Date().toISOString(), signature: 'c2ln' }),
      });
      assert.equal(forged.status, 403);
      // The wire's signature is right and covers no result: without the code over the body it is not enough.
      const timestamp = new Date().toISOString();
      const signature = sign(server.apiKey, server.partnerId, timestamp);
      const changed = await fetch(receiver.first, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ResultCode: '0820', timestamp, signature }),
      });
      assert.equal(changed.status, 403);
      const called = new Promise((resolve) => receiver.lines.once('line', resolve));
      const status = await client().submitJob('obama', register, false, {}, {}, {}, receiver.first, 0);
      assert.deepEqual(JSON.parse(await called), {
        job: status.smileJobId,
        code: '0840',
        text: status.resultText,
      });
    });
  }
});
