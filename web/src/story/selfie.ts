import { ChallengeError, type Turn } from '@selfsame/client';

import { NotDrawn, type Draw, type Drawn } from '../challenge.ts';
import type { Finder } from '../engine/finder.ts';
import type { Look } from '../face.ts';
import type { Hint } from '../guidance.ts';
import { Darkroom, SELFIE } from '../picture.ts';
import { FRAMES, Shutter } from '../shutter.ts';
import { prompts } from '../turning.ts';
import { button, buttons, text } from '../view/controls.ts';
import type { Screens } from '../view/screens.ts';
import { Cancelled } from './ending.ts';
import { Viewing, type Loss } from './viewing.ts';

/** A selfie and the frames around it. */
export interface SelfieImages {
  readonly selfie: Blob;
  readonly frames: Blob[];
  /** The challenge that the frames follow. */
  readonly drawn?: Drawn;
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

/** How long it is said that the time is over. */
const TOLD = 2500;

const GOOD_HINTS = new Set<Hint>([
  'hintHold', 'hintSmile', 'hintSmileMore', 'hintLeft', 'hintRight', 'hintUp', 'hintTurnMore', 'hintBack', 'hintDone',
]);
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

  /** The images, once there is a selfie. */
  get images(): SelfieImages | undefined {
    const [selfie, ...frames] = this.#images;
    return selfie && { selfie, frames };
  }
}

/** Takes a selfie and its frames from a camera, guided by the engine; by hand where there is none. */
export class SelfieShot {
  readonly #screens: Screens;
  readonly #room = new Darkroom(SELFIE);
  readonly #viewing: Viewing;
  readonly #note = text('', 'note');
  readonly #series = new Series();
  readonly #draw: Draw | undefined;
  #drawn: Drawn | undefined;
  #byHand = false;
  /** Resolves when the person takes the picture by hand. */
  readonly #pressed: Promise<undefined>;

