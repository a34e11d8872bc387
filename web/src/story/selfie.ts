import { onLost } from '../camera.ts';
import type { Finder } from '../engine/finder.ts';
import type { Hint } from '../guidance.ts';
import { Darkroom, SELFIE } from '../picture.ts';
import { FRAMES, Shutter } from '../shutter.ts';
import { button, buttons, text } from '../view/controls.ts';
import type { Screens } from '../view/screens.ts';
import { Stage } from '../view/stage.ts';
import { Cancelled } from './ending.ts';

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

/** Takes a selfie and its frames from a camera, guided by the engine; by hand where there is none. */
export class SelfieShot {
  readonly #screens: Screens;
  readonly #stage: Stage;
  readonly #room = new Darkroom(SELFIE);
  readonly #stream: MediaStream;
  #ended: Error | 'lost' | undefined;
  #byHand = false;

  /** @param signal Ends it from outside. */
  constructor(screens: Screens, stream: MediaStream, signal: AbortSignal) {
    this.#screens = screens;
    this.#stream = stream;
    this.#stage = new Stage('selfie', screens.messages.preview);
    onLost(stream, () => (this.#ended ??= 'lost'));
    signal.addEventListener('abort', () => (this.#ended = signal.reason as Error), { once: true });
  }

  /**
   * Takes it. Gives `lost` where the camera went away.
   *
   * @param finder Comes when it is ready; `undefined` where there is no engine.
   * @throws `Cancelled`, or what ended it from outside.
   */
  async take(finder: Promise<Finder | undefined>, watch: (seen: Watched) => void): Promise<SelfieImages | 'lost'> {
    const m = this.#screens.messages;
    const shutter = button(m.shutter, () => (this.#byHand = true), 'primary');
    const note = text('', 'note');
    shutter.hidden = true;
    note.hidden = true;
    this.#screens.show({
      name: 'selfie',
      heading: m.selfieHeading,
      content: [this.#stage.element, note, buttons(shutter, button(m.cancel, () => (this.#ended = new Cancelled())))],
    });
    this.#stage.hint(m.hintWait, false);
    await this.#stage.play(this.#stream);
    const engine = await finder;
    const offer = setTimeout(() => (shutter.hidden = false), OFFER_SHUTTER);
    try {
      if (engine) return await this.#guided(engine, watch);
      note.textContent = m.manual;
      note.hidden = false;
      shutter.hidden = false;
      return await this.#blind();
    } finally {
      clearTimeout(offer);
    }
  }

  async #guided(engine: Finder, watch: (seen: Watched) => void): Promise<SelfieImages | 'lost'> {
    const shutter = new Shutter();
    let selfie: Blob | undefined;
    let frames: Blob[] = [];
    for (;;) {
      const began = performance.now();
      const over = this.#over();
      if (over) return over;
      if (this.#byHand) return this.#blind();
      await this.#stage.fresh();
      const picture = this.#expose() ? this.#room.small() : undefined;
      if (picture) {
        const look = await engine.look(picture);
        const decision = shutter.see(look, performance.now());
        watch({ hint: decision.hint, millis: look.millis });
        this.#tell(decision.hint, decision.progress);
        if (decision.again) [selfie, frames] = [undefined, []];
        // What was judged is still in the darkroom.
        if (decision.take === 'selfie') selfie = this.#room.develop();
        if (decision.take === 'frame') frames.push(this.#room.develop());
        if (decision.done && selfie) {
          this.#screens.speaker.say(this.#screens.messages.hintDone);
          return { selfie, frames };
        }
      }
      await pause(Math.max(0, LEAST_GAP - (performance.now() - began)));
    }
  }

  /** By hand, without the engine's judgement: the selfie when the person says so, then frames at an even pace. */
  async #blind(): Promise<SelfieImages | 'lost'> {
    this.#tell('hintNoFace', 0);
    while (!this.#byHand) {
      const over = this.#over();
      if (over) return over;
      await pause(LEAST_GAP);
    }
    const images: Blob[] = [];
    while (images.length <= FRAMES) {
      const over = this.#over();
      if (over) return over;
      await this.#stage.fresh();
      if (this.#expose()) {
        images.push(this.#room.develop());
        this.#tell('hintSmile', images.length / (FRAMES + 1));
      }
      await pause(BLIND_GAP);
    }
    const [selfie, ...frames] = images;
    return selfie ? { selfie, frames } : 'lost';
  }

  #expose(): boolean {
    const { video } = this.#stage;
    return this.#room.expose(video, { width: video.videoWidth, height: video.videoHeight });
  }

  #over(): 'lost' | undefined {
    if (this.#ended === undefined || this.#ended === 'lost') return this.#ended;
    throw this.#ended;
  }

  #tell(hint: Hint, progress: number): void {
    const sentence = this.#screens.messages[hint];
    this.#stage.hint(sentence, GOOD_HINTS.has(hint));
    this.#stage.progress(progress);
    this.#screens.speaker.say(sentence);
  }
}
