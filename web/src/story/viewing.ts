import { Feed, type Arrival } from '../feed.ts';
import type { Darkroom } from '../picture.ts';
import { button } from '../view/controls.ts';
import type { Screens } from '../view/screens.ts';
import { Stage } from '../view/stage.ts';

/** Why a camera cannot be used any longer. */
export type Loss = Extract<Arrival, 'lost' | 'stalled'>;

/** A camera's picture on a stage. The person is told when it pauses; so is whoever takes pictures from it. */
export class Viewing {
  readonly stage: Stage;
  /** Goes on after a pause, where the browser wants to be told by the person. Hidden until then. */
  readonly resume: HTMLButtonElement;
  /** Takes the picture. Cannot be pressed in a pause: what is then before the camera is not what the person sees. */
  readonly shutter: HTMLButtonElement;
  readonly #screens: Screens;
  readonly #feed: Feed;
  readonly #over: Promise<void>;
  #end: (why: Error) => void = () => undefined;
  #why: Error | undefined;

  /**
   * @param press Called when the person takes the picture.
   * @param signal Ends it from outside.
   */
  constructor(kind: 'selfie' | 'card', screens: Screens, stream: MediaStream, room: Darkroom, press: () => void, signal: AbortSignal) {
    this.#screens = screens;
    const m = screens.messages;
    this.stage = new Stage(kind, kind === 'selfie' ? m.preview : m.previewCard);
    this.#feed = new Feed(this.stage.video, stream, room);
    this.resume = button(m.resume, () => this.#feed.resume(), 'primary');
    this.resume.hidden = true;
    this.shutter = button(m.shutter, press, 'primary');
    this.#over = new Promise((resolve) => {
      this.#end = (why) => {
        this.#why ??= why;
        resolve();
      };
    });
    if (signal.aborted) this.end(signal.reason as Error);
    signal.addEventListener('abort', () => this.end(signal.reason as Error), { once: true });
  }

  /** Tells the picture that came last from all others. */
  get mark(): number {
    return this.#feed.mark;
  }

  /** The picture that came last, at the detector's size; its pixels may be handed over. */
  get picture(): ImageData | undefined {
    return this.#feed.picture;
  }

  /** Whoever waits for a picture gets this error instead. */
  end(why: Error): void {
    this.#end(why);
  }

  /** Lets the camera's picture go. */
  close(): void {
    this.#feed.close();
  }

  /** Waits for something beside the camera, but not beyond the end. */
  async meanwhile<T>(other: Promise<T>): Promise<T> {
    try {
      return (await Promise.race([other, this.#over])) as T;
    } finally {
      // Whoever failed because of the end did not fail.
      this.check();
    }
  }

  /** Waits for the camera's next picture. Throws what ended it. */
  async next(): Promise<Arrival> {
    this.check();
    const arrival = await this.meanwhile(this.#feed.next());
    const paused = arrival === 'paused';
    if (paused) {
      const m = this.#screens.messages;
      this.stage.hint(m.hintPaused, false);
      this.stage.progress(0);
      this.stage.point(undefined);
      this.#screens.speaker.say(m.hintPaused);
    }
    // They stay through what is neither pause nor picture: buttons that come and go are hard to press.
    if (paused || arrival === 'picture') {
      this.resume.hidden = !paused;
      this.shutter.disabled = paused;
    }
    return arrival;
  }

  /** Throws what ended it, if something has. */
  check(): void {
    if (this.#why) throw this.#why;
  }
}
