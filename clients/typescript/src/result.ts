import type { ChallengeFailure } from './errors.js';
import { isObject, type Json, type JsonObject } from './json.js';

/** What the wire writes where the authority has nothing to tell. */
const LACKING = 'Not Available';

/** What is read from one result, be it a job's or a lookup's. Fields that are absent, or of another type than the wire's, are `undefined`. */
export abstract class ResultFields {
  /** The result, where there is one. */
  protected abstract fields(): JsonObject | undefined;

  /** The result code, four digits, e.g. `0820`: see {@link ResultCode}. */
  get resultCode(): string | undefined {
    return this.#text('ResultCode');
  }

  /** What the code means. */
  get resultText(): string | undefined {
    return this.#text('ResultText');
  }

  /** What kind of result it is, e.g. `ID Verification`. */
  get resultType(): string | undefined {
    return this.#text('ResultType');
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

  /** Whether no person decided. */
  get isMachineResult(): boolean {
    return this.#text('IsMachineResult') === 'true';
  }

  /** What came of an action, e.g. `Selfie_To_Registered_Selfie_Compare` → `Passed`: see {@link Action}. */
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

  /** Whose authority was asked: two letters. */
  get country(): string | undefined {
    return this.#known('Country');
  }

  /** Which of its records. */
  get idType(): string | undefined {
    return this.#known('IDType');
  }

  /** The number that was looked up. */
  get idNumber(): string | undefined {
    return this.#known('IDNumber');
  }

  /** The person's whole name, by the authority. */
  get fullName(): string | undefined {
    return this.#known('FullName');
  }

  /** When the person was born, by the authority: most often `YYYY-MM-DD`. */
  get dob(): string | undefined {
    return this.#known('DOB');
  }

  /** The person's gender, as the authority writes it. */
  get gender(): string | undefined {
    return this.#known('Gender');
  }

  /** The authority's photo of the person: the file's bytes, most often JPEG. */
  get photo(): Uint8Array | undefined {
    const text = this.#known('Photo');
    return text === undefined ? undefined : bytesOf(text);
  }

  /** The person's telephone number, by the authority. */
  get phoneNumber(): string | undefined {
    return this.#known('PhoneNumber');
  }

  /** Where the person lives, by the authority. */
  get address(): string | undefined {
    return this.#known('Address');
  }

  /** Until when the ID is valid. */
  get expirationDate(): string | undefined {
    return this.#known('ExpirationDate');
  }

  /** What else the authority told, in its own words. */
  get fullData(): JsonObject | undefined {
    return this.#object('FullData');
  }

  /** Whether somebody was registered with this number before. */
  get idNumberPreviouslyRegistered(): boolean | undefined {
    const value = this.#field('IDNumberPreviouslyRegistered');
    return typeof value === 'boolean' ? value : undefined;
  }

  /** Who was registered with this number before: the partner's names of them. */
  get userIdsOfPreviousRegistrants(): string[] | undefined {
    const list = this.#field('UserIDsOfPreviousRegistrants');
    return Array.isArray(list) ? list.filter((id): id is string => typeof id === 'string') : undefined;
  }

  /** Where a page is to be had that says what was asked and what matched. The link ends soon. */
  get kycReceipt(): string | undefined {
    return this.#known('KYCReceipt');
  }

  /** What speaks for fraud: a summary, and users who may be the same person. */
  get antifraud(): JsonObject | undefined {
    return this.#object('Antifraud');
  }

  #field(name: string): Json | undefined {
    const fields = this.fields();
    return fields && Object.prototype.hasOwnProperty.call(fields, name) ? fields[name] : undefined;
  }

  #text(name: string): string | undefined {
    const value = this.#field(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** Text that says something. */
  #known(name: string): string | undefined {
    const text = this.#text(name);
    return text === '' || text === LACKING ? undefined : text;
  }

  #object(name: string): JsonObject | undefined {
    const value = this.#field(name);
    return isObject(value) ? value : undefined;
  }
}

/** One result: a lookup's, one of a job's several, or a callback's. */
export class JobResult extends ResultFields {
  readonly #json: JsonObject;

  /** Wraps a result as the wire has it. What is not verified is not to be trusted: see `CallbackVerifier`. */
  constructor(json: JsonObject) {
    super();
    this.#json = json;
  }

  /** The whole result as JSON. */
  toJSON(): JsonObject {
    return this.#json;
  }

  /** The whole result as JSON text. */
  override toString(): string {
    return JSON.stringify(this.#json);
  }

  protected override fields(): JsonObject {
    return this.#json;
  }
}

/** Base64, also as a data URL, in lines or without padding; `undefined` where it is none. */
function bytesOf(text: string): Uint8Array | undefined {
  const bare = text.replace(/^data:[^,]*,/, '').replace(/\s+/g, '').replace(/=+$/, '');
  if (bare === '' || !/^[A-Za-z0-9+/]+$/.test(bare) || bare.length % 4 === 1) return undefined;
  const binary = atob(bare.padEnd(Math.ceil(bare.length / 4) * 4, '='));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
