/** The person's consent, in the wire's names. Nothing is done without one. */
export interface Consent {
  granted: true;
  /** When, in ISO 8601 with its zone; `new Date().toISOString()`. */
  granted_at: string;
  /** The language in which the person was told what for: two capitals, e.g. `EN`. */
  notice_language: string;
  /** Where the person could read it: an https address. */
  notice_privacy_policy_url: string;
}

/**
 * What a person says of itself, in the wire's names: both names, and an email address or a telephone number. What the token fixes may be
 * left out.
 */
export interface UserDetails {
  given_names?: string;
  last_name?: string;
  email?: string;
  /** `+`, the country's number and the rest: 7 to 15 digits together. */
  phone_number?: string;
}
