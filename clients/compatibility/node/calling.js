// Calls of smile-identity-core that several tests make.
const { randomUUID } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { IDApi, Signature, Utilities, WebApi } = require('smile-identity-core');

const { server, callback, partner, photographs } = JSON.parse(process.env.SELFSAME_SETTING);
const key = partner.sandbox_api_key;
const v1 = `${server}/v1`;

const api = (apiKey = key) => new WebApi('2343', callback, apiKey, v1);
const idApi = (apiKey = key) => new IDApi('2343', apiKey, v1);
const naming = (user, jobType, more = {}) => ({ user_id: user, job_id: randomUUID(), job_type: jobType, note: 'kept', ...more });
const submit = (user, jobType, images, { web = api(), idInfo = {}, more = {} } = {}) =>
  web.submit_job(naming(user, jobType, more), images, idInfo, { return_job_status: true, return_images: true, return_history: true });
const status = ({ user_id, job_id }) =>
  new Utilities('2343', key, v1).get_job_status(user_id, job_id, { return_history: true, return_images: false });

const file = (name, imageType = 0) => ({ image_type_id: imageType, image: photographs[name] });
const asBase64 = (name, end = '') => Buffer.concat([readFileSync(photographs[name]), Buffer.from(end)]).toString('base64');
const codes = ({ history }) => history.map((result) => result.ResultCode);
const refused = (code, text = '') => ({ response }) => response?.data?.code === code && response.data.error.includes(text);
const isSigned = ({ timestamp, signature }) => new Signature('2343', key).confirm_signature(timestamp, signature);

// A job's callbacks, in the order in which they came.
const callbacks = async (smileJobId, count) => {
  for (let waited = 0; waited < 600; waited += 1) {
    const all = await (await fetch(callback)).json();
    const found = all.filter((body) => body.SmileJobID === smileJobId);
    if (found.length >= count) return found;
    await new Promise((done) => { setTimeout(done, 200); });
  }
  throw new Error(`no ${count} callbacks of ${smileJobId}`);
};

module.exports = { api, asBase64, callback, callbacks, codes, file, idApi, isSigned, naming, refused, server, status, submit };
