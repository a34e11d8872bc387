// A partner's web site: a page, two routes of the partner's own service, and everything else handed on to the real server, so
// that page and server share an origin.
import { createServer, request as forward } from 'node:http';

export async function pageServer({ upstream, files, routes }) {
  const target = new URL(upstream);
  const server = createServer(async (request, response) => {
    const path = request.url.split('?')[0];
    if (files[path]) {
      const [type, body] = files[path];
      response.writeHead(200, { 'content-type': type }).end(body);
    } else if (routes[path]) {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const answer = await routes[path](JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    } else {
      const { method, headers } = request;
      // The Host header goes along: the server makes its upload URLs from it.
      const onward = forward({ host: target.hostname, port: target.port, path: request.url, method, headers }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      request.pipe(onward);
    }
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
