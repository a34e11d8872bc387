// A callback endpoint on Node's own HTTP server.
//   PARTNER_ID=2343 API_KEY=… PORT=3000 node examples/callback-http.mjs
import { createServer } from 'node:http';

import { callbackHandler } from '@selfsame/client/node';

const options = { partnerId: process.env.PARTNER_ID, apiKey: process.env.API_KEY };
const server = createServer(
  callbackHandler(options, (result) => {
    // The person is who they say, or not: store it under result.SmileJobID, which may come more than once.
    console.log(JSON.stringify({ job: result.SmileJobID, code: result.ResultCode, text: result.ResultText }));
  }),
);
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/callback`);
});
