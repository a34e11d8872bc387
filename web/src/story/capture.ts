import { ChallengeError } from '@selfsame/client';

import { CameraError, closeCamera } from '../camera.ts';
import { NotDrawn, type Draw, type Drawn } from '../challenge.ts';
import type { Finder } from '../engine/finder.ts';
import type { Images } from '../images.ts';
import type { Screens } from '../view/screens.ts';
import { takeCard, type Side } from './card.ts';
import { readFile } from './file.ts';
import { openSource, trouble, type Source, type Welcome } from './opening.ts';
import { review, type Likeness } from './review.ts';
import { notBegun, timeUp } from './retrying.ts';
import { SelfieShot, type Watched } from './selfie.ts';
import type { Loss } from './viewing.ts';

/** What is to be captured, in order. */
export type Step = 'selfie' | Side;

/** What the story needs from the component. */
export interface Means {
  readonly screens: Screens;
  readonly signal: AbortSignal;
  readonly finder: Promise<Finder | undefined>;
  /** Draws the challenge that the selfie is to follow, where one is asked for. */
  readonly draw: Draw | undefined;
  /** Whether files will do. */
  readonly files: boolean;
  /** Skips the welcome. */
  readonly started: boolean;
  readonly watch: (seen: Watched) => void;
  /** Told what failed: the camera, or the engine midway. The person is told, too. */
  readonly failed: (error: unknown) => void;
}

/**
 * Captures what is asked for, step by step, each until the person is content with it.
 *
 * @throws `Cancelled`, or `Removed`.
 */
export async function capture(steps: readonly Step[], means: Means): Promise<Images> {
  const images: Images = {};
  let { started } = means;
  // A challenge ends soon: what follows it comes last.
  const ordered = means.draw ? [...steps.filter((step) => step !== 'selfie'), ...steps.filter((step) => step === 'selfie')] : steps;
  for (const step of ordered) {
    await captureStep(step, images, { ...means, started });
    // Who has started the camera once has said that it may be used: the next step starts at once.
    started = true;
  }
  return images;
}

async function captureStep(step: Step, images: Images, means: Means): Promise<void> {
  for (let again = means.started; ; again = true) {
    const taken = await take(step, { ...means, started: again }).catch(async (error: unknown) => {
      if (!(error instanceof NotDrawn || error instanceof ChallengeError)) throw error;
      means.failed(error instanceof NotDrawn ? error.cause : error);
      await (error instanceof NotDrawn ? notBegun(means.screens, error.cause) : timeUp(means.screens));
      return 'again' as const;
    });
    if (taken === 'again') continue;
    if (taken === 'none') return;
    const of = step === 'selfie' ? 'selfie' : 'card';
    if (!(await review(means.screens, taken.image, taken.likeness ?? of, of))) continue;
    if (step === 'selfie') Object.assign(images, { selfie: taken.image, frames: taken.frames ?? [], drawn: taken.drawn });
    else if (step === 'front') images.idCardFront = taken.image;
    else images.idCardBack = taken.image;
    return;
  }
}

interface Taken {
  readonly image: Blob;
  readonly frames?: Blob[];
  readonly drawn?: Drawn;
  readonly likeness?: Likeness;
}

async function take(step: Step, means: Means): Promise<Taken | 'none'> {
  const { screens, failed } = means;
  // A file follows no challenge.
  const files = means.files && !(step === 'selfie' && means.draw);
  const m = screens.messages;
  const welcome: Welcome = {
    heading: step === 'selfie' ? m.selfieHeading : step === 'front' ? m.frontHeading : m.backHeading,
    intro: step === 'selfie' ? [m.selfieIntro, ...(means.draw ? [m.turnIntro] : [])] : [m.cardIntro, m.cardHint],
    facing: step === 'selfie' ? 'user' : 'environment',
    files,
    started: means.started,
    failed,
  };
  let source: Source = await openSource(screens, welcome);
  while ('stream' in source) {
    const taken = await shoot(step, source.stream, means);
    if (taken !== 'lost' && taken !== 'stalled') return taken;
    failed(new CameraError(taken));
    const choice = await trouble(screens, taken, files);
    source = choice === 'camera' ? await openSource(screens, { ...welcome, started: true }) : { file: choice };
  }
  const image = await readFile(screens, source.file, step === 'selfie' ? means.finder : undefined);
  return { image, likeness: 'file' };
}

async function shoot(step: Step, stream: MediaStream, means: Means): Promise<Taken | Loss | 'none'> {
  const { screens, signal, finder, draw, watch, failed } = means;
  try {
    if (step === 'selfie') {
      const taken = await new SelfieShot(screens, stream, draw, signal).take(finder, watch, failed);
      if (typeof taken === 'string') return taken;
      const { selfie: image, ...more } = taken;
      return { image, ...more };
    }
    const taken = await takeCard(screens, stream, step, signal);
    return typeof taken === 'string' ? taken : { image: taken };
  } finally {
    closeCamera(stream);
  }
}
