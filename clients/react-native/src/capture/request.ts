import type { CaptureTexts } from './texts';

/** How a selfie is captured. */
export interface SelfieOptions {
  /** Frames taken while the person begins to smile, 0 to 24. Default: 8, as a SmartSelfie has. */
  readonly frames?: number;
  /** Pause between two frames, in milliseconds. Default: 250. */
  readonly framePauseMillis?: number;
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
  | { readonly subject: 'selfie'; readonly frames: number; readonly framePauseMillis: number; readonly texts: CaptureTexts }
  | { readonly subject: 'id_card'; readonly sides: 'front' | 'both'; readonly texts: CaptureTexts };

/** What it gives: for a selfie the selfie and its frames, for a card its front and, if asked for, its back. */
export type Pictures = readonly [Uint8Array, ...Uint8Array[]];
