// usesmileid, as its users call it.
const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const { readFileSync } = require('node:fs');
const test = require('node:test');
const { client, decision, ended, nin, person, photographs, refused, said, selfie, usesmileid, webhook, webhooks } = require('./calling.js');

const NO_JOB = 'job_01jd8qk3fxe1x8p2v5w7y9z0ab';
const JOE_LEO = person('Joe', 'Leo');

test('enrolled, authenticated, and locked by a report of fraud', async () => {
  const userId = randomUUID();
  const asking = client();
  const enrolled = await asking.biometric.enroll({ userId, ...selfie('obama'), ...said(undefined, '7') });
  assert.equal(enrolled.userId, userId);
  const told = await ended(enrolled);
  assert.deepEqual([...decision(told), told.product], ['clear', null, 'smart_selfie_registration']);
  assert.deepEqual(told.partner_params, { order: '7', job_id: enrolled.jobId, user_id: userId });
  const back = await ended(await asking.biometric.authenticate({ userId, ...selfie('obama3'), ...said() }));
  assert.deepEqual(decision(back), ['clear', null]);
  const again = asking.biometric.enroll({ userId, ...selfie('obama'), ...said() });
  await assert.rejects(again, refused('ConflictError', 409, 'enrolled'));

  const by = { reportedBy: 'risk@example.com' };
  assert.ok((await asking.users.flagFraud(userId, { reason: 'MULE_ACCOUNT', ...by })).isAccepted);
  assert.ok((await asking.users.clearFraud(userId, { notes: 'he called', ...by })).isAccepted);
  const locked = await ended(await asking.biometric.authenticate({ userId, ...selfie('obama3'), ...said() }));
  assert.deepEqual(decision(locked), ['block', 'account_locked_fraud']);
  const unknown = asking.users.reportFraud(randomUUID(), { isFraud: true, reason: 'OTHER', notes: 'n', ...by });
  await assert.rejects(unknown, refused('NotFoundError', 404));
});

test('a selfie compared with a photograph', async () => {
  for (const [face, expected] of [['obama', ['clear', null]], ['biden', ['block', 'face_verification_failed']]]) {
    const photograph = { comparisonImage: photographs.obama2, comparisonImageType: 'PORTRAIT' };
    const told = await ended(await client().biometric.compare({ selfieImage: photographs[face], ...photograph, ...said() }));
    assert.deepEqual([...decision(told), told.product], [...expected, 'smart_selfie_compare']);
  }
});

test('identities by their numbers', async () => {
  const asking = client();
  const told = await ended(await asking.enhancedKyc.verify({ ...nin(), ...said(JOE_LEO) }));
  assert.deepEqual([...decision(told), told.product, told.id_fields.full_name], ['clear', null, 'enhanced_kyc', 'Joe Leo']);
  const kyc = await ended(await asking.biometricKyc.verify({ ...selfie('obama2'), ...nin(), ...said(JOE_LEO) }));
  assert.deepEqual([...decision(kyc), kyc.product], ['clear', null, 'biometric_kyc']);
  const high = await ended(await asking.enhancedKyc.verify({ ...nin(), ...said(person('Rashid Omar', 'Dangerfield')) }));
  assert.deepEqual([...decision(high), high.id_fields], ['block', 'high_risk', null]);
});

test('a job\'s status, and its webhook once more', async () => {
  const asking = client();
  assert.ok((await asking.verifications.retrieve(NO_JOB)).isNotFound);
  await assert.rejects(asking.verifications.waitUntilComplete(NO_JOB, { interval: 10, timeout: 50 }), usesmileid.TimeoutError);
  await assert.rejects(asking.verifications.retrieve('job_1'), refused('InvalidRequestError', 400, 'job_id'));
  await assert.rejects(asking.verifications.replay(NO_JOB), refused('NotFoundError', 404));
  const accepted = await asking.enhancedKyc.verify({ ...nin(), ...said(JOE_LEO) });
  await ended(accepted);
  assert.ok((await asking.verifications.replay(accepted.jobId, { callbackUrl: `${webhook}/elsewhere` })).isAccepted);
  assert.equal((await webhooks(accepted.jobId, 2))[1].path, '/webhook/elsewhere');
  assert.ok((await asking.verifications.replay(accepted.jobId)).isAccepted);
  assert.equal((await webhooks(accepted.jobId, 3))[2].path, '/webhook');
});

test('what may be asked before', async () => {
  const { services } = client();
  const { bankCodes } = await services.bankCodes({ country: 'NG' });
  assert.ok(bankCodes.length > 0 && bankCodes.every(({ country }) => country === 'NG'));
  const { idTypes } = await services.supportedIdTypes({ country: 'NG' });
  const ofNin = idTypes.find(({ type }) => type === 'NIN');
  assert.equal(ofNin.regex, '^[0-9]{11}$');
  assert.ok(ofNin.requiredFields.includes('id_number'));
  // Documents are not served yet.
  assert.deepEqual(await services.supportedDocuments({ countryCode: 'GH' }), { validDocuments: [] });
  await ended(await client().enhancedKyc.verify({ ...nin(), ...said(JOE_LEO) }));
  assert.equal((await services.idStatus({ country: 'NG', idType: 'NIN' })).lastKnownStatus, 'online');
  await assert.rejects(services.bankCodes({ country: 'NGA' }), ({ constructor, code }) =>
    constructor === usesmileid.InvalidRequestError && code === '2204');
});

test('each refusal is the client\'s own error for it', async () => {
  const asking = client();
  const stranger = client({ apiKey: 'wrong' });
  await assert.rejects(stranger.verifications.retrieve(NO_JOB), refused('AuthenticationError', 401));
  const document = { ...selfie('obama'), document: photographs.obama2, country: 'GH', idType: 'PASSPORT', ...said() };
  await assert.rejects(asking.documents.verify(document), refused('PermissionError', 403, 'document_verification'));
  await assert.rejects(asking.documents.verifyEnhanced(document), refused('PermissionError', 403, 'enhanced_document_verification'));
  await assert.rejects(asking.enhancedKyc.verify({ ...nin(), country: 'FR', ...said() }), refused('PermissionError', 403));
  await assert.rejects(asking.enhancedKyc.verify({ ...nin(''), ...said() }), refused('InvalidRequestError', 400, 'id_number'));
  const nobody = asking.biometric.authenticate({ userId: randomUUID(), ...selfie('obama'), ...said() });
  await assert.rejects(nobody, refused('NotFoundError', 404));
  const large = Buffer.concat([readFileSync(photographs.obama), Buffer.alloc(5_000_000)]);
  const enrolled = asking.biometric.enroll({ ...selfie('obama'), selfieImage: large, ...said() });
  await assert.rejects(enrolled, refused('PayloadTooLargeError', 413));
  const nowhere = client({ defaultCallbackUrl: undefined }).enhancedKyc.verify({ ...nin(), ...said() });
  await assert.rejects(nowhere, refused('InvalidRequestError', 400, 'callback_url'));
});
