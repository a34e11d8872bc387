import type { Darkroom } from './picture.ts';

/** What waiting for the camera's next picture gave. */
export type Arrival =
  /** A picture that was not there before. It is in the darkroom. */
  | 'picture'
  /** The camera sent the last picture again, to the pixel. */
  | 'same'
  /** The camera has not begun yet. */
  | 'waiting'
  /** No new picture for now: a call, a lock, another app. What was taken before does not belong to what comes after. */
  | 'paused'
  /** The page is in view, and has had no new picture for so long that waiting does not help. */
  | 'stalled'
  /** The camera went away. */
  | 'lost';

/** Times in milliseconds. */
export const WAIT = {
  /** For a picture, before the camera counts as paused. */
  picture: 1000,
  /** For the first picture: some cameras take seconds to start. */
  first: 12_000,
  /** For the camera to go on, while the page is in view. */
  resume: 6000,
  /** Between two looks at whether a picture has come, where the browser does not tell. */
  poll: 20,
} as const;

/** The least difference of two pixels' greens in a picture that shows something. */
const FLAT = 24;

/**
 * A camera's pictures, one after another, and never one twice.
 *
 * The video element alone does not tell: after a call or a lock iOS leaves it paused, and some browsers play on without a new
 * picture; whoever draws it gets the last picture again and again.
 */
export class Feed {
  readonly #video: HTMLVideoElement;
  readonly #track: MediaStreamTrack | undefined;
  readonly #room: Darkroom;
  readonly #end = new AbortController();
  /** Something held the camera since the last picture. */
  #broken = false;
  #begun = false;
  /** How long there was no new picture while the page was in view. */
  #still = 0;
  #mark: number | undefined;
  #picture: ImageData | undefined;
  #time = -1;

  /** @param room Where pictures are put. */
  constructor(video: HTMLVideoElement, stream: MediaStream, room: Darkroom) {
    this.#video = video;
    this.#room = room;
    [this.#track] = stream.getVideoTracks();
    const { signal } = this.#end;
    const broke = (): void => void (this.#broken = true);
    const back = (): void => (document.hidden ? broke() : this.resume());
    this.#track?.addEventListener('mute', broke, { signal });
    this.#track?.addEventListener('unmute', () => this.resume(), { signal });
    video.addEventListener('pause', broke, { signal });
    document.addEventListener('visibilitychange', back, { signal });
    video.srcObject = stream;
    this.resume();
  }

  /** Tells the picture that came last from all others. */
  get mark(): number {
    return this.#mark ?? 0;
  }

  /** The picture that came last, at the detector's size. */
  get picture(): ImageData | undefined {
    return this.#picture;
  }

  /** Lets the video go on. Browsers may want it called from a press of a button. */
  resume(): void {
    // Where it may not go on, the next picture does not come, and that is told.
    this.#video.play().catch(() => undefined);
  }

  /** Ends the watch. The stream is another's to end. */
  close(): void {
    this.#end.abort();
    this.#video.srcObject = null;
  }

  /** Waits for the camera's next picture, for about a second at most. */
  async next(): Promise<Arrival> {
    if (!this.#track || this.#track.readyState === 'ended') return 'lost';
    const began = performance.now();
    const came = await this.#frame();
    const held = this.#broken || document.hidden || this.#track.muted || this.#video.paused;
    this.#broken = false;
    const small = came && !held && this.#room.expose(this.#video, shapeOf(this.#video)) ? this.#room.small() : undefined;
    if (small) {
      const { mark, flat } = look(small);
      const fresh = mark !== this.#mark;
      [this.#mark, this.#picture] = [mark, small];
      this.#begun = true;
      // A covered lens gives the same black again and again, and is no fault of the camera's.
      if (fresh || flat) this.#still = 0;
      if (fresh) return 'picture';
    }
    // A timer that slept with the device tells nothing of the camera.
    if (!document.hidden) this.#still += Math.min(performance.now() - began, WAIT.picture);
    if (this.#still > (this.#begun ? WAIT.resume : WAIT.first)) return 'stalled';
    if (small) return 'same';
    if (!document.hidden && this.#video.paused) this.resume();
    return this.#begun ? 'paused' : 'waiting';
  }

  /** Waits until the browser has shown another picture. Gives whether it has. */
  async #frame(): Promise<boolean> {
    const video = this.#video;
    if (!('requestVideoFrameCallback' in video)) return this.#poll();
    return new Promise((resolve) => {
      const asked = video.requestVideoFrameCallback(() => {
        clearTimeout(late);
        resolve(true);
      });
      const late = setTimeout(() => {
        video.cancelVideoFrameCallback(asked);
        resolve(false);
      }, WAIT.picture);
    });
  }

  /** By the video's clock, where the browser tells of no pictures. */
  async #poll(): Promise<boolean> {
    const until = performance.now() + WAIT.picture;
    do {
      await new Promise((resolve) => setTimeout(resolve, WAIT.poll));
      if (this.#video.currentTime !== this.#time && this.#video.readyState >= 2) {
        this.#time = this.#video.currentTime;
        return true;
      }
    } while (performance.now() < until);
    return false;
  }
}

const shapeOf = ({ videoWidth: width, videoHeight: height }: HTMLVideoElement) => ({ width, height });

/** A picture's FNV-1a digest, and whether it shows nothing. */
function look({ data }: ImageData): { mark: number; flat: boolean } {
  let [mark, least, most] = [0x811c9dc5, 255, 0];
  for (const pixel of new Uint32Array(data.buffer, data.byteOffset, data.length >> 2)) {
    mark = Math.imul(mark ^ pixel, 0x01000193);
    const green = (pixel >>> 8) & 0xff;
    if (green < least) least = green;
    if (green > most) most = green;
  }
  return { mark, flat: most - least < FLAT };
}
