// Calls of usesmileid that several tests make. The client is the installed package, or the built folder that SELFSAME_NODE_V3_CLIENT
// names.
const assert = require('node:assert/strict');
const { createHmac, randomUUID } = require('node:crypto');

const CLIENT = process.env.SELFSAME_NODE_V3_CLIENT ?? '@smileid/usesmileid-nodejs';
const usesmileid = require(CLIENT);
const { version } = require(`${CLIENT}/package.json`);

const { server, webhook, partner, photographs, frames } = JSON.parse(process.env.SELFSAME_SETTING);
const key = partner.sandbox_api_key;

const client = (more = {}) =>
  new usesmileid.SmileID({ partnerId: '2343', apiKey: key, baseUrl: server, defaultCallbackUrl: webhook, ...more });

const person = (givenNames = 'Ada', lastName = 'Lovelace') =>
  ({ givenNames, lastName, email: `${givenNames.split(' ')[0]}.${lastName}@example.com`.toLowerCase() });
// What every submission carries beside its product's own.
const said = (userDetails = person(), order = randomUUID()) => ({
  consent: usesmileid.Consent.granted({ grantedAt: new Date(), noticeLanguage: 'EN', noticePrivacyPolicyUrl: 'https://example.com/p' }),
  userDetails,
  partnerParams: { order },
});
const nin = (idNumber = '00000000000') => ({ country: 'NG', idType: 'NIN', idNumber });
const selfie = (name) => ({ selfieImage: photographs[name], livenessImages: frames });

// A job's webhooks, in the order in which they came, when there are so many.
const webhooks = async (jobId, count = 1) => {
  for (let waited = 0; waited < 600; waited += 1) {
    const all = await (await fetch(webhook)).json();
    const found = all.filter(({ headers }) => headers['job-id'] === jobId);
    if (found.length >= count) return found;
    await new Promise((done) => { setTimeout(done, 200); });
  }
  throw new Error(`no ${count} webhooks of ${jobId}`);
};

const isSigned = ({ headers }) => {
  const said = `${headers['response-timestamp']}2343sid_request`;
  return headers['response-signature'] === createHmac('sha256', key).update(said).digest('base64');
};

// The webhook of a job's end. The status says the same.
const ended = async (accepted) => {
  assert.ok(accepted.isAccepted && accepted.jobId);
  const { status, userId } = await client().verifications.waitUntilComplete(accepted.jobId, { interval: 100, timeout: 120_000 });
  const [told] = await webhooks(accepted.jobId);
  assert.ok(isSigned(told));
  assert.deepEqual([told.body.status, told.headers['user-id']], [status, userId]);
  return told.body;
};
const decision = ({ status, reason }) => [status, reason];

// The client's error of a refusal: just that class, with HTTP's own words and what was wrong.
const refused = (kind, statusCode, text = '') => (error) => {
  assert.equal(error.constructor, usesmileid[kind]);
  assert.equal(error.statusCode, statusCode);
  assert.ok(error.status && error.requestId && error.message.includes(text), `${error.message} ${error.rawBody}`);
  return true;
};

module.exports = { client, decision, ended, nin, person, refused, said, selfie, usesmileid, version, webhook, webhooks, photographs };
