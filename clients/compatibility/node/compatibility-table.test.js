// docs/compatibility.md names the pinned version of smile-identity-core and each of its public methods.
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const client = require('smile-identity-core');
const { version } = require('smile-identity-core/package.json');

test('each method is in the table', () => {
  const document = readFileSync(path.join(__dirname, '../../../docs/compatibility.md'), 'utf8');
  const section = document.split('\n## ').find((text) => text.startsWith('Node: '));
  assert.ok(section.startsWith(`Node: smile-identity-core ${version}\n`));
  const methods = Object.entries(client).filter(([, exported]) => typeof exported === 'function').flatMap(([name, exported]) => {
    const own = [...Object.getOwnPropertyNames(exported.prototype), ...Object.getOwnPropertyNames(exported)];
    const called = own.filter((method) => typeof (exported.prototype[method] ?? exported[method]) === 'function');
    return called.filter((method) => method !== 'constructor').map((method) => `${name}.${method}`);
  });
  assert.ok(methods.includes('WebApi.submit_job'));
  assert.deepEqual(methods.filter((method) => !section.includes(`\`${method}\``)), []);
});
