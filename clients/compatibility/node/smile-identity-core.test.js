// smile-identity-core, as its users call it: enrolment and authentication.
const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const test = require('node:test');
const { api, asBase64, callback, file, isSigned, refused, server, submit } = require('./calling.js');

test('register, authenticate, refuse another face', async () => {
  const user = randomUUID();
  const enrolled = await submit(user, 4, [file('obama')]);
  assert.equal(enrolled.result.ResultCode, '0840');
  assert.equal(enrolled.result.PartnerParams.note, 'kept');
  assert.ok(isSigned(enrolled.result));
  assert.ok(enrolled.image_links.selfie_image.startsWith(server));
  // Two files of one picture: two photographs would not follow one another.
  const capture = [[2, 'obama2', ''], [6, 'obama', ''], [6, 'obama', '\0']];
  const same = await submit(user, 2, capture.map(([id, name, end]) => ({ image_type_id: id, image: asBase64(name, end) })));
  assert.equal(same.result.ResultCode, '0820');
  const other = await submit(user, 2, [file('biden')]);
  assert.equal(other.result.ResultCode, '0821');
  assert.equal(other.job_success, false);
});

test('errors keep their codes', async () => {
  const user = randomUUID();
  await assert.rejects(submit(user, 2, [file('obama')]), refused('2210'));
  await assert.rejects(submit(user, 4, [file('obama')], { web: api('wrong') }), refused('2205'));
  await submit(user, 4, [file('obama')]);
  await assert.rejects(submit(user, 4, [file('obama')]), refused('2209'));
});

test('a web token is given, which a page reads as the public embed does', async () => {
  const answer = await api().get_web_token({ user_id: 'é', job_id: 'j', product: 'authentication', callback_url: callback });
  const base64 = answer.token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
  const escaped = [...atob(base64)].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
  const { partner_params, callback_url } = JSON.parse(decodeURIComponent(escaped));
  assert.deepEqual(partner_params, { user_id: 'é', job_id: 'j', job_type: 2 });
  assert.equal(callback_url, callback);
});
