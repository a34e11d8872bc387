// A callback endpoint on Express. The body must reach the verifier as it came: express.raw, not express.json.
//   PARTNER_ID=2343 API_KEY=… PORT=3000 node examples/callback-express.mjs
import { CallbackVerifier, UntrustedError } from '@selfsame/client';
import express from 'express';

const verifier = new CallbackVerifier({ partnerId: process.env.PARTNER_ID, apiKey: process.env.API_KEY });
const app = express();
app.post('/callback', express.raw({ type: () => true, limit: '1mb' }), (request, response) => {
  let result;
  try {
    result = verifier.verify(request.body, request.headers);
  } catch (error) {
    if (!(error instanceof UntrustedError)) throw error;
    response.sendStatus(403);
    return;
  }
  console.log(JSON.stringify({ job: result.SmileJobID, code: result.ResultCode, text: result.ResultText }));
  response.sendStatus(200);
});
const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/callback`);
});
