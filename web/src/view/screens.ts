import type { Language, Messages } from '../messages/index.ts';
import { h } from './dom.ts';
import { Speaker } from './speaker.ts';

/** What a screen shows. */
export interface Screen {
  readonly heading: string;
  /** Styles and tests find a screen by it. */
  readonly name: string;
  readonly content: readonly (Node | string)[];
}

/** The component's inside: one screen at a time, and the voice for screen readers. */
export class Screens {
  readonly speaker: Speaker;
  readonly #frame: HTMLElement;
  readonly #signal: AbortSignal;
  readonly language: Language;
  #shown = 0;

  /** @param signal Aborts when the component goes away; whoever waits for a screen is told. */
  constructor(root: ShadowRoot, language: Language, signal: AbortSignal) {
    this.language = language;
    this.#signal = signal;
    const region = h('p', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
    this.#frame = h('div', { class: 'frame', part: 'frame' });
    this.speaker = new Speaker(region);
    root.replaceChildren(
      h('section', { class: 'component', part: 'component', lang: language.code, dir: language.direction, 'aria-labelledby': 'heading' }, this.#frame, region),
    );
    signal.addEventListener('abort', () => this.speaker.hush(), { once: true });
  }

  get messages(): Messages {
    return this.language.messages;
  }

  /** Shows a screen. */
  show({ heading, name, content }: Screen): void {
    const title = h('h2', { id: 'heading', part: 'heading', tabindex: -1 }, heading);
    this.#frame.dataset['screen'] = name;
    this.#frame.setAttribute('part', `frame ${name}`);
    this.#frame.replaceChildren(title, ...content);
    // The first screen leaves the page's focus and place alone; later ones follow what the person did here.
    if (this.#shown > 0) {
      title.focus({ preventScroll: true });
      // Once it is laid out. On a telephone a stage is otherwise half below the edge, and its hints with it.
      requestAnimationFrame(() => this.#frame.scrollIntoView({ block: 'nearest' }));
    }
    this.#shown += 1;
  }

  /** Shows a screen that asks something, and waits for the answer. */
  ask<T>(build: (answer: (choice: T) => void) => Screen): Promise<T> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(this.#signal.reason as Error);
      if (this.#signal.aborted) {
        gone();
        return;
      }
      this.#signal.addEventListener('abort', gone, { once: true });
      this.show(
        build((choice) => {
          this.#signal.removeEventListener('abort', gone);
          resolve(choice);
        }),
      );
    });
  }
}
