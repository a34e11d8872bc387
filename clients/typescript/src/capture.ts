import type { Challenge } from './challenge.js';
import { ArgumentError } from './errors.js';

/** An image file, JPEG or PNG. */
export type ImageBytes = Uint8Array | ArrayBuffer;

/** What was captured under a tag: a selfie with its frames, and ID card images where they were captured. */
export interface Capture {
  /** The selfie. */
  readonly selfie: Uint8Array;
  /** The frames around the selfie, in the order in which they were taken. About eight make a SmartSelfie. */
  readonly frames?: readonly Uint8Array[];
  /** The challenge that the person followed, which the frames show. */
  readonly challenge?: Challenge;
  /** The ID card's front. */
  readonly idCardFront?: Uint8Array;
  /** The ID card's back. */
  readonly idCardBack?: Uint8Array;
}

/** Where captures are kept. The client keeps them in memory unless it is given another store, e.g. one of files. */
export interface CaptureStore {
  /** The capture of a tag, or `undefined` where none has a selfie. */
  read(tag: string): Promise<Capture | undefined> | Capture | undefined;
  /** Called once the server has a job's package. A store on disk deletes the capture here. Where that fails, the job goes on. */
  submitted?(tag: string): Promise<void> | void;
}

interface Parts {
  selfie?: Uint8Array;
  frames?: readonly Uint8Array[];
  challenge?: Challenge;
  idCardFront?: Uint8Array;
  idCardBack?: Uint8Array;
}

/** Captures by tag, in memory. They stay until they are replaced or forgotten. */
export class MemoryCaptures implements CaptureStore {
  readonly #captures = new Map<string, Parts>();

  /**
   * Keeps a selfie and its frames; those that were kept under the tag before are replaced, ID card images stay.
   *
   * @param challenge The challenge that was followed: the selfie looks straight ahead, and the frames, in the order in which they
   *   were taken, begin so and then hold for each turn the way there, the head fully turned (twice), and the way back.
   */
  keepSelfie(tag: string, selfie: ImageBytes, frames: readonly ImageBytes[] = [], challenge?: Challenge): void {
    const { idCardFront, idCardBack } = this.#captures.get(tag) ?? {};
    this.#captures.set(tag, {
      selfie: image(selfie, 'selfie'),
      frames: frames.map((f, at) => image(f, `frames[${at}]`)),
      ...(challenge && { challenge }),
      ...(idCardFront && { idCardFront }),
      ...(idCardBack && { idCardBack }),
    });
  }

  /** Keeps an ID card's images; those that were kept under the tag before are replaced, the selfie stays. */
  keepIdCard(tag: string, front: ImageBytes, back?: ImageBytes): void {
    const { selfie, frames, challenge } = this.#captures.get(tag) ?? {};
    const parts: Parts = { idCardFront: image(front, 'front') };
    if (selfie) parts.selfie = selfie;
    if (frames) parts.frames = frames;
    if (challenge) parts.challenge = challenge;
    if (back) parts.idCardBack = image(back, 'back');
    this.#captures.set(tag, parts);
  }

  /** Forgets a capture. Gives whether there was one. */
  forget(tag: string): boolean {
    return this.#captures.delete(tag);
  }

  read(tag: string): Capture | undefined {
    const { selfie, ...more } = this.#captures.get(tag) ?? {};
    return selfie && { selfie, ...more };
  }
}

/** The bytes of an image, if they begin as JPEG or PNG do. */
export function image(bytes: ImageBytes, name: string): Uint8Array {
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  if (!isJpeg(view) && !isPng(view)) {
    throw new ArgumentError(`${name} is neither JPEG nor PNG, by its first bytes`);
  }
  return view;
}

/** Whether bytes begin as JPEG does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** Whether bytes begin as PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return [0x89, 0x50, 0x4e, 0x47].every((byte, at) => bytes[at] === byte);
}
