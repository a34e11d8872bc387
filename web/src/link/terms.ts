/** What a link's page is told by the server, in an attribute: no script may stand in the page. */

import type { OfferedBank } from '@selfsame/client';

import type { Offering } from '../submission.ts';

/** How an ID is verified. */
export type Method = 'biometric_kyc' | 'enhanced_kyc';

/** One kind of ID that may be verified at the link. */
export interface Choice {
  readonly country: string;
  readonly countryName: string;
  readonly idType: string;
  readonly label: string;
  readonly method: Method;
  /** A regular expression that its numbers fit; `undefined` where there is none. */
  readonly pattern: string | undefined;
  /** What is asked beside the number, in the wire's names. */
  readonly requiredFields: readonly string[];
  /** Whose accounts they are, where a bank must be named. */
  readonly banks: readonly OfferedBank[];
}

/** What can be asked of a person who chose this. */
export const offeringOf = ({ country, countryName, idType, label, pattern, requiredFields, banks }: Choice): Offering => ({
  countries: [{ code: country, name: countryName, idTypes: [{ code: idType, label, pattern, requiredFields }] }],
  banks,
});

/** A link that is open. */
export interface Open {
  readonly partner: string;
  readonly production: boolean;
  /** Where the person can read what becomes of their data. */
  readonly policy: string;
  /** Where the page leads afterwards. */
  readonly redirect?: string;
  readonly logo?: string;
  /** `#rrggbb`. */
  readonly theme?: string;
  /** Whether the selfie follows head turns. */
  readonly challenge: boolean;
  readonly choices: readonly Choice[];
}

/** Why there is no link. */
export type Closed = 'used' | 'expired' | 'unknown';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An address that the page may lead to: the server allows no other, and nor does the page. */
function address(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    const url = new URL(value);
    return url.protocol === 'https:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}

function choiceOf(value: unknown): Choice[] {
  if (!isObject(value)) return [];
  const { country, country_name: countryName, id_type: idType, label, method } = value;
  const texts = [country, countryName, idType, label].every((each) => typeof each === 'string');
  if (!texts || (method !== 'biometric_kyc' && method !== 'enhanced_kyc')) return [];
  const { id_number_regex: pattern, required_fields: required, banks } = value;
  const listed = (list: unknown): unknown[] => (Array.isArray(list) ? list : []);
  return [
    {
      country: String(country),
      countryName: String(countryName),
      idType: String(idType),
      label: String(label),
      method,
      pattern: typeof pattern === 'string' ? pattern : undefined,
      requiredFields: listed(required).filter((name) => typeof name === 'string'),
      banks: listed(banks).flatMap((bank) =>
        isObject(bank) && typeof bank['name'] === 'string' && typeof bank['code'] === 'string' ? [{ name: bank['name'], code: bank['code'] }] : [],
      ),
    },
  ];
}

/** Reads the attribute. What cannot be read is as good as no link. */
export function readTerms(text: string): Open | Closed {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return 'unknown';
  }
  if (!isObject(told)) return 'unknown';
  const { state, open } = told;
  if (state === 'used' || state === 'expired') return state;
  if (!isObject(open)) return 'unknown';
  const { partner, production, redirect, logo, theme, challenge, choices } = open;
  const policy = address(open['policy']);
  const offered = Array.isArray(choices) ? choices.flatMap(choiceOf) : [];
  if (typeof partner !== 'string' || policy === undefined || offered.length === 0) return 'unknown';
  const [leadsTo, shows] = [address(redirect), address(logo)];
  return {
    partner,
    production: production === true,
    policy,
    challenge: challenge === true,
    choices: offered,
    ...(leadsTo !== undefined && { redirect: leadsTo }),
    ...(shows !== undefined && { logo: shows }),
    ...(typeof theme === 'string' && /^#[0-9a-f]{6}$/.test(theme) && { theme }),
  };
}
