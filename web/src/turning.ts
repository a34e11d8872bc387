import type { Turn } from '@selfsame/client';

import type { Face, Look } from './face.ts';
import { BYSTANDER, type Hint } from './guidance.ts';

/** When a head is turned, and what of it is kept. Angles in degrees against the selfie, times in milliseconds. */
export const TURN = {
  /**
   * Fully turned. The server's policy wants 16 degrees of yaw and 12 of pitch by default; the rest is for what its larger picture
   * shows otherwise than the small one here.
   */
  full: { left: 24, right: 24, up: 18 },
  /** How much less a single look may say: landmarks tremble. */
  slack: 4,
  /** The selfie, which the server allows 12 and 25 degrees: a turned one would make a straight frame a turn the other way. */
  selfie: { yaw: 9, pitch: 18 },
  /** Straight again: the server allows 0.6 of a full turn, 9.6 degrees of yaw and 7.2 of pitch. */
  straight: { yaw: 8, pitch: 6 },
  /**
   * A head that is turned two ways at once gives no frames: it would be another turn, or none. So much of the one, in full turns,
   * may the other have.
   */
  astray: 0.7,
  /** The share of a full turn from which a head is on its way. */
  onTheWay: 0.45,
  /** So far the other way is a mistake, when it lasts. */
  otherWay: 8,
  mistaken: 400,
  /** A head on its way that has not moved on by this much for so long is told to. */
  movedOn: 3,
  lingered: 1000,
  /** Looks whose middle counts. */
  steadying: 3,
  /** Frames of the head at rest, before the first turn. */
  atRest: 2,
  /** Frames of each turn: on the way, fully turned, fully turned, back. */
  each: 4,
  /** Between two frames, and between the two of a head that is fully turned. */
  frame: 130,
  hold: 250,
  /** How long no face may be found: one that is turned far is often missed, and comes back. */
  absence: 800,
  absenceTurned: 2500,
} as const;

/** How many frames a challenge's capture has. */
export const framesOf = (turns: readonly Turn[]): number => TURN.atRest + TURN.each * turns.length;

/** What to do with a picture of somebody who follows a challenge. */
export interface Step {
  readonly hint: Hint;
  /** Keep it as a frame. */
  readonly take: boolean;
  /** The turn that is asked for; `undefined` while the head is to be straight. */
  readonly turn: Turn | undefined;
  /** All turns were made. */
  readonly done: boolean;
  /** The person left, or another came: what was taken is void. */
  readonly again: boolean;
}

type Pose = Face['pose'];

const ASKED: Record<Turn, Hint> = { left: 'hintLeft', right: 'hintRight', up: 'hintUp' };

/**
 * Guides a person through the turns of a challenge, in order: looks in, steps out. Begins when the selfie was taken. Knows no
 * camera and no clock.
 */
export class Turning {
  readonly #turns: readonly Turn[];
  readonly #selfie: Pose;
  readonly #poses: Pose[] = [];
  #stage: 'rest' | 'go' | 'held' | 'back' = 'rest';
  /** Which turn. */
  #at = 0;
  #frames = 0;
  #lastFrame: number;
  #lastSeen: number;
  /** Frames of this turn: on the way, and fully turned. */
  #way = false;
  #full = 0;
  /** Furthest in one look of this turn: who turns fast is soon too far to be found. */
  #reached = 0;
  /** Furthest so far in this turn, and since when. */
  #furthest = 0;
  #movedOn = 0;
  #mistakenSince: number | undefined;

  /**
   * @param selfie What was seen on the selfie: all turns are measured against it.
   * @param now When it was taken.
   */
  constructor(turns: readonly Turn[], selfie: Face, now: number) {
    this.#turns = turns;
    this.#selfie = selfie.pose;
    this.#lastFrame = now;
    this.#lastSeen = now;
  }

  /** How many frames were kept. */
  get frames(): number {
    return this.#frames;
  }

