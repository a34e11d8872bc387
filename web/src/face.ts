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

const between = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

/** How the head is held, told by five landmarks: no angles, but enough to see who looks away. */
export interface Pose {
  /** The nose's distance from the middle of the eyes, along them, in inter-eye distances: 0 looks straight. */
  readonly turn: number;
  /** Where the nose is from the eyes (0) to the mouth (1): about 0.55 looks straight. */
  readonly nod: number;
  /** Slope of the line through the eyes, in radians. */
  readonly tilt: number;
}

/** The pose of a face. */
export function poseOf(face: Face): Pose {
  const eyes = between(face.leftEye, face.rightEye);
  const mouth = between(face.mouthLeft, face.mouthRight);
  const apart = distance(face.leftEye, face.rightEye) || 1;
  const along = { x: (face.rightEye.x - face.leftEye.x) / apart, y: (face.rightEye.y - face.leftEye.y) / apart };
  const dot = (p: Point, origin: Point, dir: Point): number => (p.x - origin.x) * dir.x + (p.y - origin.y) * dir.y;
  const down = { x: -along.y, y: along.x };
  return {
    turn: dot(face.nose, eyes, along) / apart,
    nod: dot(face.nose, eyes, down) / (dot(mouth, eyes, down) || 1),
    tilt: Math.atan2(along.y, along.x),
  };
}

/** The mouth's width in inter-eye distances. It grows by a tenth or more as a smile begins. */
export function mouthWidth(face: Face): number {
  return distance(face.mouthLeft, face.mouthRight) / (distance(face.leftEye, face.rightEye) || 1);
}
