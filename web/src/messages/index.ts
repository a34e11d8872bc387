import { ar } from './ar.ts';
import { en, type Messages } from './en.ts';
import { fr } from './fr.ts';
import { pt } from './pt.ts';
import { sw } from './sw.ts';

export type { Messages };

/** What is said, in one language. */
export interface Language {
  readonly code: string;
  readonly direction: 'ltr' | 'rtl';
  readonly messages: Messages;
}

const LANGUAGES: Record<string, Messages> = { en, fr, sw, ar, pt };
const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur']);

/** The languages that come with the component. */
export const CODES: readonly string[] = Object.keys(LANGUAGES);

/**
 * The first language of a list of BCP 47 tags that is known, else English.
 *
 * @param own Messages of the page's own: they replace the component's, or stand for a language that it lacks.
 */
export function choose(tags: readonly string[], own: Partial<Messages> = {}): Language {
  const codes = tags.map((tag) => tag.toLowerCase().split('-')[0] ?? '');
  const complete = Object.keys(en).every((key) => key in own);
  const code = codes.find((candidate) => candidate in LANGUAGES || (complete && candidate !== '')) ?? 'en';
  return {
    code,
    direction: RIGHT_TO_LEFT.has(code) ? 'rtl' : 'ltr',
    messages: { ...(LANGUAGES[code] ?? en), ...own },
  };
}
