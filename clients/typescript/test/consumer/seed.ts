// An app's own strict TypeScript, with the mobile call as it is documented. Compiled, not run.
import { Action, Client, JobType, RefusedError, ResultCode, SelfsameError, type JobStatus } from '@selfsame/client';
import { callbackHandler, webhookHandler } from '@selfsame/client/node';
import { TokenMinter, V3Client, V3RefusedError, type FraudReport } from '@selfsame/client/v3';

const client = new Client({ server: 'https://faces.example', partnerId: '2343', auth: { apiKey: 'key' } });
client.captures.keepSelfie('login', new Uint8Array());

export async function login(userId: string): Promise<string> {
  const partnerParams = { job_id: 'j-1', user_id: userId, note: ['any', { key: 1 }] };
  const geoInfo = {
    accuracy: 12.5, altitude: 41, latitude: 6.5, longitude: 3.3, lastUpdate: '2026-01-31T12:00:00Z', isGeoPermissionGranted: true,
  };
  try {
    const result: JobStatus = await client.submitJob(
      'login', JobType.SmartSelfieAuthentication, false, partnerParams, {}, geoInfo, '', 0, { onProgress: ({ sent }) => void sent },
    );
    return `${result.resultCode ?? ''} ${result.toString()} ${JSON.stringify(result)}`;
  } catch (error) {
    if (error instanceof RefusedError) return error.code;
    return error instanceof SelfsameError && error.kind === 'cancelled' ? '' : 'failed';
  }
}

export async function kyc(idNumber: string): Promise<string> {
  const idInfo = { country: 'NG', id_type: 'NIN', id_number: idNumber, first_name: 'Joe', entered: true };
  const result = await client.submitJob('login', JobType.BiometricKyc, false, {}, idInfo, {}, '', 0, {
    consentInformation: { consented: { personal_details: true } },
  });
  const codes = result.results.map((each) => each.resultCode === ResultCode.IdNotFound);
  const found = await client.lookup(false).idVerification({}, idInfo);
  return `${found.fullName ?? ''} ${found.photo?.length ?? 0} ${found.action(Action.VerifyIdNumber) ?? ''} ${codes.length}`;
}

interface Person {
  user_id: string;
  since: Date;
}
export const register = (person: Person) => client.submitJob('login', 4, true, person);

export const handler = callbackHandler({ partnerId: '2343', apiKey: 'key' }, (result) => void result['ResultCode']);

const minter = new TokenMinter({ server: 'https://faces.example', partnerId: '2343', apiKey: 'key' });
const v3 = new V3Client({ server: 'https://faces.example', token: (wanted) => minter.mint({ ...wanted, payload: { country: 'NG' } }) });

export async function decide(userId: string, selfie: Uint8Array, livenessImages: Uint8Array[]): Promise<string> {
  try {
    const { jobId } = await v3.authenticate({ userId, selfie, livenessImages });
    const { isComplete, isClear, status } = await v3.waitUntilComplete(jobId, { timeoutMillis: 30_000 });
    return isComplete && isClear ? 'welcome' : status;
  } catch (error) {
    if (error instanceof V3RefusedError && error.reason === 'not_found') return 'who?';
    return error instanceof SelfsameError && error.kind === 'cancelled' ? '' : 'failed';
  }
}

export const v3Handler = webhookHandler({ partnerId: '2343', apiKey: 'key' }, ({ reason, idFields }) => void [reason, idFields?.full_name]);

// @ts-expect-error An authentication has a selfie, or takes the one on file.
void v3.authenticate({ userId: 'ada' });
// @ts-expect-error Whoever is reported for another reason is reported with notes.
const report: FraudReport = { isFraud: true, reportedBy: 'ops@example.com', reason: 'OTHER' };
void report;
// @ts-expect-error A page holds no API key.
new V3Client({ server: 'https://faces.example', apiKey: 'key' });
// @ts-expect-error The tag is text.
void client.submitJob(5, 2, false);
// @ts-expect-error A client proves whose it is.
new Client({ server: 'https://faces.example', partnerId: '2343' });
