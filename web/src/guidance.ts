import type { Face, Look } from './face.ts';

/** What the person is to do next. Keys of the messages. */
export type Hint =
  | 'hintNoFace'
  | 'hintManyFaces'
  | 'hintNearer'
  | 'hintFarther'
  | 'hintCentre'
  | 'hintDark'
  | 'hintBright'
  | 'hintStraight'
  | 'hintSharp'
  | 'hintHold'
  | 'hintSmile'
  | 'hintSmileMore'
  | 'hintLeft'
  | 'hintRight'
  | 'hintUp'
  | 'hintTurnMore'
  | 'hintOtherWay'
  | 'hintTooFar'
  | 'hintBack'
  | 'hintTimeUp'
  | 'hintWait'
  | 'hintDone';

/** The oval that the face is to fill, as shares of the picture's width and height. */
export const OVAL = { x: 0.5, y: 0.47, width: 0.62, height: 0.64 } as const;

/**
 * What a good face is. Chosen on the fetched photographs and their spoiled copies: see docs/decisions/0029-guidance.md.
 * Lengths are shares of the oval's.
 */
export const GOOD = {
  /** The box's height. */
  leastHeight: 0.62,
  mostHeight: 1.02,
  /** How far the box's middle may be from the oval's. */
  offCentre: 0.16,
  leastExposure: 0.16,
  mostExposure: 0.88,
  leastSharpness: 7,
  /** Degrees. What the engine tells of an upright face may be 5 off. */
  yaw: 22,
  pitch: 22,
  roll: 15,
} as const;

/** Another face counts when it is this large beside the largest: people behind a person are smaller. */
export const BYSTANDER = 0.35;

/** What is wrong with a look, the gravest first; `undefined` when the face is good. */
export function advise(look: Look): Hint | undefined {
  const [face, ...others] = look.faces;
  if (!face) return 'hintNoFace';
  if (others.some((other) => other.box.height >= BYSTANDER * face.box.height)) return 'hintManyFaces';
  return place(face, look) ?? light(face) ?? bearing(face) ?? (face.sharpness < GOOD.leastSharpness ? 'hintSharp' : undefined);
}

function place(face: Face, { width, height }: Look): Hint | undefined {
  const { box } = face;
  const tall = box.height / (OVAL.height * height);
  if (tall < GOOD.leastHeight) return 'hintNearer';
  if (tall > GOOD.mostHeight) return 'hintFarther';
  const across = (box.x + box.width / 2 - OVAL.x * width) / (OVAL.width * width);
  const down = (box.y + box.height / 2 - OVAL.y * height) / (OVAL.height * height);
  return Math.hypot(across, down) > GOOD.offCentre ? 'hintCentre' : undefined;
}

function light({ exposure }: Face): Hint | undefined {
  if (exposure < GOOD.leastExposure) return 'hintDark';
  return exposure > GOOD.mostExposure ? 'hintBright' : undefined;
}

function bearing({ pose }: Face): Hint | undefined {
  const straight = Math.abs(pose.yaw) <= GOOD.yaw && Math.abs(pose.pitch) <= GOOD.pitch && Math.abs(pose.roll) <= GOOD.roll;
  return straight ? undefined : 'hintStraight';
}
