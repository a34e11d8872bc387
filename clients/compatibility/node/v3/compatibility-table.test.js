// docs/compatibility.md names the pinned version of usesmileid and each of its public methods.
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { client, version } = require('./calling.js');

test('each method is in the table', () => {
  const document = readFileSync(path.join(__dirname, '../../../../docs/compatibility.md'), 'utf8');
  const section = document.split('\n## ').find((text) => text.startsWith('v3 in Node: '));
  assert.ok(section.startsWith(`v3 in Node: @smileid/usesmileid-nodejs ${version}\n`));
  const { transport, ...resources } = client();
  const methods = Object.entries(resources).flatMap(([resource, called]) =>
    Object.keys(called).filter((method) => typeof called[method] === 'function').map((method) => `${resource}.${method}`));
  assert.ok(methods.includes('biometric.enroll'));
  assert.deepEqual(methods.filter((method) => !section.includes(`\`${method}\``)), []);
});
