/** How long a sentence is left alone, so that it can be heard out, in milliseconds. */
const HEAR_OUT = 1600;

/** Says things to screen readers: a live region, in which sentences neither repeat nor cut each other off. */
export class Speaker {
  readonly #region: HTMLElement;
  #next: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(region: HTMLElement) {
    this.#region = region;
  }

  /** Says a sentence, after the one that is being said; of several that wait the last is said. */
  say(sentence: string): void {
    if (this.#timer !== undefined) {
      this.#next = sentence;
      return;
    }
    if (sentence !== this.#region.textContent) this.#region.textContent = sentence;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const next = this.#next;
      this.#next = undefined;
      if (next !== undefined) this.say(next);
    }, HEAR_OUT);
  }

  /** Stops, and takes back what waits. */
  hush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#next = undefined;
    this.#region.textContent = '';
  }
}
