// Job type 1: what is checked before anything is sent, and what goes along.
import assert from 'node:assert/strict';
import test from 'node:test';

import { Client } from '@selfsame/client';

import { scriptedServer } from './support/scripted-server.mjs';
import { vectors, virtualClock } from './support/vectors.mjs';

const SELFIE = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1]);
const WHO = { country: 'NG', id_type: 'NIN', id_number: '00000000000' };
const [{ script }] = vectors('scenarios');

async function submitting(t, keep, idInfo, options = {}) {
  const clock = virtualClock();
  const server = await scriptedServer(script, { clock, partnerId: '2343', apiKey: 'key-1' });
  t.after(() => server.close());
  const client = new Client({ server: server.url, partnerId: '2343', clock, auth: { apiKey: 'key-1' } });
  keep(client.captures);
  const status = client.submitJob('login', 1, false, { user_id: 'ada' }, idInfo, {}, '', 0, options);
  return { server, status };
}

test('a card will do in place of a number', async (t) => {
  const both = (captures) => {
    captures.keepSelfie('login', SELFIE);
    captures.keepIdCard('login', SELFIE);
  };
  for (const entered of [false, 'false', 'False']) {
    const { server, status } = await submitting(t, both, { entered });
    await status;
    assert.deepEqual(server.last('info_json').id_info, { entered });
    assert.deepEqual(server.last('info_json').images.map((image) => image.image_type_id), [0, 1]);
  }
});

test('consent goes along beside the ID information', async (t) => {
  const consentInformation = { consented: { consent_granted_date: '2026-01-31T12:00:00.000Z', personal_details: true } };
  const { server, status } = await submitting(t, (captures) => captures.keepSelfie('login', SELFIE), WHO, { consentInformation });
  await status;
  const { id_info, consent_information } = server.last('info_json');
  assert.deepEqual([id_info, consent_information], [{ ...WHO, entered: 'true' }, consentInformation]);
  assert.equal(JSON.stringify(server.last('upload')).includes(WHO.id_number), false, 'the number travels once');
});

test('an error says what is wrong, and nothing of the person', async (t) => {
  const secret = 'A99\u00007731';
  const { status } = await submitting(t, (captures) => captures.keepSelfie('login', SELFIE), { ...WHO, id_number: secret });
  const error = await status.catch((thrown) => thrown);
  assert.deepEqual([error.kind, /id_number/.test(error.message), error.message.includes('7731')], ['argument', true, false]);
});

test('ID types in another language are asked for so', async (t) => {
  const clock = virtualClock();
  const server = await scriptedServer({ services: [{ status: 503, body: {} }, { status: 200, body: {} }] }, { clock });
  t.after(() => server.close());
  const client = new Client({ server: server.url, partnerId: '2343', clock, auth: { webToken: () => 't' } });
  assert.deepEqual((await client.lookup(true).services({ locale: 'fr-FR' })).idTypes('biometric_kyc'), []);
  assert.equal(server.last('services').path, '/production/v1/services?locale=fr-FR');
  assert.equal(server.count('services'), 2, 'a busy server is asked again');
});
