// The contract's scenarios through this package's own submitJob: see conformance/README.md.
import { configure, forgetCapture, JobStatus, lookup, submitJob } from '../src';
import { FileCaptures } from '../src/files/file-captures';
import { platformFiles } from '../src/files/platform-files';
import { files } from './support/native-files';
import { scriptedTransport, vectors, type Script } from './support/scripted-transport';

const SELFIE = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1]);
const captures = new FileCaptures(platformFiles);

async function submit(scenario: any) {
  const { partner_id: partnerId, auth, call, script, challenge } = scenario;
  const { transport, clock, asked, times } = scriptedTransport(script as Script, partnerId, auth.api_key);
  const proof = auth.web_token ? { webToken: () => auth.web_token } : { apiKey: auth.api_key };
  configure({ server: 'https://server.example', partnerId, auth: proof, transport, clock });
  await captures.keepSelfie('login', SELFIE, [], challenge ?? undefined);
  const outcome = await submitJob(...(Object.values(call) as Parameters<typeof submitJob>)).then(
    (status) => ({ status, error: undefined }),
    (error: any) => ({ status: undefined, error }),
  );
  return { ...outcome, asked, times };
}

afterEach(() => forgetCapture('login'));

const accessor = (status: JobStatus, field: string): unknown =>
  (status as any)[field.replace(/_./g, (at) => at[1]!.toUpperCase())] ?? null;

const named = (name: string): [string, any][] => vectors(name).map((vector: any) => [vector.name, vector]);

test.each(named('scenarios'))('scenario: %s', async (_name, scenario: any) => {
  const { expect: expected } = scenario;
  const { status, error, asked, times } = await submit(scenario);
  if (expected.error) {
    const { kind, reason, http_status, code, message } = expected.error;
    expect(error?.kind).toBe(kind);
    if (kind === 'challenge') expect(error.reason).toBe(reason);
    if (kind === 'refused') expect([error.httpStatus, error.code, error.serverMessage]).toEqual([http_status, code, message]);
  } else {
    expect(error).toBeUndefined();
    for (const [field, value] of Object.entries(expected.status)) expect([field, accessor(status!, field)]).toEqual([field, value]);
  }
  expect(asked.upload).toHaveLength(expected.uploads);
  expect(asked.package).toHaveLength(expected.packages);
  if (expected.asked_at_millis) expect(times).toEqual(expected.asked_at_millis);
  // Deleted once the server has it, and no sooner.
  const delivered = expected.packages > 0 && (expected.error === undefined || asked.job_status.length > 0);
  expect(files.size).toBe(delivered ? 0 : scenario.challenge ? 2 : 1);
});

test.each(named('results'))('result: %s', (_name, { status: json, expect: expected }: any) => {
  const status = new JobStatus(json);
  const { actions, photo, results, ...fields } = expected;
  for (const [field, value] of Object.entries(fields)) expect([field, accessor(status, field)]).toEqual([field, value]);
  for (const [action, value] of Object.entries(actions)) expect([action, status.action(action) ?? null]).toEqual([action, value]);
  expect(status.photo ? btoa(String.fromCharCode(...status.photo)) : null).toBe(photo);
  expect(status.results.map(({ resultCode }) => resultCode)).toEqual(results);
  expect(JSON.parse(status.toString())).toEqual(json);
});

test('ID types are looked up where the app is configured to', async () => {
  const services = vectors('lookups').find(({ method }: any) => method === 'services');
  const script = { services: [services.answer] } as unknown as Script;
  const { transport, clock, asked } = scriptedTransport(script, '2343', 'key-1');
  configure({ server: 'https://server.example', partnerId: '2343', auth: { webToken: () => 't' }, transport, clock });
  const found = await lookup(false).services();
  expect(found.idTypes('biometric_kyc').map(({ code }) => code)).toEqual(['NG', 'GH']);
  expect(asked.services.map(({ method, url }) => [method, url])).toEqual([['GET', 'https://server.example/sandbox/v1/services']]);
});
