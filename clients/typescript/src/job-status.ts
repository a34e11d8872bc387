import { isObject, type Json, type JsonObject } from './json.js';
import { JobResult, ResultFields } from './result.js';

/**
 * What the server says of a job: typed accessors, the whole answer as JSON ({@link toJSON}), or as text ({@link toString}). The
 * accessors of a result read the newest one.
 *
 * With an API key, only an answer with the right signature becomes one. With a web token the answer comes from where the
 * partner's own service fetched it, and is trusted as far as that connection is.
 */
export class JobStatus extends ResultFields {
  readonly #json: JsonObject;

  /** Wraps an answer of `/v1/job_status`. */
  constructor(json: JsonObject) {
    super();
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

  /** Links to the job's images, where they were asked for. */
  get imageLinks(): JsonObject | undefined {
    const links = this.#json['image_links'];
    return isObject(links) ? links : undefined;
  }

  /** The results of every attempt at this job, newest first, where they were asked for: as they came. */
  get history(): Json[] | undefined {
    const history = this.#json['history'];
    return Array.isArray(history) ? history : undefined;
  }

  /**
   * The same with accessors. A job of type 1 gives several: the lookup, the comparison of the faces, and a person's review where there
   * was one.
   */
  get results(): JobResult[] {
    return (this.history ?? []).filter(isObject).map((result) => new JobResult(result));
  }

  override get kycReceipt(): string | undefined {
    const receipt = this.#json['kyc_receipt'];
    return super.kycReceipt ?? (typeof receipt === 'string' && receipt !== '' ? receipt : undefined);
  }

  /** The whole answer as JSON. */
  toJSON(): JsonObject {
    return this.#json;
  }

  /** The whole answer as JSON text. */
  override toString(): string {
    return JSON.stringify(this.#json);
  }

  protected override fields(): JsonObject | undefined {
    const { result } = this.#json;
    return isObject(result) ? result : undefined;
  }
}
