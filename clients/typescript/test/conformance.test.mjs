// The contract that the server and every client pass: see conformance/README.md.
import assert from 'node:assert/strict';
import test from 'node:test';

import {
  Action,
  buildPackage,
  CallbackVerifier,
  challengeIn,
  checkWindow,
  Client,
  JobResult,
  JobStatus,
  JobType,
  ResultCode,
  sign,
  verify,
  verifySigned,
  webhookSecret,
} from '@selfsame/client';
import { strFromU8, unzipSync } from 'fflate';

import { scriptedServer } from './support/scripted-server.mjs';
import { differences, vectors, virtualClock } from './support/vectors.mjs';
import { listing } from './support/zip-listing.mjs';

const SELFIE = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'));

test('signatures', () => {
  for (const v of vectors('signatures').signatures) {
    assert.equal(verify(v.api_key, v.partner_id, v.timestamp, v.signature), v.valid, v.name);
    if (v.valid) assert.equal(sign(v.api_key, v.partner_id, v.timestamp), v.signature, v.name);
  }
});

test('timestamps', () => {
  const { now, past_seconds, future_seconds, cases } = vectors('signatures').timestamps;
  const window = { past: past_seconds * 1000, future: future_seconds * 1000 };
  for (const { timestamp, outcome } of cases) {
    assert.equal(outcomeOf(() => checkWindow(timestamp, Date.parse(now), window), 'fresh'), outcome, timestamp);
  }
});

test('signed objects', () => {
  const { api_key, partner_id, now, cases } = vectors('signatures').signed_objects;
  for (const { name, body, outcome } of cases) {
    assert.equal(outcomeOf(() => verifySigned(body, api_key, partner_id, Date.parse(now)), 'trusted'), outcome, name);
  }
});

test('callbacks', () => {
  for (const { api_key, secret } of vectors('callbacks').secrets) assert.equal(webhookSecret(api_key), secret);
  const { api_key: apiKey, partner_id: partnerId, now, cases } = vectors('callbacks').callbacks;
  for (const v of cases) {
    const outcome = (options, headers, body) => {
      const verifier = new CallbackVerifier({ apiKey, partnerId, ...options });
      return outcomeOf(() => verifier.verify(body, headers, Date.parse(now)), 'trusted');
    };
    assert.equal(outcome({}, v.headers, v.body), v.outcome, v.name);
    assert.equal(outcome({}, new Headers(v.headers), Buffer.from(v.body)), v.outcome, v.name);
    assert.equal(outcome({ withoutCode: 'accept' }, v.headers, v.body), v.outcome_without_code_accepted, v.name);
  }
});

function outcomeOf(act, well) {
  try {
    act();
    return well;
  } catch (error) {
    assert.equal(error.kind, 'untrusted');
    return error.reason;
  }
}

test('packages', () => {
  for (const { name, input, info_json, entries } of vectors('packages').write) {
    const of = (role) => input.images.filter((i) => i.role === role).map((i) => bytes(i.base64));
    const [idCardFront, idCardBack] = [of('id_card_front')[0], of('id_card_back')[0]];
    const zip = buildPackage(
      { selfie: of('selfie')[0], frames: of('liveness'), ...(idCardFront && { idCardFront }), ...(idCardBack && { idCardBack }) },
      {
        language: 'LANGUAGE',
        misc: input.misc,
        partnerParams: input.partner_params,
        idInfo: Object.keys(input.id_info).length ? input.id_info : undefined,
        consentInformation: Object.keys(input.consent_information).length ? input.consent_information : undefined,
        geoInfo: Object.keys(input.geo_info).length ? input.geo_info : undefined,
      },
    );
    assert.equal(strFromU8(unzipSync(zip)['info.json']), info_json, name);
    const [info, ...images] = listing(zip);
    assert.equal(info.name, 'info.json', name);
    assert.deepEqual(images.map(({ time, ...entry }) => entry), entries, name);
    // Midnight of 1 January 1980 in every time zone: the same input gives the same bytes.
    assert.ok(images.every(({ time }) => time[0] === 0 && time[1] === 33), name);
  }
});

test('results', () => {
  for (const { name, status, expect } of vectors('results')) assertStatus(new JobStatus(status), status, expect, name);
});

function assertStatus(status, json, expect, name) {
  const { actions, results, photo, ...fields } = expect;
  const accessor = (field) => status[field.replace(/_./g, (at) => at[1].toUpperCase())];
  for (const [field, value] of Object.entries(fields)) assert.deepEqual(accessor(field) ?? null, value, `${name}: ${field}`);
  if (photo !== undefined) assert.equal(status.photo ? Buffer.from(status.photo).toString('base64') : null, photo, `${name}: photo`);
  if (results) assert.deepEqual(status.results.map(({ resultCode }) => resultCode), results, `${name}: results`);
  for (const [action, value] of Object.entries(actions ?? {})) assert.equal(status.action(action) ?? null, value, `${name}: ${action}`);
  if (json) {
    assert.deepEqual(status.toJSON(), json, name);
    assert.deepEqual(JSON.parse(status.toString()), json, name);
    assert.deepEqual(JSON.parse(JSON.stringify(status)), json, name);
  }
}

for (const { name, answer, expect } of vectors('errors')) {
  test(`errors: ${name}`, async (t) => {
    const { retryable, retry_after_millis, ...error } = expect;
    const thrown = await submit(t, {
      partner_id: '2343',
      auth: { api_key: 'key-1' },
      call: { ...vectors('scenarios')[0].call },
      script: { upload: [answer], package: [], job_status: [] },
    }).then((s) => s.failure);
    assertError(thrown, error);
    if (error.kind === 'refused') {
      assert.equal(thrown.retryable, retryable);
      assert.equal(thrown.retryAfterMillis ?? null, retry_after_millis);
    }
  });
}