  /** Decides on a picture, looked at when the clock said `now`. */
  see(look: Look, now: number): Step {
    const [face, ...others] = look.faces;
    if (others.some((other) => other.box.height >= BYSTANDER * (face?.box.height ?? 0))) return this.#step('hintManyFaces', { again: true });
    const known = face && Number.isFinite(face.pose.yaw) && Number.isFinite(face.pose.pitch);
    if (!face || !known) return this.#absent(now);
    this.#lastSeen = now;
    this.#poses.push(face.pose);
    if (this.#poses.length > TURN.steadying) this.#poses.shift();
    if (cutOff(face, look)) return this.#step('hintCentre');
    switch (this.#stage) {
      case 'rest':
        return this.#rest(face.pose, now);
      case 'go':
        return this.#go(face.pose, now);
      case 'held':
        return this.#hold(face.pose, now);
      case 'back':
        return this.#back(face.pose, now);
    }
  }

  #absent(now: number): Step {
    const turned = (this.#stage === 'go' || this.#stage === 'held') && this.#reached >= TURN.onTheWay * this.#wanted;
    if (now - this.#lastSeen > (turned ? TURN.absenceTurned : TURN.absence)) return this.#step('hintNoFace', { again: true });
    return this.#step(turned ? 'hintTooFar' : 'hintNoFace');
  }

  #rest(pose: Pose, now: number): Step {
    if (!this.#straight(pose)) return this.#step('hintStraight');
    const take = this.#take(now, TURN.frame);
    if (this.#frames < TURN.atRest) return this.#step('hintHold', { take });
    this.#begin(now);
    return this.#step(this.#asked, { take });
  }

  #go(pose: Pose, now: number): Step {
    const far = this.#far;
    this.#reached = Math.max(this.#reached, this.#towards(pose));
    const there = far >= this.#wanted && this.#towards(pose) >= this.#wanted - TURN.slack;
    if (there && !this.#astray(pose)) return this.#turned(now);
    if (far >= this.#furthest + TURN.movedOn) [this.#furthest, this.#movedOn] = [far, now];
    const take = !this.#way && !this.#astray(pose) && far >= TURN.onTheWay * this.#wanted && this.#take(now, TURN.frame);
    if (take) this.#way = true;
    this.#mistakenSince = far <= -TURN.otherWay ? (this.#mistakenSince ?? now) : undefined;
    if (this.#mistakenSince !== undefined && now - this.#mistakenSince >= TURN.mistaken) return this.#step('hintOtherWay');
    const lingers = far >= TURN.onTheWay * this.#wanted && now - this.#movedOn >= TURN.lingered;
    return this.#step(lingers ? 'hintTurnMore' : this.#asked, { take });
  }

  #turned(now: number): Step {
    const take = this.#take(now, TURN.frame);
    if (!take) return this.#step('hintHold');
    this.#full += 1;
    this.#stage = this.#full < 2 ? 'held' : 'back';
    return this.#step(this.#full < 2 ? 'hintHold' : 'hintBack', { take });
  }

  #hold(pose: Pose, now: number): Step {
    if (this.#far < this.#wanted - TURN.slack) {
      // Turned back too soon: the second picture is still wanted, and only that.
      this.#stage = 'go';
      [this.#furthest, this.#movedOn] = [this.#far, now];
      return this.#step('hintTurnMore');
    }
    const there = this.#towards(pose) >= this.#wanted - TURN.slack && !this.#astray(pose);
    if (!there || !this.#take(now, TURN.hold)) return this.#step('hintHold');
    this.#full += 1;
    this.#stage = 'back';
    return this.#step('hintBack', { take: true });
  }

  #back(pose: Pose, now: number): Step {
    const far = this.#far;
    // Who turned so fast that no picture of the way was had, gives one on the way back.
    if (!this.#way && !this.#astray(pose) && far < 0.8 * this.#wanted && far >= TURN.onTheWay * this.#wanted && this.#take(now, TURN.frame)) {
      this.#way = true;
      return this.#step('hintBack', { take: true });
    }
    if (!this.#straight(pose) || !this.#take(now, TURN.frame)) return this.#step('hintBack');
    this.#at += 1;
    if (this.#at === this.#turns.length) return this.#step('hintDone', { take: true, done: true });
    this.#begin(now);
    return this.#step(this.#asked, { take: true });
  }

  /** Asks for the next turn. */
  #begin(now: number): void {
    this.#stage = 'go';
    [this.#way, this.#full, this.#reached, this.#furthest, this.#movedOn, this.#mistakenSince] = [false, 0, 0, 0, now, undefined];
  }

  /** Keeps the picture, unless the last one is too young. */
  #take(now: number, gap: number): boolean {
    if (now - this.#lastFrame < gap) return false;
    this.#lastFrame = now;
    this.#frames += 1;
    return true;
  }

  get #turn(): Turn {
    return this.#turns[this.#at] ?? 'left';
  }

  get #asked(): Hint {
    return ASKED[this.#turn];
  }

  get #wanted(): number {
    return TURN.full[this.#turn];
  }

  /** How far a head is turned as it is asked for. */
  #towards({ yaw, pitch }: Pose): number {
    const { yaw: yaw0, pitch: pitch0 } = this.#selfie;
    // The person's left is the picture's right: pictures are not mirrored, only what the stage shows of them.
    if (this.#turn === 'up') return pitch - pitch0;
    return this.#turn === 'left' ? yaw - yaw0 : yaw0 - yaw;
  }

  get #far(): number {
    return middleOf(this.#poses.map((pose) => this.#towards(pose)));
  }

  /** Whether the head is as on the selfie, for a while and in this very look. */
  #straight(pose: Pose): boolean {
    const off = (of: (pose: Pose) => number): number => Math.abs(middleOf(this.#poses.map(of)) - of(this.#selfie));
    const { yaw, pitch } = this.#off(pose);
    const now = yaw <= TURN.straight.yaw + 1 && pitch <= TURN.straight.pitch + 1;
    return now && off((one) => one.yaw) <= TURN.straight.yaw && off((one) => one.pitch) <= TURN.straight.pitch;
  }

  #astray(pose: Pose): boolean {
    const { yaw, pitch } = this.#off(pose);
    const [across, up] = [yaw / TURN.full.left, pitch / TURN.full.up];
    const [asked, other, free] =
      this.#turn === 'up' ? [up, across, yaw <= TURN.straight.yaw] : [across, up, pitch <= TURN.straight.pitch];
    return other > TURN.astray * asked && !free;
  }

  #off({ yaw, pitch }: Pose): { yaw: number; pitch: number } {
    return { yaw: Math.abs(yaw - this.#selfie.yaw), pitch: Math.abs(pitch - this.#selfie.pitch) };
  }

  #step(hint: Hint, more: Partial<Step> = {}): Step {
    const asked = this.#stage === 'go' || this.#stage === 'held';
    return { hint, take: false, turn: asked ? this.#turn : undefined, done: false, again: false, ...more };
  }
}

/** A face counts as cut off when this share of its box lies beyond an edge. */
const BEYOND = 0.12;

function cutOff({ box }: Face, { width, height }: Look): boolean {
  const [wide, tall] = [BEYOND * box.width, BEYOND * box.height];
  return box.x < -wide || box.y < -tall || box.x + box.width > width + wide || box.y + box.height > height + tall;
}

const middleOf = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** What is said where nothing sees the head, and how long after it a picture is taken, in milliseconds. */
export interface Prompt {
  readonly hint: Hint;
  readonly turn: Turn | undefined;
  readonly wait: number;
}

/**
 * A challenge as prompts, one for each frame: for who goes without the engine. The pauses leave a person time to read, to turn,
 * and to come back.
 */
export function prompts(turns: readonly Turn[]): Prompt[] {
  const rest: Prompt = { hint: 'hintHold', turn: undefined, wait: 300 };
  return [
    ...Array.from({ length: TURN.atRest }, () => rest),
    ...turns.flatMap((turn): Prompt[] => [
      { hint: ASKED[turn], turn, wait: 1100 },
      { hint: ASKED[turn], turn, wait: 1200 },
      { hint: 'hintHold', turn, wait: 400 },
      { hint: 'hintBack', turn: undefined, wait: 1700 },
    ]),
  ];
}
