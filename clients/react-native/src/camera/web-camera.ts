import type { CameraSide } from './camera';

/** How long to wait for a new picture, in milliseconds. */
const LATEST = 2000;
/** Between two looks at whether one has come. */
const POLL = 30;
/** Pictures that are taken closer together than this belong together. */
const SERIES = 3000;

/**
 * Opens a browser's camera. What is wished of it some cameras fail over, under one name or another: they are asked again, more
 * plainly, unless the person said no.
 */
export async function openWebCamera(side: CameraSide): Promise<MediaStream> {
  const devices: MediaDevices | undefined = navigator.mediaDevices;
  if (!devices?.getUserMedia) {
    throw new Error(
      globalThis.isSecureContext
        ? 'this browser gives pages no camera, as many inside apps: open the page in a browser of its own'
        : 'a page has a camera only over HTTPS',
    );
  }
  const facingMode = side === 'front' ? 'user' : 'environment';
  let first: unknown;
  for (const video of [{ facingMode, width: { ideal: 1280 }, height: { ideal: 960 } }, { facingMode }, true]) {
    try {
      return await devices.getUserMedia({ audio: false, video });
    } catch (error) {
      first ??= error;
      if (error instanceof DOMException && ['NotAllowedError', 'SecurityError'].includes(error.name)) throw error;
    }
  }
  throw first;
}

/** A playing camera's pictures. None is given twice: after a call or a lock a browser may leave the video standing. */
export class VideoFrames {
  readonly #video: HTMLVideoElement;
  readonly #track: MediaStreamTrack | undefined;
  readonly #end = new AbortController();
  readonly #canvas = document.createElement('canvas');
  #last: string | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;
  #interrupted = false;

  constructor(video: HTMLVideoElement, stream: MediaStream) {
    this.#video = video;
    [this.#track] = stream.getVideoTracks();
    const { signal } = this.#end;
    const interrupted = (): void => void (this.#interrupted = true);
    video.addEventListener('pause', interrupted, { signal });
    this.#track?.addEventListener('mute', interrupted, { signal });
    document.addEventListener('visibilitychange', interrupted, { signal });
  }

  close(): void {
    this.#end.abort();
  }

  /**
   * The next picture, as JPEG.
   *
   * @throws Where none comes, or the camera was held since the picture before it in a series.
   */
  async take(): Promise<Uint8Array> {
    const until = performance.now() + LATEST;
    if (this.#interrupted && performance.now() - this.#lastAt < SERIES) throw new Error('the camera was interrupted between two pictures');
    this.#interrupted = false;
    if (this.#video.paused) await this.#video.play();
    for (;;) {
      const picture = this.#draw();
      if (picture !== undefined && picture !== this.#last) {
        this.#last = picture;
        this.#lastAt = performance.now();
        return this.#jpeg();
      }
      if (performance.now() > until) throw new Error('the camera gives no new pictures');
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  }

  /** Draws what the video shows. Gives something that tells the picture from others; `undefined` where there is none. */
  #draw(): string | undefined {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (!width || this.#video.paused || this.#track?.muted || this.#track?.readyState !== 'live') return undefined;
    Object.assign(this.#canvas, { width, height });
    const paper = this.#canvas.getContext('2d', { willReadFrequently: true });
    paper?.drawImage(this.#video, 0, 0);
    // The middle row of a camera's picture is never twice the same: its noise is in it.
    return paper?.getImageData(0, height >> 1, width, 1).data.join();
  }

  async #jpeg(): Promise<Uint8Array> {
    const blob = await new Promise<Blob | null>((resolve) => this.#canvas.toBlob(resolve, 'image/jpeg', 0.9));
    if (!blob) throw new Error('the picture could not be encoded');
    return new Uint8Array(await blob.arrayBuffer());
  }
}
