import type { ChallengeFailure } from './errors.js';
import { isObject, type Json, type JsonObject } from './json.js';

/**
 * What the server says of a job: typed accessors, the whole answer as JSON ({@link toJSON}), or as text ({@link toString}).
 *
 * With an API key, only an answer with the right signature becomes one. With a web token the answer comes from where the
 * partner's own service fetched it, and is trusted as far as that connection is.
 */
export class JobStatus {
  readonly #json: JsonObject;

  /** Wraps an answer of `/v1/job_status`. */
  constructor(json: JsonObject) {
    this.#json = json;
  }

  /** Whether the job has ended. `false` after a polling timeout: the rest comes to the callback. */
  get jobComplete(): boolean {
    return this.#json['job_complete'] === true;
  }

  /** Whether the job has ended well: enrolled, or authenticated. */
  get jobSuccess(): boolean {
    return this.#json['job_success'] === true;
  }

  /** The result code, four digits, e.g. `0820`. */
  get resultCode(): string | undefined {
    return this.#text('ResultCode');
  }

  /** What the code means. */
  get resultText(): string | undefined {
    return this.#text('ResultText');
  }

  /** The server's name of the job. */
  get smileJobId(): string | undefined {
    return this.#text('SmileJobID');
  }

  /** 0 to 100; 50 is the match threshold. `undefined` without a comparison. */
  get confidenceValue(): number | undefined {
    const text = this.#text('ConfidenceValue');
    return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
  }

  /** Whether no further result follows. */
  get isFinalResult(): boolean {
    return this.#text('IsFinalResult') === 'true';
  }

  /** What came of an action, e.g. `Selfie_To_Registered_Selfie_Compare` → `Passed`. */
  action(name: string): string | undefined {
    const actions = this.#field('Actions');
    const value = isObject(actions) && Object.prototype.hasOwnProperty.call(actions, name) ? actions[name] : undefined;
    return typeof value === 'string' ? value : undefined;
  }

  /** The partner parameters as the server echoes them. */
  get partnerParams(): Json | undefined {
    return this.#field('PartnerParams');
  }

  /** Scores, thresholds, models and reasons. */
  get evidence(): Json | undefined {
    return this.#field('evidence');
  }

  /** What stood against the capture of a challenge, where that is among the reasons; `undefined` where nothing did. */
  get challengeFailure(): Exclude<ChallengeFailure, 'expired'> | undefined {
    const { evidence } = this;
    const reasons = isObject(evidence) ? evidence['reasons'] : undefined;
    if (!Array.isArray(reasons)) return undefined;
    if (reasons.includes('challenge_not_followed')) return 'not_followed';
    return reasons.includes('challenge_missing') ? 'missing' : undefined;
  }

  /** Links to the job's images, where they were asked for. */
  get imageLinks(): JsonObject | undefined {
    const links = this.#json['image_links'];
    return isObject(links) ? links : undefined;
  }

  /** The results of every attempt at this job, newest first, where they were asked for. */
  get history(): Json[] | undefined {
    const history = this.#json['history'];
    return Array.isArray(history) ? history : undefined;
  }

  /** The whole answer as JSON. */
  toJSON(): JsonObject {
    return this.#json;
  }

  /** The whole answer as JSON text. */
  toString(): string {
    return JSON.stringify(this.#json);
  }

  #field(name: string): Json | undefined {
    const { result } = this.#json;
    return isObject(result) && Object.prototype.hasOwnProperty.call(result, name) ? result[name] : undefined;
  }

  #text(name: string): string | undefined {
    const value = this.#field(name);
    return typeof value === 'string' ? value : undefined;
  }
}
