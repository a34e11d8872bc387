// smile-identity-core, as its users call it: people and businesses by their numbers (job types 5 and 7), and web tokens for them.
const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const test = require('node:test');
const { api, asBase64, callback, callbacks, codes, idApi, isSigned, naming, refused, server, status } = require('./calling.js');

const JOE_LEO = { country: 'NG', id_type: 'NIN', id_number: '00000000000' };
const COMPANY = { country: 'NG', id_type: 'BUSINESS_REGISTRATION', id_number: '0000000', business_type: 'co' };
const without = (info, name) => Object.fromEntries(Object.entries(info).filter(([key]) => key !== name));

const tellsJoe = (result, params) => {
  assert.deepEqual(
    [result.ResultCode, result.ResultType, result.FullName, result.DOB, result.IDNumber, result.PhoneNumber],
    ['1012', 'ID Verification', 'Joe Leo', '2000-09-20', '00000000000', 'Not Available'],
  );
  assert.deepEqual(result.Actions, { Verify_ID_Number: 'Verified', Return_Personal_Info: 'Returned' });
  assert.deepEqual(result.PartnerParams, params);
  assert.equal(result.Photo, asBase64('obama'));
  assert.ok(isSigned(result));
};
const tellsCompany = (result) => {
  assert.deepEqual([result.ResultCode, result.ResultType, result.success], ['1012', 'Business Verification', true]);
  assert.equal(result.company_information.legal_name, 'Joe Leo Limited');
  assert.ok(isSigned(result));
};

test('a person\'s record, in the answer and in the status', async () => {
  for (const ask of [(params) => idApi().submit_job(params, JOE_LEO), (params) => api().submit_job(params, [], JOE_LEO, {})]) {
    const params = naming(randomUUID(), 5);
    const result = await ask(params);
    tellsJoe(result, params);
    const kept = await status(params);
    assert.deepEqual([kept.job_complete, kept.job_success, codes(kept)], [true, true, ['1012']]);
    assert.equal(kept.result.SmileJobID, result.SmileJobID);
    assert.equal((await idApi().pollJobStatus(params)).result.SmileJobID, result.SmileJobID);
    assert.equal((await api().get_job_status(params, { return_history: false })).result.SmileJobID, result.SmileJobID);
  }
});

test('a person\'s record, at the callback', async () => {
  const params = naming(randomUUID(), 5);
  assert.deepEqual(await idApi().submitAsyncjob(params, JOE_LEO, callback), { success: true });
  const { result } = await idApi().pollJobStatus(params, 20, 200);
  tellsJoe(result, params);
  const [told] = await callbacks(result.SmileJobID, 1);
  tellsJoe(told, params);
});

test('a business\'s record, in the answer and at the callback', async () => {
  for (const ask of [(params) => idApi().submit_job(params, COMPANY), (params) => api().submit_job(params, [], COMPANY, {})]) {
    const params = naming(randomUUID(), 7);
    const result = await ask(params);
    tellsCompany(result);
    assert.equal((await status(params)).result.SmileJobID, result.SmileJobID);
  }
  const params = naming(randomUUID(), 7);
  assert.deepEqual(await idApi().submitAsyncjob(params, COMPANY, callback), { success: true });
  const { result } = await idApi().pollJobStatus(params, 20, 200);
  tellsCompany((await callbacks(result.SmileJobID, 1))[0]);
  const nobody = await idApi().submit_job(naming(randomUUID(), 7), { ...COMPANY, id_number: '0000001' });
  assert.deepEqual([nobody.ResultCode, nobody.success], ['1013', false]);
});

test('a number without a record is a result', async () => {
  const changes = [
    ['1013', { id_number: '00000000001' }, 'Not Verified'], ['1014', { id_number: '00000000002' }, 'Not Verified'],
    ['1015', { id_number: '00000000003' }, 'Issuer Unavailable'], ['1014', { id_number: '12345' }, 'Not Verified'],
    ['1016', { id_type: 'LIBRARY_CARD' }, 'Not Done'], ['1016', { country: 'FR' }, 'Not Done'],
  ];
  for (const [code, change, verified] of changes) {
    const params = naming(randomUUID(), 5);
    const result = await idApi().submit_job(params, { ...JOE_LEO, ...change });
    assert.equal(result.ResultCode, code);
    assert.deepEqual(result.Actions, { Verify_ID_Number: verified, Return_Personal_Info: 'Not Returned' });
    assert.equal((await status(params)).job_success, false);
  }
});

test('what is missing or wrong is named', async () => {
  const user = randomUUID();
  const ask = (jobType, info, apiKey) => idApi(apiKey).submit_job(naming(user, jobType), info);
  for (const name of ['country', 'id_type']) {
    await assert.rejects(ask(5, without(JOE_LEO, name)), refused('2213', name));
  }
  for (const name of ['country', 'id_type', 'business_type']) {
    await assert.rejects(ask(7, without(COMPANY, name)), refused('2413', name));
  }
  await assert.rejects(ask(5, { ...JOE_LEO, country: 'NGA' }), refused('2204', 'country'));
  await assert.rejects(ask(5, JOE_LEO, 'wrong'), refused('2205'));
  await assert.rejects(idApi().submitAsyncjob(naming(user, 5), JOE_LEO), refused('2213', 'callback_url'));
  await assert.rejects(idApi().submitAsyncjob(naming(user, 7), COMPANY), refused('2413', 'callback_url'));
  await assert.rejects(status(naming(user, 5)), refused('2304'));
  // What the client refuses itself.
  await assert.rejects(ask(5, without(JOE_LEO, 'id_number')), /id_number/);
  await assert.rejects(ask(5, {}), /id_info not empty/);
  await assert.rejects(ask(1, JOE_LEO), /job_type to 5 or 7/);
});

test('web tokens for jobs with an ID number', async () => {
  const post = async (path, body) => (await fetch(`${server}${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
  const asked = async (jobType, product) => {
    const params = naming(randomUUID(), jobType);
    const { token } = await api().get_web_token({ ...params, product });
    return { token, partner_id: '2343', smile_client_id: '2343', file_name: 'selfie.zip', partner_params: params };
  };
  assert.equal((await post('/v1/upload', await asked(1, 'biometric_kyc'))).code, '2202');
  const person = { ...await asked(5, 'enhanced_kyc'), ...JOE_LEO };
  assert.equal((await post('/v1/id_verification', person)).code, '2205', 'the record is not the page’s');
  assert.deepEqual(await post('/v1/async_id_verification', person), { success: true });
  const basic = { ...await asked(5, 'basic_kyc'), ...JOE_LEO, first_name: 'Joe', last_name: 'Leo' };
  assert.deepEqual(await post('/v2/verify_async', basic), { success: true });
  await assert.rejects(asked(6, 'doc_verification'), refused('2212', 'not performed by this server yet'));
});
