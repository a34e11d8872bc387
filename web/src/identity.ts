import type { ConsentInformation, IdInfo, OfferedCountry, OfferedIdType, ProductsConfig, Services } from '@selfsame/client';

/** The product that takes a selfie with an ID number, and its job type. */
export const PRODUCT = 'biometric_kyc';
export const JOB_TYPE = 1;

/** Who somebody says that they are, and what they agreed to. */
export interface Identity {
  readonly idInfo: IdInfo;
  readonly consentInformation?: ConsentInformation;
}

/** What can be asked of a person beside the number, and how. */
export const DETAILS = {
  first_name: 'text',
  middle_name: 'text',
  last_name: 'text',
  dob: 'date',
  gender: 'gender',
  phone_number: 'tel',
  bank_code: 'bank',
  citizenship: 'text',
  operator: 'text',
} as const;

/** A detail, by the wire's name. */
export type Detail = keyof typeof DETAILS;

/** What every request holds, whatever the ID type: none of it is asked of the person beside the number. */
const EVERY: ReadonlySet<string> = new Set([
  'country', 'id_type', 'id_number', 'entered', 'user_id', 'job_id', 'job_type', 'partner_id', 'partner_params', 'timestamp',
  'signature', 'token', 'source_sdk', 'source_sdk_version', 'callback_url',
]);
/** The date of birth, where it is wanted in parts. */
const PARTS = ['year', 'month', 'day'] as const;

/** The longest number and the longest other text that a server takes. */
export const LONGEST = { number: 128, text: 256 } as const;

/** What is wrong with a field. */
export type Problem = 'missing' | 'wrongNumber' | 'wrongDate';

/** What stands in the fields, by the wire's names. */
export type Values = Readonly<Record<string, string>>;

const says = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';

/** Whether the page itself says all that is needed, so that nothing is asked. */
export function isWhole(given: IdInfo): boolean {
  return String(given.entered).toLowerCase() === 'false' || ['country', 'id_type', 'id_number'].every((name) => says(given[name]));
}

/**
 * What an ID type wants beside its number and what the page gave; `undefined` where it wants something that a person cannot type in, such as
 * what a sign-in elsewhere gives.
 */
export function detailsOf(type: OfferedIdType, given: IdInfo): Detail[] | undefined {
  const wanted = new Set<Detail>();
  for (const name of type.requiredFields) {
    if (EVERY.has(name) || says(given[name])) continue;
    if ((PARTS as readonly string[]).includes(name)) wanted.add('dob');
    else if (Object.prototype.hasOwnProperty.call(DETAILS, name)) wanted.add(name as Detail);
    else return undefined;
  }
  if (says(given.dob)) wanted.delete('dob');
  return (Object.keys(DETAILS) as Detail[]).filter((name) => wanted.has(name));
}

/** The countries and ID types to choose from: what the server looks up, this partner may use and a person can answer. */
export function offers(services: Services, config: ProductsConfig, given: IdInfo, product: string = PRODUCT): OfferedCountry[] {
  const { country, id_type: idType } = given;
  return services
    .idTypes(product)
    .filter(({ code }) => !says(country) || code === country.trim().toUpperCase())
    .map((offered) => {
      const allowed = config.idTypes(product, offered.code);
      const idTypes = offered.idTypes.filter(
        (type) =>
          allowed.includes(type.code) &&
          (!says(idType) || type.code === idType.trim().toUpperCase()) &&
          detailsOf(type, given) !== undefined,
      );
      return { ...offered, idTypes };
    })
    .filter(({ idTypes }) => idTypes.length > 0);
}

/** Whether a number fits a type, as far as the server says. A pattern that cannot be read lets everything pass: the server judges. */
export function fits(number: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return true;
  try {
    return new RegExp(pattern).test(number);
  } catch {
    return true;
  }
}

/** Whether a pattern takes digits only, for a telephone's keyboard. */
export const isNumeric = (pattern: string | undefined): boolean =>
  pattern !== undefined && /\\d|0-9/.test(pattern) && !/[A-Za-z]/.test(pattern.replace(/\\d/g, ''));

/** A date of birth: a day that there was. */
export function isBirthday(text: string, today: Date = new Date()): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  const date = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(date.getTime()) || date.getUTCMonth() + 1 !== Number(month) || date.getUTCDate() !== Number(day)) return false;
  return Number(year) >= 1880 && date.getTime() <= today.getTime();
}

/** What is wrong, by field, in the order in which fields are asked. */
export function judge(asked: readonly string[], values: Values, type: OfferedIdType | undefined): Map<string, Problem> {
  const problems = new Map<string, Problem>();
  for (const name of asked) {
    const value = (values[name] ?? '').trim();
    if (value === '') problems.set(name, 'missing');
    else if (name === 'id_number' && !fits(value, type?.pattern)) problems.set(name, 'wrongNumber');
    else if (name === 'dob' && !isBirthday(value)) problems.set(name, 'wrongDate');
  }
  return problems;
}

/** The wire's `id_info` of what the page gave and the person typed in. */
export function idInfoOf(given: IdInfo, values: Values, type: OfferedIdType): IdInfo {
  const said = Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (says(value) ? [[name, value.trim()]] : [])));
  const info: IdInfo = { ...given, ...said, entered: 'true' };
  if (says(info.dob) && type.requiredFields.some((name) => (PARTS as readonly string[]).includes(name))) {
    const parts = info.dob.split('-');
    PARTS.forEach((name, at) => (info[name] ??= parts[at] ?? ''));
  }
  return info;
}

/** What the person agreed to: all that is asked. */
export const agreement = (now: Date = new Date()): ConsentInformation => ({
  consented: {
    consent_granted_date: now.toISOString(),
    personal_details: true,
    contact_information: true,
    document_information: true,
  },
});
