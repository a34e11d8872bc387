import { strToU8 } from 'fflate';

import { ArgumentError } from './errors.js';
import type { JsonObject } from './json.js';
import { CONTROL, JobType } from './submission.js';
import type { Identity } from './wire.js';

/** Who somebody says that they are, in the wire's names: for job type 1 and for {@link Lookup}. Further keys go along. */
export interface IdInfo extends JsonObject, Partial<Identity> {
  /** Whether the number is to be looked up. `false`: the selfie is compared with the ID card's image. Default: true. */
  entered?: boolean | 'true' | 'false';
}

/** What the person agreed to, where the ID type needs that: in the wire's names. */
export interface ConsentInformation extends JsonObject {
  consented: {
    /** When, in ISO 8601. */
    consent_granted_date?: string;
    personal_details?: boolean;
    contact_information?: boolean;
    document_information?: boolean;
  };
}

/**
 * ID information as a job's package carries it. Only job type 1 has rules here; of the others the server judges.
 *
 * @param hasCard Whether an ID card's front was captured.
 * @throws `ArgumentError` where something is missing. What was given never stands in the text.
 */
export function idInfoFor(jobType: number, given: JsonObject | undefined, hasCard: boolean): JsonObject | undefined {
  if (jobType !== JobType.BiometricKyc) return given;
  const info = given ?? {};
  const entered = wasEntered(info['entered']);
  if (entered) {
    checkIdentity(info);
    return info['entered'] === undefined || info['entered'] === null ? { ...info, entered: 'true' } : info;
  }
  if (!hasCard) {
    throw new ArgumentError("idInfo.entered is false: then an ID card's front must have been captured under the tag");
  }
  return info;
}

/**
 * Checks that a person can be looked up by this.
 *
 * @throws `ArgumentError`.
 */
export function checkIdentity(info: JsonObject): void {
  if (!/^[a-z]{2}$/i.test(text(info, 'country'))) {
    throw new ArgumentError('idInfo.country must be two letters, e.g. NG');
  }
  if (!/^\w{1,64}$/.test(text(info, 'id_type'))) {
    throw new ArgumentError('idInfo.id_type must have 1 to 64 letters, digits or _, e.g. NIN');
  }
  const number = text(info, 'id_number');
  // The server's own rule.
  if (CONTROL.test(number) || strToU8(number).length > 128) {
    throw new ArgumentError('idInfo.id_number must have 1 to 128 bytes and no control characters');
  }
}

function text(info: JsonObject, name: string): string {
  const value = info[name];
  if (value === undefined || value === null) throw new ArgumentError(`idInfo.${name} is missing`);
  if (typeof value !== 'string') throw new ArgumentError(`idInfo.${name} must be a string`);
  const trimmed = value.trim();
  if (trimmed === '') throw new ArgumentError(`idInfo.${name} is missing`);
  return trimmed;
}

function wasEntered(value: unknown): boolean {
  if (value === undefined || value === null || value === true) return true;
  if (value === false) return false;
  const said = typeof value === 'string' ? value.toLowerCase() : undefined;
  if (said === 'true' || said === 'false') return said === 'true';
  throw new ArgumentError('idInfo.entered must be true or false');
}
