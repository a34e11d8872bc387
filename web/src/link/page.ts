/**
 * The page behind a link: says what is asked and of whom, asks whether the person agrees, lets them choose an ID, and takes the selfie
 * with the component. The server has put the link's name and description into the page, as text.
 *
 * @packageDocumentation
 */
import '../index.ts';

import { agreement, JOB_TYPE } from '../identity.ts';
import { choose, type Language } from '../messages/index.ts';
import { Cancelled } from '../story/ending.ts';
import type { Submission } from '../submission.ts';
import { button, buttons, text } from '../view/controls.ts';
import { h } from '../view/dom.ts';
import { choice as choiceInput, field } from '../view/form.ts';
import { Screens } from '../view/screens.ts';
import { STYLE } from '../view/style.ts';
import { accentOf } from './colour.ts';
import { sentencesOf, type LinkMessages } from './messages.ts';
import { lookUp } from './number.ts';
import { offeringOf, readTerms, type Choice, type Closed, type Open } from './terms.ts';
import { LinkClosed, Tokens } from './tokens.ts';

/** How long the page stays before it leads back, in milliseconds: what it says can be read, and be gone from at once. */
const LINGER = 5000;
/** The job type of a number that is looked up alone. */
const NUMBER_ALONE = 5;

/** Says why there is no link, in the person's language. */
function sayClosed(main: HTMLElement, why: Closed, said: LinkMessages): void {
  document.title = said[why];
  main.replaceChildren(h('h1', {}, said[why]), h('p', {}, said.closedHelp));
}

/** The partner's colour and logo. */
function dress(main: HTMLElement, { theme, logo }: Open): void {
  const { style } = document.documentElement;
  if (theme !== undefined) {
    style.setProperty('--link-theme', theme);
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    const colours = accentOf(theme, dark ? 'dark' : 'light');
    if (colours) {
      style.setProperty('--selfsame-accent', colours.accent);
      style.setProperty('--selfsame-on-accent', colours.on);
    }
  }
  // The heading beside it says whose it is.
  if (logo !== undefined) main.prepend(h('img', { id: 'logo', src: logo, alt: '', referrerpolicy: 'no-referrer' }));
}

/** One visit to a link that is open. */
class Visit {
  readonly #open: Open;
  readonly #place: HTMLElement;
  readonly #host = h('div', { id: 'asking' });
  readonly #screens: Screens;
  readonly #stop = new AbortController();
  readonly #said: LinkMessages;

  constructor(main: HTMLElement, open: Open, language: Language, said: LinkMessages) {
    this.#open = open;
    this.#said = said;
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    const root = this.#host.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [style];
    this.#screens = new Screens(root, language, this.#stop.signal);
    this.#place = h('div', { id: 'place' }, this.#host);
    main.append(this.#place);
  }

  /** Until something was sent. */
  async run(): Promise<void> {
    for (;;) {
      const chosen = await this.#agree();
      if (!chosen) {
        await this.#declined();
        continue;
      }
      try {
        await this.#verify(chosen);
        await this.#end();
        return;
      } catch (error) {
        if (!(error instanceof Cancelled)) throw error;
      } finally {
        this.#place.replaceChildren(this.#host);
      }
    }
  }

  /** What is asked, and of whom; gives what the person chose, or nothing where they do not agree. */
  #agree(): Promise<Choice | undefined> {
    const m = this.#screens.messages;
    const { choices, policy } = this.#open;
    const [only] = choices;
    const options = choices.map(({ countryName, label }, at) => ({ value: String(at), label: `${label}, ${countryName}` }));
    const input = choiceInput(m.choose, options);
    const which = field('id', this.#said.which, input);
    input.addEventListener('input', () => which.complain(undefined));
    return this.#screens.ask<Choice | undefined>((answer) => {
      const agree = (): void => {
        const chosen = choices.length === 1 ? only : choices[input.value === '' ? -1 : Number(input.value)];
        if (chosen) {
          answer(chosen);
          return;
        }
        which.complain(m.fieldMissing);
        input.focus();
      };
      const asked = only && choices.length === 1 ? h('p', { part: 'text' }, h('strong', {}, `${only.label}, ${only.countryName}`)) : which.element;
      return {
        name: 'agreement',
        heading: this.#said.heading,
        content: [
          text(this.#said.notice),
          h('p', { part: 'text' }, h('a', { href: policy, target: '_blank', rel: 'noopener noreferrer' }, m.policy)),
          asked,
          buttons(button(m.agree, agree, 'primary'), button(m.decline, () => answer(undefined))),
        ],
      };
    });
  }

