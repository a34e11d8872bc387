import { Client, type IdInfo, type OfferedBank, type OfferedCountry, type OfferedIdType, type ProductsConfig, type Services } from '@selfsame/client';

import {
  agreement, DETAILS, detailsOf, idInfoOf, isNumeric, isWhole, JOB_TYPE, judge, LONGEST, offers, PRODUCT, type Detail, type Identity, type Problem,
} from '../identity.ts';
import type { Messages } from '../messages/index.ts';
import type { Submission } from '../submission.ts';
import { button, buttons, text } from '../view/controls.ts';
import { h } from '../view/dom.ts';
import { choice, field, submitButton, type Field, type Input } from '../view/form.ts';
import type { Screens } from '../view/screens.ts';
import { Cancelled } from './ending.ts';
import { notBegun } from './retrying.ts';

/** What asking for an identity needs from the component. */
export interface Asking {
  readonly screens: Screens;
  readonly signal: AbortSignal;
  /** What was said before, to be corrected. */
  readonly before: IdInfo | undefined;
  /** Where the partner says what becomes of personal data. */
  readonly policy: string | undefined;
  /** Told what failed. The person is told, too. */
  readonly failed: (error: unknown) => void;
}

/** Locales that servers of this API know, by language. */
const LOCALES: Readonly<Record<string, string>> = { en: 'en-GB', fr: 'fr-FR', ar: 'ar-EG' };

/**
 * Asks who the person is, before the camera, where the job looks that up; and whether they agree, where they must. `undefined` for other
 * jobs.
 *
 * @throws `Cancelled`, or what ended the screens.
 */
export async function identify(to: Submission | undefined, asking: Asking): Promise<Identity | undefined> {
  return to?.jobType === JOB_TYPE ? askFor(PRODUCT, to, asking) : undefined;
}

/**
 * The same for a product, whatever the job's type.
 *
 * @throws As {@link identify}.
 */
export async function askFor(product: string, to: Submission, asking: Asking): Promise<Identity> {
  const given = to.idInfo ?? {};
  const whole = isWhole(given);
  const { consentInformation, offering } = to;
  if (whole && consentInformation) return { idInfo: given, consentInformation };
  if (offering && consentInformation) {
    return { idInfo: await new Form(asking, offering.countries, offering.banks, given).ask(), consentInformation };
  }
  const { services, config } = await offered(to, asking, whole);
  let idInfo = given;
  if (services) {
    const countries = offers(services, config, given, product);
    if (countries.length === 0) await nothingOffered(asking.screens);
    idInfo = await new Form(asking, countries, services.bankCodes, given).ask();
  }
  const { country = '', id_type: idType = '' } = idInfo;
  if (consentInformation || !config.consentRequired(country, idType)) return { idInfo, ...(consentInformation && { consentInformation }) };
  await consent(asking, labelOf(services, product, country, idType));
  return { idInfo, consentInformation: agreement() };
}

/** What may be looked up, asked of the server however often that must be tried. */
async function offered(
  to: Submission,
  { screens, signal, failed }: Asking,
  whole: boolean,
): Promise<{ services: Services | undefined; config: ProductsConfig }> {
  const m = screens.messages;
  const { webToken, userId, jobId } = to;
  const auth = { webToken: typeof webToken === 'string' ? () => webToken : webToken };
  const lookup = new Client({ server: to.server, partnerId: to.partnerId, auth }).lookup(to.isProduction ?? false);
  const partnerParams = { ...(userId !== undefined && { user_id: userId }), ...(jobId !== undefined && { job_id: jobId }) };
  const { code } = screens.language;
  for (;;) {
    screens.show({ name: 'asking', heading: m.idHeading, content: [text(m.hintWait)] });
    try {
      const [services, config] = await Promise.all([
        whole ? undefined : lookup.services({ locale: LOCALES[code] ?? code, signal }),
        lookup.productsConfig({ partnerParams, signal }),
      ]);
      return { services, config };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      failed(error);
      await notBegun(screens, error);
    }
  }
}

