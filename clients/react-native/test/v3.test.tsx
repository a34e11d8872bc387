// Captures that go by v3: with a token, without a key.
import { forgetCapture, V3Submitter } from '../src';
import { FileCaptures } from '../src/files/file-captures';
import { platformFiles } from '../src/files/platform-files';
import { files } from './support/native-files';

const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1]);
const JOB = 'job_01jd8qk3fxe1x8p2v5w7y9z0ab';
const captures = new FileCaptures(platformFiles);
afterEach(() => forgetCapture('login'));

function submitter(status: number, body: object) {
  const asked: any[] = [];
  const wanted: object[] = [];
  const transport = async (request: any) => {
    asked.push(request);
    return { status, retryAfter: null, body: JSON.stringify(body) };
  };
  const token = (want: object) => {
    wanted.push(want);
    return 'a.b.c';
  };
  return { asked, wanted, v3: new V3Submitter({ server: 'https://server.example', token, transport }) };
}
const TAKEN = { status: 'accepted', job_id: JOB, user_id: 'ada' };

test('a capture is submitted with a token, and deleted once it was taken', async () => {
  await captures.keepSelfie('login', JPEG, [JPEG, JPEG]);
  const { asked, wanted, v3 } = submitter(202, TAKEN);
  const accepted = await v3.authenticate('login', { userId: 'ada', userDetails: { given_names: 'Joe' } });
  expect(accepted.jobId).toBe(JOB);
  expect(wanted).toEqual([{ product: 'smart_selfie_authentication', userId: 'ada' }]);
  const [{ url, headers, contentType, body }] = asked;
  expect([url, headers['smileid-token'], headers['smileid-source-sdk']]).toEqual([
    'https://server.example/v3/authentication', 'a.b.c', 'selfsame-react-native',
  ]);
  expect(contentType).toMatch(/^multipart\/form-data; boundary=/);
  const form = String.fromCharCode(...body);
  expect(form.split('name="liveness_images"')).toHaveLength(3);
  expect(form).toContain('name="selfie_image"');
  expect(files.size).toBe(0);
});

test('a capture that was not taken stays', async () => {
  await captures.keepSelfie('login', JPEG, [JPEG]);
  const { v3 } = submitter(409, { status: 'Conflict', message: 'enrolled already' });
  await expect(v3.register('login', { userId: 'ada' })).rejects.toMatchObject({ kind: 'refused', reason: 'conflict' });
  expect(files.size).toBe(2);
});

test('what cannot go by v3 is not sent', async () => {
  const { asked, v3 } = submitter(202, TAKEN);
  await expect(v3.register('unknown', {})).rejects.toMatchObject({ kind: 'unknown_tag' });
  const challenge = { id: 'chl_1', turns: ['left' as const], expires_at: '2026-01-31T12:02:00Z' };
  await captures.keepSelfie('login', JPEG, [JPEG], challenge);
  await expect(v3.register('login', {})).rejects.toMatchObject({ kind: 'argument' });
  expect(asked).toHaveLength(0);
});
