import { isObject, type JsonObject } from '../json.js';
import { textOf } from './answer.js';
import type { DecisionReason, V3Product, V3Status } from './names.js';
import type { UserDetails } from './person.js';

/** What the authority says of the person, in the wire's names. Withheld where the job was blocked or failed. */
export interface IdFields {
  readonly country?: string | null;
  readonly id_type?: string | null;
  readonly id_number?: string | null;
  readonly first_name?: string | null;
  readonly last_name?: string | null;
  readonly full_name?: string | null;
  readonly date_of_birth?: string | null;
  readonly gender?: string | null;
  readonly issuance_date?: string | null;
  readonly expiration_date?: string | null;
  readonly address?: string | null;
}

/** What speaks for fraud, in the wire's names. */
export interface V3Antifraud {
  readonly fraud_risk?: { readonly risk_level: 'low' | 'medium' | 'high'; readonly risk_score: number } | null;
  readonly smile_secure?: {
    readonly status: 'clear' | 'attention' | 'error';
    readonly suspect_users: readonly { readonly user_id: string; readonly reasons: readonly string[] }[];
  } | null;
  readonly summary?: { readonly fraud_detected: boolean } | null;
}

/** A job's result, as a webhook carries it. Fields that are absent, or of another type than the wire's, are `undefined`. */
export class V3Result {
  readonly #json: JsonObject;

  constructor(json: JsonObject) {
    this.#json = json;
  }

  /** The decision. */
  get status(): V3Status {
    return this.#text('status') ?? '';
  }

  /** Whether the person passed. */
  get isClear(): boolean {
    return this.status === 'clear';
  }

  /** Why the job was not clear. */
  get reason(): DecisionReason | undefined {
    return this.#text('reason');
  }

  /** What the server says of it, for people. */
  get message(): string | undefined {
    return this.#text('message');
  }

  /** What the job was. */
  get product(): V3Product | (string & {}) | undefined {
    return this.#text('product');
  }

  /** The server's name of the job. */
  get jobId(): string | undefined {
    return textOf(this.partnerParams, 'job_id');
  }

  /** The user. */
  get userId(): string | undefined {
    return textOf(this.partnerParams, 'user_id');
  }

  /** When the job came, in ISO 8601. */
  get createdAt(): string | undefined {
    return this.#text('created_at');
  }

  /** When it ended. */
  get completedAt(): string | undefined {
    return this.#text('completed_at');
  }

  /** The partner parameters as the server echoes them. */
  get partnerParams(): JsonObject {
    return this.#object('partner_params') ?? {};
  }

  /** Where a page is to be had that says what was asked and what matched. The link ends soon. */
  get kycReceipt(): string | undefined {
    return this.#text('kyc_receipt');
  }

  /** Where the job's images are to be had, by name. The links end soon. */
  get imageLinks(): Readonly<Record<string, string>> {
    const links = Object.entries(this.#object('image_links') ?? {});
    return Object.fromEntries(links.filter((link): link is [string, string] => typeof link[1] === 'string'));
  }

  /** What the authority says of the person. */
  get idFields(): IdFields | undefined {
    return this.#object('id_fields') as IdFields | undefined;
  }

  /** What the person said of itself. */
  get userProvidedInfo(): UserDetails | undefined {
    return this.#object('user_provided_info') as UserDetails | undefined;
  }

  /** What speaks for fraud. */
  get antifraud(): V3Antifraud | undefined {
    return this.#object('antifraud') as V3Antifraud | undefined;
  }

  /** What the person agreed to. */
  get consent(): JsonObject | undefined {
    return this.#object('consent');
  }

  /** The whole result as JSON. */
  toJSON(): JsonObject {
    return this.#json;
  }

  /** The whole result as JSON text. */
  toString(): string {
    return JSON.stringify(this.#json);
  }

  #text(name: string): string | undefined {
    return textOf(this.#json, name);
  }

  #object(name: string): JsonObject | undefined {
    const value = this.#json[name];
    return isObject(value) ? value : undefined;
  }
}
