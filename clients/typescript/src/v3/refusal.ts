import { AnswerError, RefusedError } from '../errors.js';
import { parseObject, type JsonObject } from '../json.js';
import type { HttpAnswer } from '../transport.js';

/** What a refusal means, by its HTTP status. */
export type RefusalReason =
  /** 400, 415, 422: something in the request is missing or wrong. The text names it. */
  | 'invalid'
  /** 401: no token that opens anything, also after a fresh one was fetched; or no such API key. */
  | 'unauthenticated'
  /** 402: the partner has no funds. */
  | 'no_funds'
  /** 403: the token or the partner may not do this, or the user is disabled. */
  | 'forbidden'
  /** 404: there is no such job or user; or the user is not enrolled. */
  | 'not_found'
  /** 409: the user is enrolled already, or the job has not ended. */
  | 'conflict'
  /** 413: the images are too large together. */
  | 'too_large'
  /** 429: too many requests. */
  | 'too_often'
  /** 408, 424, 502, 503, 504: the server is busy, or what it asks does not answer. */
  | 'unavailable'
  /** Any other status of 500 and above: the server failed. */
  | 'failed'
  /** A status that has no meaning here. */
  | 'other';

const REASONS: Readonly<Record<number, RefusalReason>> = {
  400: 'invalid',
  401: 'unauthenticated',
  402: 'no_funds',
  403: 'forbidden',
  404: 'not_found',
  408: 'unavailable',
  409: 'conflict',
  413: 'too_large',
  415: 'invalid',
  422: 'invalid',
  424: 'unavailable',
  429: 'too_often',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

/** The server refused. `reason` says what that means; `retryAfterMillis` how long it asks to wait. */
export class V3RefusedError extends RefusedError {
  /** What the refusal means. */
  readonly reason: RefusalReason;
  /** By this the server's operator finds the request in the log. */
  readonly requestId: string | undefined;

  constructor(httpStatus: number, code: string, serverMessage: string, retryAfterMillis?: number, requestId?: string) {
    super(httpStatus, code, serverMessage, retryAfterMillis);
    this.reason = REASONS[httpStatus] ?? (httpStatus >= 500 ? 'failed' : 'other');
    this.requestId = requestId;
  }
}

/**
 * The JSON object of an answer that is a success.
 *
 * @throws `V3RefusedError` otherwise; `AnswerError` where a success holds no object.
 */
export function accepted(answer: HttpAnswer): JsonObject {
  const object = parseObject(answer.body);
  if (answer.status < 200 || answer.status >= 300) {
    const text = (name: string): string => (typeof object?.[name] === 'string' ? (object[name] as string) : '');
    const { retryAfter, requestId } = answer;
    // The open lookups answer {error, code} instead of {message, status}.
    const message = text('message') || text('error');
    const wait = /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : undefined;
    throw new V3RefusedError(answer.status, text('code'), message, wait, requestId ?? undefined);
  }
  if (!object) throw new AnswerError("the server's answer is not a JSON object");
  return object;
}
