/** Why there is no camera. Keys of the messages are made of these. */
export type CameraTrouble = 'insecure' | 'denied' | 'missing' | 'busy' | 'lost' | 'failed';

/** The camera cannot be used. */
export class CameraError extends Error {
  readonly trouble: CameraTrouble;

  constructor(trouble: CameraTrouble, cause?: unknown) {
    super(`no camera: ${trouble}`, { cause });
    this.name = 'CameraError';
    this.trouble = trouble;
  }
}

/** Which camera. */
export type Facing = 'user' | 'environment';

const SIZE = { user: { width: 1280, height: 960 }, environment: { width: 1920, height: 1080 } };

/**
 * Opens a camera; the browser asks the person where it must.
 *
 * @throws `CameraError` says why not.
 */
export async function openCamera(facing: Facing): Promise<MediaStream> {
  // Browsers hide the cameras from pages that did not come over HTTPS (or from this machine).
  if (!globalThis.isSecureContext || !navigator.mediaDevices?.getUserMedia) throw new CameraError('insecure');
  const { width, height } = SIZE[facing];
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: facing }, width: { ideal: width }, height: { ideal: height } },
    });
  } catch (error) {
    throw new CameraError(troubleOf(error), error);
  }
}

/** Calls back once the camera goes away by itself: unplugged, or taken back by the person. */
export function onLost(stream: MediaStream, lost: () => void): void {
  for (const track of stream.getVideoTracks()) track.addEventListener('ended', lost, { once: true });
}

/** Lets the camera go; its light goes out. */
export function closeCamera(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

function troubleOf(error: unknown): CameraTrouble {
  switch (error instanceof Error ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}
