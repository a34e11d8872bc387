// A partner's page on an origin of its own: files that the test gives.
import { createServer } from 'node:http';

/** `files`: path to [type, body, status]. Bodies may be functions, called for each request; they may give all three. */
export async function pageServer(files) {
  const server = createServer(async (request, response) => {
    const found = files[request.url.split('?')[0]];
    if (!found) {
      response.writeHead(404).end();
      return;
    }
    const [type, body] = found;
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = typeof body === 'function' ? await body(Buffer.concat(chunks)) : body;
    const [kind, content, status = 200] = Array.isArray(answer) ? answer : [type, answer];
    response.writeHead(status, { 'content-type': kind }).end(content);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
