import { AnswerError } from '../errors.js';
import type { JsonObject } from '../json.js';
import type { V3Status } from './names.js';

/** The server has taken a submission on. */
export interface Accepted {
  /** The server's name of the job. */
  readonly jobId: string;
  /** The user: as named, or as the token or the server named it. */
  readonly userId: string;
  /** When, in ISO 8601; `undefined` where the server does not say. */
  readonly createdAt: string | undefined;
  readonly message: string;
}

/** The server will send a result again. */
export interface Replayed {
  readonly jobId: string;
  readonly userId: string | undefined;
  readonly message: string;
}

/** The server has taken a report of fraud. */
export interface Reported {
  readonly userId: string | undefined;
  readonly message: string;
}

/** Where a job stands, or what it came to. The reasons and the person's data come to the callback only. */
export class V3JobStatus {
  readonly #json: JsonObject;

  constructor(json: JsonObject) {
    this.#json = json;
  }

  /** `processing`, `not_found`, or the decision. */
  get status(): V3Status {
    return textOf(this.#json, 'status') ?? '';
  }

  /** The server's name of the job. */
  get jobId(): string | undefined {
    return textOf(this.#json, 'job_id');
  }

  /** The user. */
  get userId(): string | undefined {
    return textOf(this.#json, 'user_id');
  }

  /** What the server says of it, for people. */
  get message(): string | undefined {
    return textOf(this.#json, 'message');
  }

  /** When the job came, in ISO 8601. */
  get createdAt(): string | undefined {
    return textOf(this.#json, 'created_at');
  }

  /** Whether the status is a decision. */
  get isComplete(): boolean {
    return !['', 'processing', 'not_found'].includes(this.status);
  }

  /** Whether the person passed. */
  get isClear(): boolean {
    return this.status === 'clear';
  }

  /** The whole answer as JSON. */
  toJSON(): JsonObject {
    return this.#json;
  }

  /** The whole answer as JSON text. */
  toString(): string {
    return JSON.stringify(this.#json);
  }
}

/**
 * Reads the answer to a submission.
 *
 * @throws `AnswerError` where it does not say that the job was taken.
 */
export function readAccepted(json: JsonObject): Accepted {
  const [jobId, userId] = [textOf(json, 'job_id'), textOf(json, 'user_id')];
  // The service once wrote it with a capital.
  if (textOf(json, 'status')?.toLowerCase() !== 'accepted' || !jobId || !userId) {
    throw new AnswerError("the server's answer does not say that the job was taken");
  }
  return { jobId, userId, createdAt: textOf(json, 'created_at'), message: textOf(json, 'message') ?? '' };
}

/** Text of an answer that says something. */
export function textOf(json: JsonObject, name: string): string | undefined {
  const value = json[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
