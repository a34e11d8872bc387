// A callback endpoint on Fastify. The body must reach the verifier as it came: a parser that hands on the bytes.
//   PARTNER_ID=2343 API_KEY=… PORT=3000 node examples/callback-fastify.mjs
import { CallbackVerifier, UntrustedError } from '@selfsame/client';
import fastify from 'fastify';

const verifier = new CallbackVerifier({ partnerId: process.env.PARTNER_ID, apiKey: process.env.API_KEY });
const app = fastify({ bodyLimit: 1024 * 1024 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/callback', async (request, reply) => {
  let result;
  try {
    result = verifier.verify(request.body, request.headers);
  } catch (error) {
    if (!(error instanceof UntrustedError)) throw error;
    return reply.code(403).send();
  }
  console.log(JSON.stringify({ job: result.SmileJobID, code: result.ResultCode, text: result.ResultText }));
  return reply.code(200).send();
});
const address = await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' });
console.log(`${address}/callback`);
