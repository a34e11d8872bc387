import { AnswerError, ChallengeError, challengeMillis, readChallenge, type Challenge } from '@selfsame/client';

import type { Shutter } from '../camera/camera';
import { CaptureError } from '../errors';
import { prompts, type Prompt } from './prompts';
import type { Captured, CaptureRequest, Pictures } from './request';

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

/** The pictures that one press of the button takes: of a selfie all, of a card one side. */
export async function takeAll(shutter: Shutter, request: CaptureRequest, say: (prompt: Prompt) => void): Promise<Captured> {
  if (request.subject !== 'selfie') return { pictures: [await shutter.take()] };
  if (request.challenge) return followed(shutter, request.challenge, say);
  const first = await shutter.take();
  const frames: Uint8Array[] = [];
  if (request.frames > 0) say({ text: 'nowSmile', wait: request.framePauseMillis });
  while (frames.length < request.frames) {
    await pause(request.framePauseMillis);
    frames.push(await shutter.take());
  }
  return { pictures: [first, ...frames] };
}

/**
 * Draws a challenge and takes the selfie and the frames while the person follows it.
 *
 * @throws `ChallengeError` when its time is over, `CaptureError` where it cannot be drawn.
 */
async function followed(shutter: Shutter, draw: () => Promise<Challenge>, say: (prompt: Prompt) => void): Promise<Captured> {
  say({ text: 'wait', wait: 0 });
  let challenge: Challenge | undefined;
  try {
    challenge = readChallenge(await draw());
    if (!challenge) throw new AnswerError('what draws the challenge gave none that can be guided');
  } catch (cause) {
    throw new CaptureError('no_challenge', cause);
  }
  const drawnAt = Date.now();
  const until = drawnAt + challengeMillis(challenge, drawnAt);
  const pictures: [Uint8Array, ...Uint8Array[]] = [await shutter.take()];
  for (const prompt of prompts(challenge.turns)) {
    say(prompt);
    await pause(prompt.wait);
    pictures.push(await shutter.take());
    if (Date.now() >= until) throw new ChallengeError('expired', challenge);
  }
  return { pictures: pictures satisfies Pictures, challenge };
}