for (const { name, answer, expect, error } of vectors('challenges').draw) {
  test(`draw: ${name}`, async (t) => {
    const server = await scriptedServer({ challenge: [answer] }, { clock: virtualClock(), partnerId: '2343', apiKey: 'key-1' });
    t.after(() => server.close());
    const client = new Client({ server: server.url, partnerId: '2343', auth: { apiKey: 'key-1' } });
    const drawn = client.drawChallenge('ada', false);
    if (error) assertError(await drawn.catch((thrown) => thrown), error);
    else assert.deepEqual(await drawn, expect);
    assert.equal(server.count('challenge'), 1);
  });
}

test('challenges of web tokens', () => {
  for (const { name, token, expect } of vectors('challenges').claims) assert.deepEqual(challengeIn(token) ?? null, expect, name);
});

for (const scenario of vectors('scenarios')) {
  test(`scenario: ${scenario.name}`, async (t) => {
    const { server, status, failure } = await submit(t, scenario);
    const { expect } = scenario;
    if (expect.error) assertError(failure, expect.error);
    else if (failure) throw failure;
    else assertStatus(status, undefined, expect.status, scenario.name);
    assert.equal(server.count('upload'), expect.uploads);
    assert.equal(server.count('package'), expect.packages);
    if (expect.asked_at_millis) assert.deepEqual(server.times, expect.asked_at_millis);
    for (const [kind, sent] of Object.entries(expect.sent)) assert.deepEqual(differences(server.last(kind), sent, kind), []);
  });
}

test('names', () => {
  const named = (names) => Object.fromEntries(Object.entries(names).map(([name, wire]) => [pascal(name), wire]));
  const { job_types, result_codes, actions } = vectors('names');
  assert.deepEqual({ ...JobType }, named(job_types));
  assert.deepEqual({ ...ResultCode }, named(result_codes));
  assert.deepEqual({ ...Action }, named(actions));
});

const pascal = (name) => name.replace(/(^|_)(.)/g, (_, __, letter) => letter.toUpperCase());

for (const { name, partner_id: partnerId, auth, method, call, answer, expect } of vectors('lookups')) {
  test(`lookup: ${name}`, async (t) => {
    const clock = virtualClock();
    const server = await scriptedServer({ [method]: answer ? [answer] : [] }, { clock, partnerId, apiKey: auth.api_key });
    t.after(() => server.close());
    const proof = auth.web_token ? { webToken: () => auth.web_token } : { apiKey: auth.api_key };
    const lookup = new Client({ server: server.url, partnerId, clock, auth: proof }).lookup(call.is_production);
    const consent = call.consent_information && { consentInformation: call.consent_information };
    const { partner_params, id_info, callback_url } = call;
    const asked = {
      id_verification: () => lookup.idVerification(partner_params, id_info, consent),
      async_id_verification: () => lookup.asyncIdVerification(partner_params, id_info, callback_url, consent),
      verify: () => lookup.verify(partner_params, id_info, consent),
      services: () => lookup.services(),
      products_config: () => lookup.productsConfig(),
    }[method]();
    if (expect.error) assertError(await asked.catch((thrown) => thrown), expect.error);
    else assertFound(await asked, expect, name);
    assert.equal(server.count(method), expect.asked);
    if (expect.asked) assert.deepEqual(differences(server.last(method), expect.sent, method), []);
  });
}

function assertFound(found, { result, actions, names, id_types, bank_codes, consent_required, id_selection }, name) {
  if (result) {
    assert.ok(found instanceof JobResult);
    assertStatus(found, undefined, { ...result, actions }, name);
  }
  if (names) assert.deepEqual({ user_id: found.userId, job_id: found.jobId }, names);
  const wire = (countries) =>
    countries.map(({ code, name: said, idTypes }) => ({
      code,
      name: said,
      id_types: idTypes.map(({ requiredFields, pattern, ...type }) => ({ ...type, pattern: pattern ?? null, required_fields: requiredFields })),
    }));
  for (const [product, countries] of Object.entries(id_types ?? {})) assert.deepEqual(wire(found.idTypes(product)), countries, product);
  if (bank_codes) assert.deepEqual(found.bankCodes, bank_codes);
  for (const [country, type, needed] of consent_required ?? []) assert.equal(found.consentRequired(country, type), needed, type);
  for (const [product, country, types] of id_selection ?? []) assert.deepEqual(found.idTypes(product, country), types);
}

async function submit(t, { partner_id: partnerId, auth, call, script, challenge }) {
  const clock = virtualClock();
  const server = await scriptedServer(script, { clock, partnerId, apiKey: auth.api_key });
  t.after(() => server.close());
  const client = new Client({
    server: server.url,
    partnerId,
    clock,
    auth: auth.web_token ? { webToken: () => auth.web_token } : { apiKey: auth.api_key },
  });
  client.captures.keepSelfie('login', SELFIE, [], challenge ?? undefined);
  // The arguments in the mobile call's order, which is the vectors' order.
  return client.submitJob(...Object.values(call)).then(
    (status) => ({ server, status }),
    (failure) => ({ server, failure }),
  );
}

function assertError(thrown, { kind, reason, http_status, code, message }) {
  assert.ok(thrown, 'it did not fail');
  assert.equal(thrown.kind, kind, thrown.stack);
  if (kind === 'challenge') assert.equal(thrown.reason, reason);
  if (kind !== 'refused') return;
  assert.equal(thrown.httpStatus, http_status);
  assert.equal(thrown.code, code);
  assert.equal(thrown.serverMessage, message);
}
