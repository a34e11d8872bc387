// The capture screen, with a camera and files that stand in for native code.
import { act, fireEvent, render, screen, waitFor } from '@testing-library/react-native';

import { captureIDCard, CaptureHost, captureSelfie, forgetCapture, type Challenge, type Turn } from '../src';
import { FileCaptures } from '../src/files/file-captures';
import { platformFiles } from '../src/files/platform-files';
import { TEXTS } from '../src/capture/texts';
import { breakDisk, files } from './support/native-files';
import { fake, resetCamera } from './support/vision-camera';

const captures = new FileCaptures(platformFiles);
const patience = { timeout: 30_000 };

/** Starts a capture, and lets the screen come up. */
async function begin<T>(start: () => Promise<T>): Promise<{ capture: Promise<T> }> {
  let capture!: Promise<T>;
  await act(async () => {
    capture = start();
    // Looked at later: until then it must not count as unhandled.
    capture.catch(() => undefined);
  });
  return { capture };
}

async function press(label: string): Promise<void> {
  await waitFor(() => expect(screen.getByLabelText(label)).toBeEnabled(), patience);
  await act(async () => fireEvent.press(screen.getByLabelText(label)));
}

const hint = (text: string): Promise<void> =>
  waitFor(() => expect(screen.getByTestId('selfsame-hint')).toHaveTextContent(text), patience);

const last = (picture: Uint8Array | undefined) => picture?.at(-1);

// React Native loads each part when it is first used, and jest transforms it then: with an empty cache that takes a slow machine
// longer than a test may. So a first capture loads what captures use.
beforeAll(async () => {
  resetCamera();
  const host = render(<CaptureHost />);
  const { capture } = await begin(() => captureSelfie('', { frames: 1, framePauseMillis: 0 }));
  await press(TEXTS.take);
  await press(TEXTS.use);
  await capture;
  host.unmount();
}, 600_000);

beforeEach(() => {
  resetCamera();
  breakDisk(undefined);
  files.clear();
  render(<CaptureHost />);
});

