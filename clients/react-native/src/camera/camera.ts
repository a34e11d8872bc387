import type { ComponentType, Ref } from 'react';

/** Which camera. */
export type CameraSide = 'front' | 'back';

/** Takes pictures with the camera that is shown. */
export interface Shutter {
  /** Takes a picture: a JPEG file, upright or with its orientation in EXIF. */
  take(): Promise<Uint8Array>;
}

/** A running camera's picture, filling its parent. */
export interface CameraViewProps {
  readonly side: CameraSide;
  readonly shutter: Ref<Shutter>;
  /** Pictures are to be as the camera sees them, not as a mirror shows them: in a mirror's picture left is right. */
  readonly unmirrored?: boolean | undefined;
  /** The camera runs; pictures can be taken. */
  readonly onReady: () => void;
  /** The camera cannot be used. */
  readonly onFailure: (reason: 'no_camera' | 'camera_failed', cause?: unknown) => void;
}

/** The camera of a platform. */
export interface PlatformCamera {
  /** Asks the person, where that is needed. Gives whether the app may use the camera. */
  requestPermission(): Promise<boolean>;
  readonly View: ComponentType<CameraViewProps>;
}
