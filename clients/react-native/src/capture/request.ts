import type { Challenge } from '@selfsame/client';

import type { CaptureTexts } from './texts';

/** How a selfie is captured. */
export interface SelfieOptions {
  /** Frames taken while the person begins to smile, 0 to 24. Default: 8, as a SmartSelfie has. */
  readonly frames?: number;
  /** Pause between two frames, in milliseconds. Default: 250. */
  readonly framePauseMillis?: number;
  /**
   * A challenge that the server drew, or what gets one, e.g. `() => drawChallenge(userId, isProduction)`: the person is told its
   * turns, each in time for its frames, of which there are then two and four more for each turn. What gets one is called when the
   * person has pressed the button, and again where the time is over.
   */
  readonly challenge?: Challenge | (() => Promise<Challenge>);
  /** Texts that replace the English ones. */
  readonly texts?: Partial<CaptureTexts>;
}

/** How an ID card is captured. */
export interface IdCardOptions {
  /** Which sides. Default: both. */
  readonly sides?: 'front' | 'both';
  /** Texts that replace the English ones. */
  readonly texts?: Partial<CaptureTexts>;
}

/** What the capture screen is asked for. */
export type CaptureRequest =
  | {
      readonly subject: 'selfie';
      readonly frames: number;
      readonly framePauseMillis: number;
      readonly challenge?: () => Promise<Challenge>;
      /** Whether another challenge is to be had when the time of one is over. */
      readonly drawsAgain?: boolean;
      readonly texts: CaptureTexts;
    }
  | { readonly subject: 'id_card'; readonly sides: 'front' | 'both'; readonly texts: CaptureTexts };

/** What it gives: for a selfie the selfie and its frames, for a card its front and, if asked for, its back. */
export type Pictures = readonly [Uint8Array, ...Uint8Array[]];

/** Pictures, and the challenge that they follow. */
export interface Captured {
  readonly pictures: Pictures;
  readonly challenge?: Challenge;
}