test('a selfie and its frames are kept under the tag, in private files', async () => {
  const { capture } = await begin(() => captureSelfie('login', { frames: 8, framePauseMillis: 0 }));
  await hint(TEXTS.faceInOval);
  await press(TEXTS.take);
  await hint(TEXTS.review);
  await press(TEXTS.use);
  await expect(capture).resolves.toBe('login');
  expect(fake.sides).toContain('front');
  expect([fake.taken, fake.disposed]).toEqual([9, 9]);
  const kept = await captures.read('login');
  expect(last(kept?.selfie)).toBe(1);
  expect(kept?.frames?.map(last)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  expect([...files.keys()].every((path) => path.startsWith('/caches/selfsame-captures/tag-login/'))).toBe(true);
  expect(screen.queryByTestId('camera')).toBeNull();
});

test('a retake replaces all of it, and no tag makes one', async () => {
  const { capture } = await begin(() => captureSelfie('', { frames: 1, framePauseMillis: 0 }));
  await press(TEXTS.take);
  await press(TEXTS.again);
  await press(TEXTS.take);
  await press(TEXTS.use);
  const tag = await capture;
  expect(tag).toMatch(/^capture-/);
  const kept = await captures.read(tag);
  expect([last(kept?.selfie), kept?.frames?.map(last)]).toEqual([3, [4]]);
});

test('a card’s two sides are kept beside the selfie', async () => {
  await captures.keepSelfie('kyc', new Uint8Array([0xff, 0xd8, 0xff, 99]), []);
  const { capture } = await begin(() => captureIDCard('kyc'));
  expect(fake.sides).toContain('back');
  await press(TEXTS.take);
  await press(TEXTS.use);
  await hint(TEXTS.cardBack);
  await press(TEXTS.take);
  await press(TEXTS.use);
  await capture;
  const kept = await captures.read('kyc');
  expect([kept?.selfie, kept?.idCardFront, kept?.idCardBack].map(last)).toEqual([99, 1, 2]);
});

test('one side of a card is enough where one is asked for; a further selfie leaves it', async () => {
  const { capture } = await begin(() => captureIDCard('kyc', { sides: 'front' }));
  await press(TEXTS.take);
  await press(TEXTS.use);
  await capture;
  expect(await captures.read('kyc')).toBeUndefined();
  await captures.keepSelfie('kyc', new Uint8Array([0xff, 0xd8, 0xff, 99]), []);
  const kept = await captures.read('kyc');
  expect([last(kept?.idCardFront), kept?.idCardBack]).toEqual([1, undefined]);
  await forgetCapture('kyc');
  expect(files.size).toBe(0);
});

const nothing = async (): Promise<void> => undefined;

test.each<[string, object, () => Promise<void>]>([
  ['dismissed', {}, () => press(TEXTS.close)],
  ['denied', { permission: 'not-determined', grants: false }, nothing],
  ['camera_failed', { failure: new Error('in use') }, () => press(TEXTS.take)],
  // Told after the two seconds in which devices may still appear.
  ['no_camera', { device: undefined }, nothing],
])('a capture that fails says why: %s', async (reason, device, then) => {
  Object.assign(fake, device);
  const { capture } = await begin(() => captureSelfie('login'));
  await then();
  await act(() => expect(capture).rejects.toMatchObject({ kind: 'capture', reason }));
  expect(files.size).toBe(0);
  // A matcher would print the element, which takes seconds.
  await waitFor(() => expect(screen.queryByTestId('selfsame-hint') === null).toBe(true), patience);
});

test('permission is asked for once', async () => {
  fake.permission = 'not-determined';
  const { capture } = await begin(() => captureSelfie('login', { frames: 0 }));
  await press(TEXTS.take);
  await press(TEXTS.use);
  await capture;
  expect(fake.permission).toBe('authorized');
});

test('one capture at a time; no host, no capture; a full disk is told', async () => {
  const { capture } = await begin(() => captureSelfie('a', { frames: 0 }));
  await expect(captureSelfie('b')).rejects.toMatchObject({ reason: 'busy' });
  breakDisk(new Error('no space'));
  await press(TEXTS.take);
  await press(TEXTS.use);
  await expect(capture).rejects.toMatchObject({ reason: 'not_stored' });
  screen.unmount();
  await expect(captureSelfie('c')).rejects.toMatchObject({ reason: 'no_host' });
});

test('leaving the app’s screen ends a capture', async () => {
  const { capture } = await begin(() => captureSelfie('a'));
  screen.unmount();
  await expect(capture).rejects.toMatchObject({ reason: 'dismissed' });
});

const challenge = (id: string, turns: Turn[]): Challenge => ({ id, turns, expires_at: '2026-01-31T12:00:00.000Z', seconds: 120 });

/** The time of all challenges that were drawn passes at once: on a slow machine a short one ends before its first turn is told. */
const timePasses = (): void => {
  const now = Date.now();
  clock = jest.spyOn(Date, 'now').mockImplementation(() => now + 120_000);
};
let clock: jest.SpyInstance | undefined;
afterEach(() => clock?.mockRestore());

test('a challenge is told turn by turn, and kept with its frames', async () => {
  const draw = jest.fn(async () => challenge('chl_a', ['left']));
  const { capture } = await begin(() => captureSelfie('login', { challenge: draw }));
  await hint(TEXTS.thenTurn);
  expect(draw).not.toHaveBeenCalled();
  await press(TEXTS.take);
  await hint(TEXTS.turnLeft);
  expect(screen.getByTestId('selfsame-arrow', { includeHiddenElements: true })).toHaveTextContent('\u2190');
  expect(fake.taken).toBe(3);
  await hint(TEXTS.lookStraight);
  expect(screen.queryByTestId('selfsame-arrow', { includeHiddenElements: true })).toBeNull();
  await hint(TEXTS.review);
  // In a mirror's pictures left would be right.
  expect(fake.mirrorMode).toBe('off');
  await press(TEXTS.use);
  await capture;
  const kept = await captures.read('login');
  expect([last(kept?.selfie), kept?.frames?.map(last), kept?.challenge]).toEqual([1, [2, 3, 4, 5, 6, 7], challenge('chl_a', ['left'])]);
  // A selfie without one replaces it.
  await captures.keepSelfie('login', new Uint8Array([0xff, 0xd8, 0xff, 99]), []);
  expect((await captures.read('login'))?.challenge).toBeUndefined();
});

test('without a challenge the pictures are as they were', async () => {
  const { capture } = await begin(() => captureSelfie('login', { frames: 0 }));
  await press(TEXTS.take);
  await press(TEXTS.use);
  await capture;
  expect(fake.mirrorMode).toBe('auto');
});

test('who is too slow gets another challenge, where one is to be had', async () => {
  const list = [challenge('chl_short', ['up']), challenge('chl_long', ['right'])];
  const { capture } = await begin(() => captureSelfie('login', { challenge: async () => list.shift() as Challenge }));
  await press(TEXTS.take);
  await hint(TEXTS.turnUp);
  timePasses();
  await hint(TEXTS.timeUp);
  await press(TEXTS.take);
  await hint(TEXTS.turnRight);
  await press(TEXTS.use);
  await capture;
  const kept = await captures.read('login');
  expect([kept?.challenge?.id, kept?.frames?.length]).toEqual(['chl_long', 6]);
});

test('a fixed challenge whose time is over, and one that cannot be drawn, are told apart', async () => {
  const { capture } = await begin(() => captureSelfie('login', { challenge: challenge('chl_short', ['up']) }));
  await press(TEXTS.take);
  await hint(TEXTS.turnUp);
  timePasses();
  // A matcher would print the element, which takes seconds.
  await waitFor(() => expect(screen.queryByTestId('selfsame-hint') === null).toBe(true), patience);
  await expect(capture).rejects.toMatchObject({ kind: 'challenge', reason: 'expired' });
  const other = await begin(() => captureSelfie('login', { challenge: () => Promise.reject(new Error('no network')) }));
  await press(TEXTS.take);
  await act(() => expect(other.capture).rejects.toMatchObject({ kind: 'capture', reason: 'no_challenge', cause: { message: 'no network' } }));
  expect(files.size).toBe(0);
});

test('texts are replaced', async () => {
  const { capture } = await begin(() => captureSelfie('login', { frames: 0, texts: { take: 'Prendre la photo', use: 'Utiliser' } }));
  await press('Prendre la photo');
  await press('Utiliser');
  await expect(capture).resolves.toBe('login');
});

test('no tag leads out of the captures’ folder', async () => {
  const picture = new Uint8Array([0xff, 0xd8, 0xff]);
  for (const tag of ['..', '../../etc', '/', 'a/b', '鍵']) await captures.keepSelfie(tag, picture, []);
  for (const path of files.keys()) expect(path).toMatch(/^\/caches\/selfsame-captures\/tag-[^/]*\/selfie$/);
  await expect(captures.keepSelfie('x'.repeat(300), picture, [])).rejects.toMatchObject({ kind: 'argument' });
});
