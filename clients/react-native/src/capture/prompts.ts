import type { Turn } from '@selfsame/client';

import type { CaptureTexts } from './texts';

/** What is said, and how long after it a picture is taken, in milliseconds. The camera's own time comes on top. */
export interface Prompt {
  readonly text: keyof CaptureTexts;
  /** Where the arrow points. */
  readonly turn?: Turn;
  readonly wait: number;
}

const ASKED = { left: 'turnLeft', right: 'turnRight', up: 'turnUp' } as const;

/**
 * A challenge as prompts, one for each frame: the head at rest, then for each turn on the way, fully turned (twice) and back. Nothing
 * here sees the head: the pauses leave a person time to read, to turn and to come back, and the server judges.
 */
export function prompts(turns: readonly Turn[]): Prompt[] {
  const rest: Prompt = { text: 'holdStill', wait: 300 };
  return [
    rest,
    rest,
    ...turns.flatMap((turn): Prompt[] => [
      { text: ASKED[turn], turn, wait: 1100 },
      { text: ASKED[turn], turn, wait: 1200 },
      { text: 'holdStill', turn, wait: 400 },
      { text: 'lookStraight', wait: 1700 },
    ]),
  ];
}