async function nothingOffered(screens: Screens): Promise<never> {
  const m = screens.messages;
  await screens.ask<void>((answer) => ({
    name: 'nothing-offered',
    heading: m.notBegun,
    content: [text(m.idNotOffered, 'alert'), buttons(button(m.close, () => answer(), 'primary'))],
  }));
  throw new Cancelled();
}

/** The form: country, kind of ID, number, and what that kind wants beside. */
class Form {
  readonly #asking: Asking;
  readonly #countries: readonly OfferedCountry[];
  readonly #banks: readonly OfferedBank[];
  readonly #given: IdInfo;
  /** What was typed in so far, by the wire's names: it stays when another country or kind is chosen. */
  readonly #values: Record<string, string>;
  readonly #place = h('div', { class: 'fields' });
  #fields: Field[] = [];

  constructor(asking: Asking, countries: readonly OfferedCountry[], banks: readonly OfferedBank[], given: IdInfo) {
    this.#asking = asking;
    this.#countries = countries;
    this.#banks = banks;
    this.#given = given;
    this.#values = {};
    for (const [name, value] of Object.entries(asking.before ?? {})) if (typeof value === 'string') this.#values[name] = value;
    const [only] = countries;
    if (only && countries.length === 1) this.#values['country'] = only.code;
  }

  /** Gives what was said, once nothing is wrong with it. */
  async ask(): Promise<IdInfo> {
    const { screens } = this.#asking;
    const m = screens.messages;
    this.#arrange();
    const said = await screens.ask<IdInfo | 'cancel'>((answer) => {
      const onsubmit = (event: Event): void => {
        event.preventDefault();
        const info = this.#check();
        if (info) answer(info);
      };
      const form = h(
        'form',
        { class: 'form', part: 'form', novalidate: true, autocomplete: 'off', onsubmit },
        this.#place,
        buttons(submitButton(m.next), button(m.cancel, () => answer('cancel'))),
      );
      return { name: 'identity', heading: m.idHeading, content: [text(m.idIntro), form] };
    });
    if (said === 'cancel') throw new Cancelled();
    return said;
  }

