// Processes and folders of a test file. They end with it, however it ends: a server that outlives its test file holds the pipe
// that the file wrote its results to, and the runner reads that pipe to its end.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const running = new Set();
const folders = new Set();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});
// The runner sends SIGTERM to a file whose time is up. Node then says nothing to 'exit' unless someone listens here.
process.once('SIGTERM', () => process.exit(128 + 15));
process.once('SIGINT', () => process.exit(128 + 2));

/** A new folder for one test file. */
export function scratch(name) {
  const folder = mkdtempSync(join(tmpdir(), `selfsame-${name}-`));
  folders.add(folder);
  return folder;
}

/** Starts a process, and gives the first line that it prints. */
export async function started(command, args, options) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  running.add(child);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  void gone.then(() => running.delete(child));
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${command} ended with ${code ?? signal} before it was ready`)));
  });
  const stop = () => {
    child.kill();
    return gone;
  };
  return { lines, first, stop };
}
