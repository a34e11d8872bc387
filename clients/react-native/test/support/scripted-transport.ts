// A server that answers by a scenario's script, without a network, and a clock that moves when it is slept on.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { sign, TransportError, type Clock, type HttpRequest, type Transport } from '@selfsame/client';

export const vectors = (name: string): any =>
  JSON.parse(readFileSync(join(__dirname, '../../../../conformance/vectors', `${name}.json`), 'utf8'));

type Answer = { status: number; body: any; signed?: string; retry_after?: string; drop?: boolean };
export type Script = Record<'upload' | 'package' | 'job_status' | 'services', Answer[]>;

export function scriptedTransport(script: Script, partnerId: string, apiKey: string) {
  const began = Date.parse('2026-01-31T12:00:00.000Z');
  let now = began;
  const clock: Clock = { now: () => now, sleep: async (millis) => void (now += millis) };
  const asked: Record<keyof Script, HttpRequest[]> = { upload: [], package: [], job_status: [], services: [] };
  const times: number[] = [];
  const transport: Transport = async (request) => {
    const kind = (request.method === 'PUT' ? 'package' : request.url.split('/').at(-1)) as keyof Script;
    const answer = script[kind][Math.min(asked[kind].length, script[kind].length - 1)];
    asked[kind].push(request);
    if (kind === 'job_status') times.push(now - began);
    if (!answer) throw new Error(`the script has no answer to ${kind}`);
    if (answer.drop) throw new TransportError('dropped');
    const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(bodyOf(answer));
    return { status: answer.status, retryAfter: answer.retry_after ?? null, body };
  };
  const bodyOf = ({ body, signed = 'not' }: Answer) => {
    if (body.upload_url === 'UPLOAD_URL') return { ...body, upload_url: 'https://server.example/package' };
    if (signed === 'not') return body;
    const timestamp = new Date(now - (signed === 'stale' ? 7_200_000 : 0)).toISOString();
    return { ...body, timestamp, signature: sign(signed === 'wrong' ? 'another' : apiKey, partnerId, timestamp) };
  };
  return { transport, clock, asked, times };
}