  async #declined(): Promise<void> {
    const { declined, declinedHelp, back } = this.#said;
    this.#screens.speaker.say(declinedHelp);
    await this.#screens.ask<void>((answer) => ({
      name: 'declined',
      heading: declined,
      content: [text(declinedHelp), buttons(button(back, () => answer(), 'primary'))],
    }));
  }

  async #verify(chosen: Choice): Promise<void> {
    const { partner, production, challenge } = this.#open;
    const tokens = new Tokens(`${location.pathname.replace(/\/+$/, '')}/token`, chosen);
    const webToken = async (): Promise<string> => {
      try {
        return await tokens.get();
      } catch (error) {
        // The server says in place of this page what became of the link.
        if (error instanceof LinkClosed) location.reload();
        throw error;
      }
    };
    // Head turns are drawn with a token, and soon over: such a token is asked for when the person is ready.
    if (!challenge) await webToken().catch(() => undefined);
    const to: Submission = {
      ...(challenge ? {} : tokens.names),
      server: new URL('..', location.href).href,
      partnerId: partner,
      jobType: chosen.method === 'biometric_kyc' ? JOB_TYPE : NUMBER_ALONE,
      isProduction: production,
      challenge,
      idInfo: { country: chosen.country, id_type: chosen.idType },
      consentInformation: agreement(),
      offering: offeringOf(chosen),
      webToken,
    };
    if (chosen.method === 'biometric_kyc') await this.#selfie(to);
    else await lookUp(to, this.#screens, this.#stop.signal, () => undefined);
  }

  /** The component asks for the number and takes the selfie. */
  #selfie(to: Submission): Promise<void> {
    const capture = document.createElement('selfsame-capture');
    capture.submission = to;
    const ended = new Promise<void>((resolve, reject) => {
      capture.addEventListener('submitted', () => resolve(), { once: true });
      capture.addEventListener('cancelled', () => reject(new Cancelled()), { once: true });
    });
    this.#place.replaceChildren(capture);
    return ended;
  }

  /** The result is for the partner: the page says only that all has arrived. */
  async #end(): Promise<void> {
    const m = this.#screens.messages;
    const { redirect } = this.#open;
    const { leaving, leave } = this.#said;
    this.#place.replaceChildren(this.#host);
    this.#screens.speaker.say(`${m.received}. ${redirect === undefined ? m.receivedHelp : leaving}`);
    this.#screens.show({
      name: 'received',
      heading: m.received,
      content: [
        text(m.receivedHelp),
        ...(redirect === undefined ? [] : [text(leaving), h('p', { part: 'text' }, h('a', { href: redirect, rel: 'noreferrer' }, leave))]),
      ],
    });
    if (redirect === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, LINGER));
    location.replace(redirect);
  }
}

async function start(main: HTMLElement): Promise<void> {
  const language = choose(navigator.languages);
  const said = sentencesOf(language.code);
  const terms = readTerms(main.dataset['link'] ?? '');
  document.documentElement.lang = language.code;
  document.documentElement.dir = language.direction;
  if (typeof terms === 'string') {
    sayClosed(main, terms, said);
    return;
  }
  // The partner's own words are in a language that nobody told.
  for (const own of main.querySelectorAll<HTMLElement>('#name, #description')) {
    own.lang = '';
    own.dir = 'auto';
  }
  dress(main, terms);
  await new Visit(main, terms, language, said).run();
}

const main = document.querySelector<HTMLElement>('#link');
if (main) void start(main);
