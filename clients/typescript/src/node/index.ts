/**
 * `@selfsame/client/node`: callback endpoints for Node's own HTTP server. For Express and Fastify see `examples/`.
 *
 * @packageDocumentation
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { CallbackVerifier, type CallbackVerifierOptions } from '../callback.js';
import { UntrustedError } from '../errors.js';
import type { JsonObject } from '../json.js';
import type { V3Result } from '../v3/result.js';
import { WebhookVerifier } from '../v3/webhook.js';
import type { CallbackHeaders } from '../webhook.js';

/** A callback's result and evidence, an authority's photograph among them, stay below this, in bytes. */
const LARGEST_BODY = 4 * 1024 * 1024;

/**
 * A handler for Node's HTTP server that verifies callbacks.
 *
 * It answers 200 once `onResult` has resolved, 403 to what is not the server's, 405, 413, and 500 where `onResult` throws:
 * the server delivers again what was not answered with 200, so `onResult` may see a result more than once (`SmileJobID`).
 */
export function callbackHandler(
  options: CallbackVerifierOptions,
  onResult: (result: JsonObject) => Promise<void> | void,
): Handler {
  const verifier = new CallbackVerifier(options);
  return endpoint((body, headers) => verifier.verify(body, headers), onResult);
}

/**
 * The same for the results of v3 jobs. Each refuses what is meant for the other.
 *
 * `onResult` may see a result more than once: `jobId` and `completedAt` tell.
 */
export function webhookHandler(options: CallbackVerifierOptions, onResult: (result: V3Result) => Promise<void> | void): Handler {
  const verifier = new WebhookVerifier(options);
  return endpoint((body, headers) => verifier.verify(body, headers), onResult);
}

/** A handler for Node's HTTP server. */
type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function endpoint<T>(
  verified: (body: Uint8Array, headers: CallbackHeaders) => T,
  onResult: (result: T) => Promise<void> | void,
): Handler {
  return async (request, response) => {
    const answer = (status: number): void => {
      response.writeHead(status).end();
    };
    if (request.method !== 'POST') return answer(405);
    const body = await read(request).catch(() => undefined);
    if (body === undefined) return answer(413);
    try {
      await onResult(verified(body, request.headers));
      answer(200);
    } catch (error) {
      answer(error instanceof UntrustedError ? 403 : 500);
    }
  };
}

/** The body, or `undefined` where it is too large. */
async function read(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
