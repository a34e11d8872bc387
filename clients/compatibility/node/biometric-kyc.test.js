// smile-identity-core, as its users call it: a selfie and an ID number, or an ID card (job type 1).
const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const test = require('node:test');
const { api, asBase64, callbacks, codes, file, isSigned, naming, refused, submit } = require('./calling.js');

const nin = (number, more = {}) => ({ country: 'NG', id_type: 'NIN', id_number: number, entered: true, ...more });
// What a job says with a number of the sandbox that ends in 4: whose record the authority has.
const ada = {
  idInfo: nin('00000000004'),
  more: { FullName: 'Ada King Lovelace', DOB: '1990-12-10', Photo: asBase64('obama2') },
};

test('the face of the record is enrolled, and another refused', async () => {
  const user = randomUUID();
  const enrolled = await submit(user, 1, [file('obama')], ada);
  assert.deepEqual(codes(enrolled), ['0810', '1012']);
  assert.equal(enrolled.job_success, true);
  const { result } = enrolled;
  assert.deepEqual([result.FullName, result.DOB, result.IDNumber], ['Ada King Lovelace', '1990-12-10', '00000000004']);
  assert.equal(result.Photo, asBase64('obama2'));
  assert.equal(result.Actions.Selfie_To_ID_Authority_Compare, 'Completed');
  assert.deepEqual([enrolled.history[1].ResultType, enrolled.history[1].IsFinalResult], ['ID Verification', 'false']);
  assert.equal((await submit(user, 2, [file('obama3')])).result.ResultCode, '0820');
  const other = await submit(randomUUID(), 1, [file('biden')], ada);
  assert.deepEqual(codes(other), ['0811', '1012']);
  assert.equal(other.job_success, false);
});

test('both results are called back and signed', async () => {
  const { result } = await submit(randomUUID(), 1, [file('obama2')], { idInfo: nin('00000000000', { entered: 'true' }) });
  assert.deepEqual([result.ResultCode, result.FullName, result.DOB], ['0810', 'Joe Leo', '2000-09-20']);
  const bodies = await callbacks(result.SmileJobID, 2);
  assert.deepEqual(bodies.map((body) => body.ResultCode).sort(), ['0810', '1012']);
  assert.ok(bodies.every(isSigned));
});

test('a look-up that fails ends the job', async () => {
  const failing = [
    ['1013', nin('00000000001')], ['1014', nin('00000000002')], ['1015', nin('00000000003')], ['1014', nin('123')],
    ['1016', nin('00000000000', { id_type: 'LIBRARY_CARD' })], ['1016', nin('00000000000', { country: 'FR' })],
  ];
  await Promise.all(failing.map(async ([code, idInfo]) => {
    const user = randomUUID();
    const ended = await submit(user, 1, [file('obama')], { idInfo });
    assert.deepEqual(codes(ended), [code]);
    assert.deepEqual([ended.job_complete, ended.job_success, ended.result.IsFinalResult], [true, false, 'true']);
    await assert.rejects(submit(user, 2, [file('obama')]), refused('2210'));
  }));
});

test('an ID card takes the record\'s place', async () => {
  for (const [selfie, code, compared] of [['obama', '0810', 'Completed'], ['biden', '0811', 'Failed']]) {
    const ended = await submit(randomUUID(), 1, [file(selfie), file('obama2', 1)], { idInfo: { entered: false } });
    assert.deepEqual(codes(ended), [code]);
    assert.equal(ended.result.Actions.Selfie_To_ID_Card_Compare, compared);
    assert.ok(ended.image_links.id_card_image);
  }
});

test('the photo on file is updated by the same face, and user information compared', async () => {
  const user = randomUUID();
  await assert.rejects(submit(user, 8, [file('obama')]), refused('2210'));
  await submit(user, 4, [file('obama')]);
  const { result: updated } = await submit(user, 8, [file('obama2')]);
  assert.deepEqual([updated.ResultCode, updated.Actions.Update_Registered_Selfie_On_File], ['0820', 'Passed']);
  assert.equal((await submit(user, 8, [file('biden')])).result.ResultCode, '0821');
  const idInfo = nin('00000000000', { first_name: 'Leo', last_name: 'Joe', dob: '2000-09-20' });
  const { result: compared } = await submit(user, 9, [file('obama')], { idInfo });
  assert.deepEqual([compared.ResultCode, compared.Actions.Names, compared.FullName], ['1021', 'Transposed', undefined]);
});

test('what the client refuses itself', async () => {
  const user = randomUUID();
  for (const name of ['country', 'id_type', 'id_number']) {
    await assert.rejects(submit(user, 1, [file('obama')], { idInfo: nin('00000000000', { [name]: '' }) }), new RegExp(name));
  }
  await assert.rejects(submit(user, 1, [file('obama')]), /without providing an id card image or id info/);
  await assert.rejects(submit(user, 1, [file('obama', 1)], { idInfo: nin('00000000000') }), /at least one selfie/);
});

test('what the server refuses says why', async () => {
  const user = randomUUID();
  const idInfo = nin('00000000000');
  await assert.rejects(submit(user, 1, [file('obama')], { idInfo, web: api('wrong') }), refused('2205'));
  // This client repeats the identity beside the fields of its upload, where a country that is none is found.
  const nowhere = nin('00000000000', { country: 'NGA' });
  await assert.rejects(submit(user, 1, [file('obama')], { idInfo: nowhere }), refused('2204', 'country'));
  for (const jobType of [6, 11]) {
    const images = [file('obama'), file('obama2', 1)];
    const passport = { idInfo: { country: 'NG', id_type: 'PASSPORT' } };
    const notYet = refused('2212', `job_type ${jobType} is not performed by this server yet`);
    await assert.rejects(submit(user, jobType, images, passport), notYet);
  }
  const params = naming(user, 1);
  const again = () => api().submit_job(params, [file('obama')], nin('00000000001'), { return_job_status: false });
  const { success, smile_job_id: job } = await again();
  assert.ok(success && job);
  await assert.rejects(again(), refused('2215'));
});
