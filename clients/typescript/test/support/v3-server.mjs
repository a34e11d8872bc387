// A server that answers v3 requests by a function, over real HTTP, and keeps what it was asked.
import { createServer } from 'node:http';

/** A token that says what a page may read of it. */
export const token = (claims) => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.c2ln`;
};

export async function v3Server(answer) {
  const asked = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    const got = { method, path: url, headers, body: Buffer.concat(chunks) };
    asked.push(got);
    const { status = 200, body = {}, headers: more = {}, drop } = await answer(got, asked.length);
    if (drop) request.socket.destroy();
    else response.writeHead(status, more).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    asked,
    /** The fields of a request's form, read by the platform's own reader. */
    form: async (at = -1) => {
      const { body, headers } = asked.at(at);
      return new Response(body, { headers: { 'content-type': headers['content-type'] } }).formData();
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
