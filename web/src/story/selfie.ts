import type { Finder } from '../engine/finder.ts';
import type { Look } from '../face.ts';
import type { Hint } from '../guidance.ts';
import { Darkroom, SELFIE } from '../picture.ts';
import { FRAMES, Shutter } from '../shutter.ts';
import { button, buttons, text } from '../view/controls.ts';
import type { Screens } from '../view/screens.ts';
import { Cancelled } from './ending.ts';
import { Viewing, type Loss } from './viewing.ts';

/** A selfie and the frames around it. */
export interface SelfieImages {
  readonly selfie: Blob;
  readonly frames: Blob[];
}

/** What one look told, for whoever wants to watch. */
export interface Watched {
  readonly hint: Hint;
  /** How long the engine took. */
  readonly millis: number;
}

/** Not more looks a second than these: a person does not follow faster hints, and the battery lasts longer. */
const LEAST_GAP = 50;
/** After this without a selfie, a button to take it appears: some people cannot do what the hints ask. */
const OFFER_SHUTTER = 20_000;
/** Between frames where no engine tells when. */
const BLIND_GAP = 300;

const GOOD_HINTS = new Set<Hint>(['hintHold', 'hintSmile', 'hintSmileMore']);
const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

/** A selfie and its frames as they are taken. No two of them are the same picture. */
class Series {
  readonly #marks = new Set<number>();
  readonly #images: Blob[] = [];

  get length(): number {
    return this.#images.length;
  }

  has(mark: number): boolean {
    return this.#marks.has(mark);
  }

  add(mark: number, image: Blob): void {
    this.#marks.add(mark);
    this.#images.push(image);
  }

  /** What was taken so far is void. */
  clear(): void {
    this.#marks.clear();
    this.#images.length = 0;
  }

  /** The images, once all are there. */
  get whole(): SelfieImages | undefined {
    const [selfie, ...frames] = this.#images;
    return selfie && frames.length === FRAMES ? { selfie, frames } : undefined;
  }
}

/** Takes a selfie and its frames from a camera, guided by the engine; by hand where there is none. */
export class SelfieShot {
  readonly #screens: Screens;
  readonly #room = new Darkroom(SELFIE);
  readonly #viewing: Viewing;
  readonly #note = text('', 'note');
  readonly #series = new Series();
  #byHand = false;
  /** Resolves when the person takes the picture by hand. */
  readonly #pressed: Promise<undefined>;

  /** @param signal Ends it from outside. */
  constructor(screens: Screens, stream: MediaStream, signal: AbortSignal) {
    this.#screens = screens;
    let pressed: (value: undefined) => void = () => undefined;
    this.#pressed = new Promise((resolve) => (pressed = resolve));
    const press = (): void => {
      this.#byHand = true;
      pressed(undefined);
    };
    this.#viewing = new Viewing('selfie', screens, stream, this.#room, press, signal);
    this.#viewing.shutter.hidden = true;
    this.#note.hidden = true;
  }

  /**
   * Takes it, or says how the camera was lost.
   *
   * @param finder Comes when it is ready; `undefined` where there is no engine.
   * @param failed Told when the engine fails midway. The person goes on by hand.
   * @throws `Cancelled`, or what ended it from outside.
   */
  async take(
    finder: Promise<Finder | undefined>,
    watch: (seen: Watched) => void,
    failed: (error: unknown) => void,
  ): Promise<SelfieImages | Loss> {
    const m = this.#screens.messages;
    const { stage, resume, shutter } = this.#viewing;
    const cancel = button(m.cancel, () => this.#viewing.end(new Cancelled()));
    const content = [stage.element, this.#note, buttons(resume, shutter, cancel)];
    this.#screens.show({ name: 'selfie', heading: m.selfieHeading, content });
    stage.hint(m.hintWait, false);
    const offer = setTimeout(() => (shutter.hidden = false), OFFER_SHUTTER);
    try {
      // Where the engine is long in coming, the person need not wait for it.
      const engine = await this.#viewing.meanwhile(Promise.race([finder, this.#pressed]));
      if (engine?.running) return await this.#guided(engine, watch, failed);
      return await this.#blind();
    } finally {
      clearTimeout(offer);
      this.#viewing.close();
    }
  }

  async #guided(engine: Finder, watch: (seen: Watched) => void, failed: (error: unknown) => void): Promise<SelfieImages | Loss> {
    let shutter = new Shutter();
    for (;;) {
      const began = performance.now();
      if (this.#byHand) return this.#blind();
      const arrival = await this.#viewing.next();
      if (arrival === 'lost' || arrival === 'stalled') return arrival;
      if (arrival === 'paused') {
        // The person may have put the device down: nothing of before counts.
        shutter = new Shutter();
        this.#series.clear();
      }
      const picture = arrival === 'picture' && !this.#series.has(this.#viewing.mark) ? this.#viewing.picture : undefined;
      if (picture) {
        let look: Look;
        try {
          look = await this.#viewing.meanwhile(engine.look(picture));
        } catch (error) {
          if (engine.running) throw error;
          failed(error);
          return this.#blind();
        }
        const decision = shutter.see(look, performance.now());
        watch({ hint: decision.hint, millis: look.millis });
        this.#tell(decision.hint, decision.progress);
        if (decision.again) this.#series.clear();
        // What was judged is still in the darkroom.
        if (decision.take) this.#series.add(this.#viewing.mark, this.#room.develop());
        if (decision.done && this.#series.whole) return this.#done(this.#series.whole);
      }
      await pause(Math.max(0, LEAST_GAP - (performance.now() - began)));
    }
  }

  /** By hand, without the engine's judgement: the selfie when the person says so, then frames at an even pace. */
  async #blind(): Promise<SelfieImages | Loss> {
    this.#series.clear();
    this.#note.textContent = this.#screens.messages.manual;
    this.#note.hidden = this.#byHand;
    this.#viewing.shutter.hidden = false;
    for (;;) {
      const arrival = await this.#viewing.next();
      if (arrival === 'lost' || arrival === 'stalled') return arrival;
      if (arrival === 'paused') {
        this.#series.clear();
        this.#byHand = false;
      }
      if (arrival !== 'picture') continue;
      if (this.#byHand && !this.#series.has(this.#viewing.mark)) this.#series.add(this.#viewing.mark, this.#room.develop());
      const { length, whole } = this.#series;
      if (whole) return this.#done(whole);
      this.#tell(length > 0 ? 'hintSmile' : 'hintNoFace', length / (FRAMES + 1));
      await pause(length > 0 ? BLIND_GAP : LEAST_GAP);
    }
  }

  #done(images: SelfieImages): SelfieImages {
    this.#screens.speaker.say(this.#screens.messages.hintDone);
    return images;
  }

  #tell(hint: Hint, progress: number): void {
    const sentence = this.#screens.messages[hint];
    this.#viewing.stage.hint(sentence, GOOD_HINTS.has(hint));
    this.#viewing.stage.progress(progress);
    this.#screens.speaker.say(sentence);
  }
}
