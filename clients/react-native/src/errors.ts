import { SelfsameError } from '@selfsame/client';

/** Why nothing was captured. */
export type CaptureFailure =
  /** The person closed the screen. */
  | 'dismissed'
  /** The person, or the system, does not let the app use the camera. */
  | 'denied'
  /** The device has no such camera. */
  | 'no_camera'
  /** The camera failed; `cause` says how. */
  | 'camera_failed'
  /** The images could not be stored; `cause` says how. */
  | 'not_stored'
  /** The challenge could not be drawn; `cause` says why. */
  | 'no_challenge'
  /** Another capture is under way. */
  | 'busy'
  /** No `<CaptureHost />` is mounted: put one at the root of the app. */
  | 'no_host';

const TEXTS: Record<CaptureFailure, string> = {
  dismissed: 'the person closed the capture screen',
  denied: 'the app may not use the camera',
  no_camera: 'the device has no such camera',
  camera_failed: 'the camera failed',
  not_stored: 'the images could not be stored',
  no_challenge: 'the challenge could not be drawn',
  busy: 'another capture is under way',
  no_host: 'no <CaptureHost /> is mounted: put one at the root of the app',
};

/** Nothing was captured. */
export class CaptureError extends SelfsameError {
  readonly kind = 'capture';
  /** Why. */
  readonly reason: CaptureFailure;
  constructor(reason: CaptureFailure, cause?: unknown) {
    super(TEXTS[reason], cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
