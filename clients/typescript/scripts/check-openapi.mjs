// Holds this client to the server's own description of its API: npm run check:openapi [-- URL]
//
// Makes types of the running server's /openapi.json and compiles openapi/fits.ts against them, which fails where what this
// client sends is not taken, or what it reads is not answered. Without a URL it starts the server built by
// 'cargo build --bin selfsame'. Exits with 2 where the server does not describe its API.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import openapiTS, { astToString } from 'openapi-typescript';

import { realServer } from '../test/support/real-server.mjs';

const folder = new URL('../openapi/', import.meta.url);
const given = process.argv[2];
const server = given ? { url: given, close: async () => {} } : await realServer();
const answer = await fetch(`${server.url}/openapi.json`);
const description = answer.ok ? await answer.json() : undefined;
await server.close();
if (description) {
  for (const schema of Object.values(description.components?.schemas ?? {})) typed(schema);
  writeFileSync(new URL('described.d.ts', folder), astToString(await openapiTS(description)));
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', folder.pathname], { stdio: 'inherit' });
  process.exitCode = status === 0 ? 0 : 1;
  console.log(status === 0 ? "the client fits the server's description" : "the client does not fit the server's description");
} else {
  console.log(`skipped: the server does not describe its API (HTTP ${answer.status})`);
  process.exitCode = 2;
}

/** Which fields are required together is no type: left in, openapi-typescript would make the whole schema unknown. */
function typed(schema) {
  const isRule = (part) => Object.keys(part).every((key) => key === 'required');
  for (const key of ['anyOf', 'oneOf']) if (schema[key]?.every(isRule)) delete schema[key];
}
