// The demo: registers a person, then logs them in with a selfie. What a partner's own service would do (ask for a web token with
// the API key, hand the status on) the server does here for its demo partner, in the sandbox only.
import './selfsame-capture.js';

const form = document.querySelector('#who');
const place = document.querySelector('#place');
const result = document.querySelector('#result');
// The server makes the user of the name and of this browser's cookie: the token says which.
const JOB_TYPE = { register: 4, login: 2 };

async function ask(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const { name, language, challenge } = form.elements;
  const act = event.submitter?.value ?? 'login';
  const capture = document.createElement('selfsame-capture');
  capture.lang = language.value;
  let token;
  capture.submission = {
    server: location.origin,
    partnerId: 'demo',
    jobType: JOB_TYPE[act],
    challenge: challenge.checked,
    webToken: async () => {
      ({ token } = await ask('token', { name: name.value, act, challenge: challenge.checked }));
      return token;
    },
    jobStatus: () => ask('status', { token }),
  };
  const tell = (text) => (result.textContent = text);
  tell('');
  capture.addEventListener('submitted', ({ detail }) => {
    const { ResultCode: code, ResultText: text, ConfidenceValue: confidence } = detail.result ?? {};
    const sure = confidence === undefined ? '' : `, confidence ${confidence}`;
    tell(detail.job_complete ? `${code}: ${text}${sure}` : 'No result yet');
  });
  capture.addEventListener('cancelled', () => {
    place.replaceChildren();
    name.focus();
  });
  place.replaceChildren(capture);
});
