import type { Turn } from '@selfsame/client';

import { mouthWidth, type Look } from './face.ts';
import { advise, type Hint } from './guidance.ts';
import { framesOf, TURN, Turning } from './turning.ts';

/** Frames beside the selfie, where no turns are asked for. */
export const FRAMES = 8;

/** When the shutter does what. Times in milliseconds. */
export const PACE = {
  /** How long the face must be good before the selfie. */
  steady: 600,
  /** Between frames. */
  frame: 130,
  /** Frames of the face at rest, taken before the smile is asked for. */
  atRest: 2,
  /** How much wider than at rest the mouth is when a smile begins, and when it is there. */
  onset: 1.05,
  smile: 1.1,
  /** Looks whose middle counts: landmarks tremble by some hundredths. */
  steadying: 5,
  /** After this without a smile the frames are taken all the same: not everybody can smile, and the server judges. */
  patience: 9000,
} as const;

/** What to do with the picture that was just looked at. */
export interface Decision {
  readonly take?: 'selfie' | 'frame';
  /** What to tell the person. */
  readonly hint: Hint;
  /** The turn of the head that is asked for. */
  readonly turn?: Turn | undefined;
  /** 0 to 1. */
  readonly progress: number;
  /** The selfie and all frames are taken. */
  readonly done: boolean;
  /** What was taken so far is void: the face left, or another came. */
  readonly again: boolean;
}

type Phase =
  | { readonly at: 'guide'; readonly goodSince: number | undefined }
  | { readonly at: 'smile'; readonly frames: number; readonly since: number; readonly lastFrame: number; readonly smiling: boolean }
  | { readonly at: 'turn'; readonly turning: Turning };

/**
 * The automatic shutter: looks in, decisions out. It waits until the face is good for a while, takes the selfie, asks for a
 * smile and takes the frames while it begins; or, where there is a challenge, asks for its turns and takes the frames during
 * them. Knows no camera and no clock.
 */
export class Shutter {
  readonly #turns: readonly Turn[];
  #phase: Phase = { at: 'guide', goodSince: undefined };
  #rest = Number.POSITIVE_INFINITY;
  #widths: number[] = [];

  /** @param turns Those of a challenge, in order; none asks for a smile. */
  constructor(turns: readonly Turn[] = []) {
    this.#turns = turns;
  }

  /** Decides on a picture, looked at when the clock said `now`. */
  see(look: Look, now: number): Decision {
    const phase = this.#phase;
    if (phase.at === 'guide') return this.#guide(look, now, phase.goodSince);
    return phase.at === 'smile' ? this.#smile(look, now, phase) : this.#turn(look, now, phase.turning);
  }

  #guide(look: Look, now: number, goodSince: number | undefined): Decision {
    const wrong = advise(look) ?? (this.#turns.length > 0 && !squarely(look) ? 'hintStraight' : undefined);
    if (wrong) {
      this.#phase = { at: 'guide', goodSince: undefined };
      return decision(wrong, 0);
    }
    const since = goodSince ?? now;
    const waited = now - since;
    if (waited < PACE.steady) {
      this.#phase = { at: 'guide', goodSince: since };
      return decision('hintHold', (0.2 * waited) / PACE.steady);
    }
    const [face] = look.faces;
    if (this.#turns.length > 0 && face) {
      this.#phase = { at: 'turn', turning: new Turning(this.#turns, face, now) };
      return { ...decision('hintHold', 0.2), take: 'selfie' };
    }
    this.#rest = Number.POSITIVE_INFINITY;
    this.#widths = [];
    this.#note(look);
    this.#phase = { at: 'smile', frames: 0, since: now, lastFrame: now, smiling: false };
    return { ...decision('hintHold', 0.2), take: 'selfie' };
  }

  #smile(look: Look, now: number, phase: Phase & { at: 'smile' }): Decision {
    const wrong = advise(look);
    if (wrong === 'hintNoFace' || wrong === 'hintManyFaces') {
      this.#phase = { at: 'guide', goodSince: undefined };
      return { ...decision(wrong, 0), again: true };
    }
    const growth = this.#note(look);
    const impatient = now - phase.since > PACE.patience;
    const smiling = phase.smiling || growth >= PACE.smile;
    const resting = phase.frames < PACE.atRest;
    // The frames show the way from rest to smile: the last one is kept for the smile itself.
    const wanted = resting || impatient || growth >= PACE.onset || smiling;
    const last = phase.frames === FRAMES - 1 && !smiling && !impatient;
    const take = wanted && !last && now - phase.lastFrame >= PACE.frame;
    const frames = phase.frames + (take ? 1 : 0);
    this.#phase = { ...phase, frames, smiling, lastFrame: take ? now : phase.lastFrame };
    const hint = resting ? 'hintHold' : frames > PACE.atRest && !smiling ? 'hintSmileMore' : 'hintSmile';
    return {
      ...decision(hint, 0.2 + (0.8 * frames) / FRAMES),
      ...(take && { take: 'frame' as const }),
      done: frames === FRAMES,
    };
  }

  #turn(look: Look, now: number, turning: Turning): Decision {
    const { hint, take, turn, done, again } = turning.see(look, now);
    if (again) {
      this.#phase = { at: 'guide', goodSince: undefined };
      return { ...decision(hint, 0), again };
    }
    const progress = 0.2 + (0.8 * turning.frames) / framesOf(this.#turns);
    return { ...decision(hint, progress), turn, done, ...(take && { take: 'frame' as const }) };
  }

  /** Notes the mouth's width and gives it, steadied, as a share of the narrowest since the selfie; 1 until that is known. */
  #note(look: Look): number {
    const [face] = look.faces;
    if (!face) return 1;
    this.#widths = [...this.#widths, mouthWidth(face)].slice(-PACE.steadying);
    if (this.#widths.length < PACE.steadying) return 1;
    const width = [...this.#widths].sort((a, b) => a - b)[PACE.steadying >> 1] ?? 1;
    this.#rest = Math.min(this.#rest, width);
    return width / this.#rest;
  }
}

/** Whether a face looks straight enough for turns to be measured against it. */
function squarely({ faces: [face] }: Look): boolean {
  return face !== undefined && Math.abs(face.pose.yaw) <= TURN.selfie.yaw && Math.abs(face.pose.pitch) <= TURN.selfie.pitch;
}

const decision = (hint: Hint, progress: number): Decision => ({ hint, progress, done: false, again: false });
