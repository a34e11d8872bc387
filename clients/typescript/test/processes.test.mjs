// A test file that the runner ends takes along what it started, or the runner waits for ever for what holds its pipe.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import test from 'node:test';

const FILE = `
  import { scratch, started } from '${new URL('support/processes.mjs', import.meta.url)}';
  const { first } = await started('sh', ['-c', 'echo ready; exec sleep 120']);
  console.log(JSON.stringify([first, scratch('processes')]));
  setInterval(() => {}, 1000);
`;

for (const [signal, code] of [['SIGTERM', 143], ['SIGINT', 130]]) {
  test(`what a file started ends with it at ${signal}`, async () => {
    const file = spawn(process.execPath, ['--input-type=module', '-e', FILE], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [line] = await once(createInterface({ input: file.stdout }), 'line');
    const [first, folder] = JSON.parse(line);
    assert.deepEqual([first, existsSync(folder)], ['ready', true]);
    file.stderr.resume();
    file.kill(signal);
    // 'close' comes when nobody holds the file's pipes any more.
    assert.deepEqual(await once(file, 'close'), [code, null]);
    assert.equal(existsSync(folder), false);
  });
}
