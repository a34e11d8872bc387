import { cameraPolicy, insideApp, onHomeScreen } from './host.ts';

/** Why there is no camera. Keys of the messages are made of these. */
export type CameraTrouble =
  /** The page did not come over HTTPS. */
  | 'insecure'
  /** The browser gives pages no camera: most often one inside an app. */
  | 'noBrowserCamera'
  /** The site that shows the page keeps the camera from it: a frame without `allow="camera"`, or a header. */
  | 'forbidden'
  /** The person, or the device's settings, said no. */
  | 'denied'
  /** There is none. */
  | 'missing'
  /** Something else has it. */
  | 'busy'
  /** It went away while it was in use. */
  | 'lost'
  /** It is still there, and sends no new pictures. */
  | 'stalled'
  | 'failed';

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
/** A camera that another page or app has just let go is free a moment later. In milliseconds. */
const BREATH = 250;

/** What is asked for, plainer from try to try. */
function wishes(facing: Facing): (MediaTrackConstraints | true)[] {
  const { width, height } = SIZE[facing];
  const facingMode = { ideal: facing };
  return [{ facingMode, width: { ideal: width }, height: { ideal: height } }, { facingMode }, true];
}

/**
 * Opens a camera; the browser asks the person where it must.
 *
 * All that is asked for is a wish. Some cameras fail over a wish all the same, under one name or another, and run when asked
 * more plainly: so each failure but a refusal leads to a plainer try.
 *
 * @throws `CameraError` says why not.
 */
export async function openCamera(facing: Facing): Promise<MediaStream> {
  if (!globalThis.isSecureContext) throw new CameraError('insecure');
  // Browsers take it away from pages that are not secure, too; but that was asked.
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraError('noBrowserCamera');
  if (cameraPolicy() === 'forbidden') throw new CameraError('forbidden');
  let first: unknown;
  for (const video of wishes(facing)) {
    if (first !== undefined) await new Promise((resolve) => setTimeout(resolve, BREATH));
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: false, video });
    } catch (error) {
      if (isRefusal(error)) throw new CameraError(whoRefused(), error);
      // What the plainer tries fail with tells no more.
      first ??= error;
    }
  }
  throw new CameraError(troubleOf(first), first);
}

/** Lets the camera go; its light goes out. */
export function closeCamera(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

const nameOf = (error: unknown): string => String((error as { name?: unknown } | undefined)?.name ?? '');
const isRefusal = (error: unknown): boolean => ['NotAllowedError', 'SecurityError'].includes(nameOf(error));

/** A browser inside an app refuses by itself, and has no settings to change. */
function whoRefused(): CameraTrouble {
  return insideApp(navigator.userAgent, onHomeScreen()) ? 'noBrowserCamera' : 'denied';
}

function troubleOf(error: unknown): CameraTrouble {
  switch (nameOf(error)) {
    case 'NotFoundError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}
