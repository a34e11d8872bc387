import { SIDE } from './engine/finder.ts';

/** Width by height of what a stage shows and a picture keeps. */
export interface Shape {
  readonly width: number;
  readonly height: number;
}

/** A selfie is upright; an ID card lies. */
export const SELFIE: Shape = { width: 3, height: 4 };
export const CARD: Shape = { width: 16, height: 11 };

/** Most pixels along the long side. More only makes the upload longer. */
const LONGEST = 1440;
const QUALITY = 0.9;

/** The middle part of a source that has the shape, in the source's pixels. */
export function middle(source: Shape, shape: Shape): Shape & { readonly x: number; readonly y: number } {
  const width = Math.min(source.width, (source.height * shape.width) / shape.height);
  const height = Math.min(source.height, (source.width * shape.height) / shape.width);
  return { x: (source.width - width) / 2, y: (source.height - height) / 2, width, height };
}

/** Holds the picture that was looked at last, so that what is kept is what was judged. */
export class Darkroom {
  readonly #full = document.createElement('canvas');
  readonly #small = document.createElement('canvas');
  readonly #shape: Shape | undefined;

  /** @param shape Cuts pictures to it; without one they keep theirs. */
  constructor(shape?: Shape) {
    this.#shape = shape;
  }

  /** Takes a picture from a video or an image. Gives whether there was one. */
  expose(source: CanvasImageSource, size: Shape): boolean {
    if (size.width === 0 || size.height === 0) return false;
    const cut = middle(size, this.#shape ?? size);
    const scale = Math.min(1, LONGEST / Math.max(cut.width, cut.height));
    const [width, height] = [Math.round(cut.width * scale), Math.round(cut.height * scale)];
    if (this.#full.width !== width || this.#full.height !== height) Object.assign(this.#full, { width, height });
    // Read back for the small copy only, but as JPEG in any case: a canvas in memory serves both best.
    const paper = this.#full.getContext('2d', { alpha: false, willReadFrequently: true });
    if (!paper) return false;
    paper.imageSmoothingQuality = 'high';
    paper.drawImage(source, cut.x, cut.y, cut.width, cut.height, 0, 0, width, height);
    return true;
  }

  /** The picture's pixels at the detector's size. */
  small(): ImageData | undefined {
    const { width, height } = this.#full;
    const scale = Math.min(1, SIDE / Math.max(width, height));
    const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
    if (this.#small.width !== size.width || this.#small.height !== size.height) Object.assign(this.#small, size);
    const paper = this.#small.getContext('2d', { alpha: false, willReadFrequently: true });
    paper?.drawImage(this.#full, 0, 0, size.width, size.height);
    return paper?.getImageData(0, 0, size.width, size.height);
  }

  /**
   * The picture as JPEG. At once: `toBlob` waits until the page is idle, which it is not beside a video, and frames must keep
   * their pace.
   */
  develop(): Blob {
    const url = this.#full.toDataURL('image/jpeg', QUALITY);
    const [head, body] = url.split(',');
    if (head !== 'data:image/jpeg;base64' || body === undefined) throw new Error('this browser writes no JPEG');
    const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
    return new Blob([bytes], { type: 'image/jpeg' });
  }
}

/**
 * A picture from a file, upright, written anew as JPEG: what else the file says (place, device) stays on the device.
 *
 * @throws Where the file holds no picture that this browser reads.
 */
export async function fromFile(file: Blob): Promise<Darkroom> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  try {
    const room = new Darkroom();
    if (!room.expose(bitmap, bitmap)) throw new Error('the file holds an empty picture');
    return room;
  } finally {
    bitmap.close();
  }
}