  /**
   * @param draw Draws the challenge that is to be followed, where one is asked for.
   * @param signal Ends it from outside.
   */
  constructor(screens: Screens, stream: MediaStream, draw: Draw | undefined, signal: AbortSignal) {
    this.#screens = screens;
    this.#draw = draw;
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
   * @throws `Cancelled`, or what ended it from outside; `NotDrawn`; `ChallengeError` where the time is over and no other challenge is
   *   to be had.
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
    let waiting = this.#draw !== undefined;
    for (;;) {
      const began = performance.now();
      if (this.#byHand) return this.#blind();
      if (this.#late) {
        await this.#drawAgain();
        shutter = new Shutter(this.#drawn?.challenge.turns);
      }
      const arrival = await this.#viewing.next();
      if (arrival === 'lost' || arrival === 'stalled') return arrival;
      if (arrival === 'paused') {
        // The person may have put the device down: nothing of before counts.
        shutter = new Shutter(this.#drawn?.challenge.turns);
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
        if (waiting && decision.take) {
          // A challenge lives for a short while: it is drawn when the person is ready for it.
          waiting = false;
          await this.#drawOne();
          shutter = new Shutter(this.#drawn?.challenge.turns);
          continue;
        }
        this.#tell(decision.hint, decision.progress, decision.turn);
        if (decision.again) this.#series.clear();
        // What was judged is still in the darkroom.
        if (decision.take) this.#series.add(this.#viewing.mark, this.#room.develop());
        if (decision.done && this.#series.images) return this.#done(this.#series.images);
      }
      await pause(Math.max(0, LEAST_GAP - (performance.now() - began)));
    }
  }

  /** By hand, without the engine's judgement: the selfie when the person says so, then frames at an even pace. */
  async #blind(): Promise<SelfieImages | Loss> {
    this.#series.clear();
    this.#viewing.stage.point(undefined);
    const m = this.#screens.messages;
    this.#note.textContent = this.#draw ? m.manualTurns : m.manual;
    this.#note.hidden = this.#byHand;
    this.#viewing.shutter.hidden = false;
    if (this.#draw) return this.#prompted();
    for (;;) {
      const arrival = await this.#viewing.next();
      if (arrival === 'lost' || arrival === 'stalled') return arrival;
      if (arrival === 'paused') {
        this.#series.clear();
        this.#byHand = false;
      }
      if (arrival !== 'picture') continue;
      if (this.#byHand && !this.#series.has(this.#viewing.mark)) this.#series.add(this.#viewing.mark, this.#room.develop());
      const { length, images } = this.#series;
      if (images && length === FRAMES + 1) return this.#done(images);
      this.#tell(length > 0 ? 'hintSmile' : 'hintNoFace', length / (FRAMES + 1));
      await pause(length > 0 ? BLIND_GAP : LEAST_GAP);
    }
  }

  /** By hand, with a challenge: the selfie when the person says so, then the turns, each said in time for its frames. */
  async #prompted(): Promise<SelfieImages | Loss> {
    for (;;) {
      this.#tell('hintNoFace', 0);
      // One that was drawn while the engine guided is followed, unless its time is over.
      while (!this.#byHand) {
        const arrival = await this.#viewing.next();
        if (arrival === 'lost' || arrival === 'stalled') return arrival;
      }
      if (!this.#drawn || this.#late) await this.#drawOne();
      const list = [undefined, ...prompts(this.#drawn?.challenge.turns ?? [])];
      for (const [at, prompt] of list.entries()) {
        if (prompt) this.#tell(prompt.hint, at / list.length, prompt.turn);
        const kept = await this.#keepAfter(prompt?.wait ?? 0);
        if (kept === 'lost' || kept === 'stalled') return kept;
        if (kept === 'paused') break;
      }
      const { length, images } = this.#series;
      if (this.#late) await this.#drawAgain();
      else if (images && length === list.length) return this.#done(images);
      // Begun anew, when the person says so.
      this.#series.clear();
      this.#byHand = false;
    }
  }

  /** Keeps a picture that the camera gives after some time. Gives what stood against it. */
  async #keepAfter(millis: number): Promise<Loss | 'paused' | undefined> {
    const from = performance.now() + millis;
    for (;;) {
      const arrival = await this.#viewing.next();
      if (arrival === 'lost' || arrival === 'stalled' || arrival === 'paused') return arrival;
      if (performance.now() < from || arrival !== 'picture' || this.#series.has(this.#viewing.mark)) continue;
      this.#series.add(this.#viewing.mark, this.#room.develop());
      return undefined;
    }
  }

  /** Whether the challenge's time is over. */
  get #late(): boolean {
    return this.#drawn !== undefined && Date.now() >= this.#drawn.until;
  }

  async #drawOne(): Promise<void> {
    this.#tell('hintWait', 0.2);
    try {
      if (this.#draw) this.#drawn = await this.#viewing.meanwhile(this.#draw());
    } catch (error) {
      this.#viewing.check();
      throw error instanceof ChallengeError ? error : new NotDrawn(error);
    }
    if (this.#late) throw new ChallengeError('expired', this.#drawn?.challenge);
  }

  /** Says that the time is over, and draws another challenge. */
  async #drawAgain(): Promise<void> {
    this.#series.clear();
    this.#tell('hintTimeUp', 0);
    await this.#viewing.meanwhile(pause(TOLD));
    await this.#drawOne();
  }

  #done(images: SelfieImages): SelfieImages {
    this.#screens.speaker.say(this.#screens.messages.hintDone);
    return { ...images, ...(this.#drawn && { drawn: this.#drawn }) };
  }

  #tell(hint: Hint, progress: number, turn?: Turn): void {
    const sentence = this.#screens.messages[hint];
    this.#viewing.stage.hint(sentence, GOOD_HINTS.has(hint));
    this.#viewing.stage.progress(progress);
    this.#viewing.stage.point(turn);
    this.#screens.speaker.say(sentence);
  }
}
