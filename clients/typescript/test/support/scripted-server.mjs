// A server that answers by a script, over real HTTP, and keeps what it was asked.
import { createServer } from 'node:http';

import { strFromU8, unzipSync } from 'fflate';
import { sign } from '@selfsame/client';

const MISSING = { status: 500, body: { error: 'the script has no answer', code: '0000' } };

export async function scriptedServer(script, { clock, partnerId, apiKey }) {
  const lookups = { id_verification: [], async_id_verification: [], verify: [], services: [], products_config: [] };
  const asked = { upload: [], package: [], job_status: [], challenge: [], ...lookups };
  const times = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const kind = request.method === 'PUT' ? 'package' : request.url.split('?')[0].split('/').at(-1);
      const answers = script[kind] ?? [];
      const answer = answers[Math.min(asked[kind].length, answers.length - 1)] ?? MISSING;
      asked[kind].push({ path: request.url, type: request.headers['content-type'], body: Buffer.concat(chunks) });
      if (kind === 'job_status') times.push(clock.elapsed());
      if (answer.drop) {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, answer.retry_after ? { 'retry-after': answer.retry_after } : {});
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(bodyOf(answer)));
    });
  });
  const bodyOf = ({ body, signed }) => {
    if (body.upload_url === 'UPLOAD_URL') return { ...body, upload_url: `${url}/package` };
    if (!signed || signed === 'not') return body;
    const timestamp = new Date(clock.now() - (signed === 'stale' ? 7_200_000 : 0)).toISOString();
    return { ...body, timestamp, signature: sign(signed === 'wrong' ? 'another' : apiKey, partnerId, timestamp) };
  };
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const json = ({ path, body }) => ({ path, ...JSON.parse(body.toString() || '{}') });
  return {
    url,
    times,
    count: (kind) => asked[kind].length,
    /** The last request of a kind; of a package, its info.json. */
    last: (kind) => {
      if (kind === 'info_json') return JSON.parse(strFromU8(unzipSync(asked.package.at(-1).body)['info.json']));
      return json(asked[kind].at(-1));
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
