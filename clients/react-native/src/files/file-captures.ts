import { ArgumentError, readChallenge, type Capture, type CaptureStore, type Challenge } from '@selfsame/client';

import type { PrivateFiles } from './private-files';

const ROOT = 'selfsame-captures';
const SELFIE = 'selfie';
const FRONT = 'id_card_front';
const BACK = 'id_card_back';
const CHALLENGE = 'challenge';

/** Captures by tag, in the app's private files. They are deleted once the server has the job's package. */
export class FileCaptures implements CaptureStore {
  readonly #files: PrivateFiles;

  constructor(files: PrivateFiles) {
    this.#files = files;
  }

  /** Keeps a selfie and its frames; those that were kept under the tag before are replaced, ID card images stay. */
  async keepSelfie(tag: string, selfie: Uint8Array, frames: readonly Uint8Array[], challenge?: Challenge): Promise<void> {
    const folder = folderOf(tag);
    for (const name of await this.#files.list(folder)) {
      if (name === SELFIE || name === CHALLENGE || isFrame(name)) await this.#files.remove(`${folder}/${name}`);
    }
    for (const [at, frame] of frames.entries()) await this.#files.write(`${folder}/${frameName(at)}`, frame);
    if (challenge) await this.#files.write(`${folder}/${CHALLENGE}`, packed(challenge));
    // The selfie last: a capture that was cut short has none, and so is none.
    await this.#files.write(`${folder}/${SELFIE}`, selfie);
  }

  /** Keeps an ID card's images; those that were kept under the tag before are replaced, the selfie stays. */
  async keepIdCard(tag: string, front: Uint8Array, back: Uint8Array | undefined): Promise<void> {
    const folder = folderOf(tag);
    await this.#files.remove(`${folder}/${BACK}`);
    await this.#files.write(`${folder}/${FRONT}`, front);
    if (back) await this.#files.write(`${folder}/${BACK}`, back);
  }

  /** Deletes a capture. */
  async forget(tag: string): Promise<void> {
    await this.#files.remove(folderOf(tag));
  }

  async read(tag: string): Promise<Capture | undefined> {
    const folder = folderOf(tag);
    const read = (name: string): Promise<Uint8Array | undefined> => this.#files.read(`${folder}/${name}`);
    const selfie = await read(SELFIE);
    if (!selfie) return undefined;
    const names = (await this.#files.list(folder)).filter(isFrame).sort();
    const frames = (await Promise.all(names.map(read))).filter((frame) => frame !== undefined);
    const challenge = unpacked(await read(CHALLENGE));
    const [idCardFront, idCardBack] = [await read(FRONT), await read(BACK)];
    return { selfie, frames, ...(challenge && { challenge }), ...(idCardFront && { idCardFront }), ...(idCardBack && { idCardBack }) };
  }

  async submitted(tag: string): Promise<void> {
    await this.forget(tag);
  }
}

const frameName = (at: number): string => `frame_${String(at).padStart(3, '0')}`;
const isFrame = (name: string): boolean => name.startsWith('frame_');

// As ASCII: not every engine has an encoder of text.
const packed = (challenge: Challenge): Uint8Array =>
  Uint8Array.from(encodeURIComponent(JSON.stringify(challenge)), (character) => character.charCodeAt(0));
const unpacked = (bytes: Uint8Array | undefined): Challenge | undefined =>
  bytes && readChallenge(JSON.parse(decodeURIComponent(String.fromCharCode(...bytes))));

/** A tag's folder. Escaped and prefixed, so that no tag leads out of the captures' own. */
function folderOf(tag: string): string {
  const name = `tag-${encodeURIComponent(tag)}`;
  if (name.length > 200) throw new ArgumentError('the tag is too long: about 190 letters or digits are the most');
  return `${ROOT}/${name}`;
}
