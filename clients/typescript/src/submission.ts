import { strToU8 } from 'fflate';

import { ArgumentError } from './errors.js';
import { isObject, type JsonObject } from './json.js';

/**
 * The wire's job types. 2 compares a selfie with the one on file, 4 puts a selfie on file, 1 compares a selfie with the photo that an
 * authority has, 5 looks a person up without a selfie; which others a server performs its documentation says.
 */
export const JobType = {
  BiometricKyc: 1,
  SmartSelfieAuthentication: 2,
  SmartSelfieRegistration: 4,
  EnhancedKyc: 5,
  DocumentVerification: 6,
  BusinessVerification: 7,
  UpdatePhoto: 8,
  CompareUserInfo: 9,
  EnhancedDocumentVerification: 11,
} as const;

/** `job_id`, `user_id` and any further keys: all are echoed in the result. */
export interface PartnerParams extends JsonObject {
  /** The partner's name of the job, used once. Made where absent. */
  job_id?: string;
  /** The partner's name of the person. Made where absent. */
  user_id?: string;
}

/** Where the device is. Kept with the job; the seed's fields, all optional. */
export interface GeoInfo extends JsonObject {
  accuracy?: number;
  altitude?: number;
  latitude?: number;
  longitude?: number;
  /** When it was measured. */
  lastUpdate?: string;
  isGeoPermissionGranted?: boolean;
}

/** Partner parameters whose names are certain. */
export interface NamedParams extends JsonObject {
  job_id: string;
  user_id: string;
  job_type: number;
}

/**
 * The partner parameters with the names that were missing, and the job type.
 *
 * @throws `ArgumentError` where a name is no identifier or the job type no whole number.
 */
export function nameParams(partnerParams: unknown, jobType: unknown): NamedParams {
  const given = present(partnerParams, 'partnerParams') ?? {};
  if (typeof jobType !== 'number' || !Number.isInteger(jobType) || jobType < 0) {
    throw new ArgumentError('jobType must be a whole number, e.g. 2 to authenticate or 4 to register');
  }
  const params = { ...given, job_id: name(given, 'job_id'), user_id: name(given, 'user_id'), job_type: jobType };
  return params;
}

// Spelt out: not every engine knows Unicode's classes by name.
export const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

function name(params: JsonObject, key: 'job_id' | 'user_id'): string {
  const value = params[key];
  if (value === undefined || value === null || value === '') return randomName();
  // The server's own rule: 1 to 256 bytes, no control characters.
  if (typeof value !== 'string') throw new ArgumentError(`partnerParams.${key} must be a string`);
  if (CONTROL.test(value) || strToU8(value).length > 256) {
    throw new ArgumentError(`partnerParams.${key} must have 1 to 256 bytes and no control characters`);
  }
  return value;
}

/** A name that no other job or person has. It is no secret, so an engine without a random source may guess one. */
export function randomName(): string {
  const bytes = new Uint8Array(16);
  if (typeof globalThis.crypto?.getRandomValues === 'function') globalThis.crypto.getRandomValues(bytes);
  else bytes.forEach((_, at) => (bytes[at] = Math.floor(Math.random() * 256)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * An object that says something: `{}`, null and undefined are absent.
 *
 * @throws `ArgumentError` where it is something else.
 */
export function present(value: unknown, name: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw new ArgumentError(`${name} must be an object`);
  return Object.keys(value).length === 0 ? undefined : value;
}
