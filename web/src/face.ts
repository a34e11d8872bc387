/** A point in pixels of the picture, origin at its top left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What the engine measures of one face. Lengths are in pixels of the picture; left and right are the picture's. */
export interface Face {
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly leftEye: Point;
  readonly rightEye: Point;
  readonly nose: Point;
  readonly mouthLeft: Point;
  readonly mouthRight: Point;
  /** The detector's confidence, 0 to 1. */
  readonly score: number;
  /** Standard deviation of the Laplacian of the aligned face, in grey levels; blurred faces are low. */
  readonly sharpness: number;
  /** Mean luminance of the aligned face, 0 to 1. */
  readonly exposure: number;
  /** Where the head is turned, in degrees: all 0 for a face that looks into the camera; NaN where that is unknown. */
  readonly pose: { readonly yaw: number; readonly pitch: number; readonly roll: number };
}

/** All that one look at a picture gave. */
export interface Look {
  readonly width: number;
  readonly height: number;
  /** Largest first. */
  readonly faces: readonly Face[];
  /** How long the engine took. */
  readonly millis: number;
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

/** The mouth's width in inter-eye distances. It grows by a tenth or more as a smile begins. */
export function mouthWidth(face: Face): number {
  return distance(face.mouthLeft, face.mouthRight) / (distance(face.leftEye, face.rightEye) || 1);
}