  get #country(): OfferedCountry | undefined {
    return this.#countries.find(({ code }) => code === this.#values['country']);
  }

  get #type(): OfferedIdType | undefined {
    return this.#country?.idTypes.find(({ code }) => code === this.#values['id_type']);
  }

  /** Lays out the fields that the country and the kind that are chosen want. Who chose stays where they are. */
  #arrange(focus?: string): void {
    const m = this.#asking.screens.messages;
    const country = this.#country;
    if (country?.idTypes.length === 1) this.#values['id_type'] = country.idTypes[0]?.code ?? '';
    const type = this.#type;
    const again = (name: string) => () => this.#arrange(name);
    const fields: Field[] = [];
    const { language } = this.#asking.screens;
    if (this.#countries.length > 1) {
      const options = this.#countries.map(({ code, name }) => ({ value: code, label: regionName(code, language.code) ?? name }));
      fields.push(this.#field('country', m.country, choice(m.choose, options, this.#values['country']), again('country')));
    }
    if (country && country.idTypes.length > 1) {
      const options = country.idTypes.map(({ code, label }) => ({ value: code, label }));
      fields.push(this.#field('id_type', m.idType, choice(m.choose, options, this.#values['id_type']), again('id_type')));
    }
    if (type) {
      if (!this.#given.id_number) fields.push(this.#field('id_number', `${m.idNumber} (${type.label})`, numberInput(type)));
      for (const name of detailsOf(type, this.#given) ?? []) fields.push(this.#field(name, labels(m)[name], this.#detail(name)));
    }
    this.#fields = fields;
    this.#place.replaceChildren(...fields.map(({ element }) => element));
    if (focus) fields.find(({ name }) => name === focus)?.input.focus();
  }

  #field(name: string, label: string, input: Input, changed: () => void = () => undefined): Field {
    const value = this.#values[name];
    if (value !== undefined) input.value = value;
    this.#values[name] = input.value;
    const made = field(name, label, input);
    input.addEventListener('input', () => {
      this.#values[name] = input.value;
      made.complain(undefined);
    });
    input.addEventListener('change', changed);
    return made;
  }

  #detail(name: Detail): Input {
    const m = this.#asking.screens.messages;
    switch (DETAILS[name]) {
      case 'gender':
        return choice(m.choose, [{ value: 'F', label: m.female }, { value: 'M', label: m.male }]);
      case 'bank':
        if (this.#banks.length > 0) return choice(m.choose, this.#banks.map(({ name: label, code }) => ({ value: code, label })));
        return h('input', { type: 'text', part: 'input', dir: 'ltr', maxlength: LONGEST.text });
      case 'date':
        return h('input', { type: 'date', part: 'input', max: new Date().toISOString().slice(0, 10) });
      case 'tel':
        return h('input', { type: 'tel', part: 'input', dir: 'ltr', maxlength: LONGEST.text });
      case 'text':
        return h('input', { type: 'text', part: 'input', maxlength: LONGEST.text, spellcheck: 'false' });
    }
  }

  /** What was said, or says what is wrong with it and leads to the first of that. */
  #check(): IdInfo | undefined {
    const { screens } = this.#asking;
    const asked = this.#fields.map(({ name }) => name);
    const type = this.#type;
    const values = Object.fromEntries(asked.map((name) => [name, this.#values[name] ?? '']));
    const problems = judge(asked, values, type);
    for (const made of this.#fields) {
      const problem = problems.get(made.name);
      made.complain(problem && sentence(screens.messages, problem));
    }
    const first = this.#fields.find(({ name }) => problems.has(name));
    if (first) {
      first.input.focus();
      return undefined;
    }
    const country = this.#country;
    if (!type || !country) return undefined;
    return idInfoOf({ ...this.#given, country: country.code, id_type: type.code }, values, type);
  }
}

function numberInput(type: OfferedIdType): HTMLInputElement {
  return h('input', {
    type: 'text', part: 'input', dir: 'ltr', maxlength: LONGEST.number, spellcheck: 'false', autocapitalize: 'characters',
    inputmode: isNumeric(type.pattern) ? 'numeric' : undefined,
  });
}

const sentence = (m: Messages, problem: Problem): string =>
  ({ missing: m.fieldMissing, wrongNumber: m.numberWrong, wrongDate: m.dateWrong })[problem];

const labels = (m: Messages): Record<Detail, string> => ({
  first_name: m.firstName,
  middle_name: m.middleName,
  last_name: m.lastName,
  dob: m.dob,
  gender: m.gender,
  phone_number: m.phone,
  bank_code: m.bank,
  citizenship: m.citizenship,
  operator: m.operator,
});

/** A country's name in the person's language; `undefined` where the browser does not know it. */
function regionName(code: string, language: string): string | undefined {
  try {
    return new Intl.DisplayNames([language], { type: 'region', fallback: 'none' }).of(code);
  } catch {
    return undefined;
  }
}

/** What is looked up, for people. */
function labelOf(services: Services | undefined, product: string, country: string, idType: string): string {
  const types = services?.idTypes(product).find(({ code }) => code === country)?.idTypes;
  return `${types?.find(({ code }) => code === idType)?.label ?? idType}, ${country}`;
}

/** Asks whether the person agrees. Whoever does not goes no further. */
async function consent({ screens, policy }: Asking, what: string): Promise<void> {
  const m = screens.messages;
  const agreed = await screens.ask<boolean>((answer) => ({
    name: 'consent',
    heading: m.consentHeading,
    content: [
      text(m.consentIntro),
      h('p', { part: 'text' }, h('strong', {}, what)),
      h('ul', { part: 'list' }, ...[m.consentPersonal, m.consentContact, m.consentDocument].map((item) => h('li', {}, item))),
      ...(policy ? [h('p', { part: 'text' }, h('a', { href: policy, target: '_blank', rel: 'noopener noreferrer' }, m.policy))] : []),
      buttons(button(m.agree, () => answer(true), 'primary'), button(m.decline, () => answer(false))),
    ],
  }));
  if (!agreed) throw new Cancelled();
}
