import {
  challengeIn, Client, defaultTransport, type ConsentInformation, type IdInfo, type JobStatus, type OfferedBank, type OfferedCountry,
  type Transport, type WebTokenAuth,
} from '@selfsame/client';

import type { Draw, DrawnOnce } from './challenge.ts';
import type { Images } from './images.ts';

/** What a person can choose from. */
export interface Offering {
  readonly countries: readonly OfferedCountry[];
  readonly banks: readonly OfferedBank[];
}

/** What the component needs to submit a capture by itself. The API key is no part of it. */
export interface Submission {
  /** The server's base URL, without a version. */
  readonly server: string;
  readonly partnerId: string;
  /** 4 registers, 2 authenticates, 1 registers with an ID number: the person is asked for it, unless `idInfo` says it. */
  readonly jobType: number;
  /** The person; made where absent. */
  readonly userId?: string;
  /** The job; made where absent, and anew for each try. */
  readonly jobId?: string;
  /** Default: the sandbox. */
  readonly isProduction?: boolean;
  /** Further keys, echoed in the result. */
  readonly partnerParams?: Record<string, string>;
  readonly callbackUrl?: string;
  /**
   * Who the person is, in the wire's names, for job type 1. What it says is not asked; with `country`, `id_type` and `id_number`, or
   * `entered: 'false'` and an ID card, nothing is.
   */
  readonly idInfo?: IdInfo;
  /** What the person agreed to already. Without it they are asked, where the ID type needs that. */
  readonly consentInformation?: ConsentInformation;
  /** What can be looked up, where the page knows it already: the server is then not asked, if the person's consent is here too. */
  readonly offering?: Offering;
  /** A person who is registered already may register again. */
  readonly allowNewEnroll?: boolean;
  /** A short-lived token for this user and job, from the partner's own service; or a function that gets it there. */
  readonly webToken: string | WebTokenAuth['webToken'];
  /** Gets the job's status from the partner's own service. Without it the result comes to the callback only. */
  readonly jobStatus?: WebTokenAuth['jobStatus'];
  /**
   * The selfie is to follow a challenge: head turns that the server drew with the web token, or draws for its holder. The token is
   * then got before the selfie, not after. A `webToken` that is a text is asked for its challenge in any case.
   */
  readonly challenge?: boolean;
  /** How long to follow the job, in milliseconds. Default: a minute. */
  readonly pollingMillis?: number;
}

/** How a submission is going. */
export interface Going {
  readonly signal: AbortSignal;
  /** 0 to 1, of the upload. */
  readonly onProgress: (share: number) => void;
  /** This job was begun before. */
  readonly again: boolean;
}

const TAG = 'capture';

/** A capture may take so long: a token's challenge with less time left is not begun. In milliseconds. */
const ENOUGH = 45_000;

/** How the challenge of a submission is drawn; `undefined` where it wants none. */
export function drawFor(to: Submission | undefined, once: DrawnOnce): Draw | undefined {
  if (!to) return undefined;
  const { webToken } = to;
  const fixed = typeof webToken === 'string' ? challengeIn(webToken) : undefined;
  // The end of a challenge that came with the page is counted from here on.
  if (fixed) once.note(fixed);
  else if (!to.challenge) return undefined;
  return async () => {
    let token: string | undefined;
    const client = new Client({
      server: to.server,
      partnerId: to.partnerId,
      auth: { webToken: async (job) => (token ??= typeof webToken === 'string' ? webToken : await webToken(job)) },
    });
    const { userId = '', jobId = '', jobType, isProduction = false } = to;
    const draw = async () => once.note(await client.drawChallenge(userId, isProduction, { jobId, jobType }), token);
    const first = await draw();
    // The token outlives its challenge: its holder may have another drawn.
    return first.until - Date.now() < ENOUGH && first.challenge.id === (token && challengeIn(token)?.id) ? draw() : first;
  };
}

/**
 * Submits a capture.
 *
 * @throws `SelfsameError` of `@selfsame/client`; its `kind` says what went wrong.
 */
export async function submit(images: Images, to: Submission, going: Going): Promise<JobStatus> {
  if (!images.selfie) throw new Error('a job needs a selfie');
  const { consentInformation, jobStatus } = to;
  // A challenge and the token that it was drawn with belong together.
  const webToken = images.drawn?.token ?? to.webToken;
  const client = new Client({
    server: to.server,
    partnerId: to.partnerId,
    auth: { webToken: typeof webToken === 'string' ? () => webToken : webToken, ...(jobStatus && { jobStatus }) },
    transport: saying({ ...(going.again && to.jobId && { retry: true }), ...(consentInformation && { consent_information: consentInformation }) }),
  });
  const frames = await Promise.all((images.frames ?? []).map(bytes));
  client.captures.keepSelfie(TAG, await bytes(images.selfie), frames, images.drawn?.challenge);
  if (images.idCardFront) {
    client.captures.keepIdCard(TAG, await bytes(images.idCardFront), images.idCardBack && (await bytes(images.idCardBack)));
  }
  const params = {
    ...to.partnerParams,
    ...(to.userId !== undefined && { user_id: to.userId }),
    ...(to.jobId !== undefined && { job_id: to.jobId }),
  };
  return client.submitJob(TAG, to.jobType, to.isProduction ?? false, params, to.idInfo ?? {}, {}, to.callbackUrl ?? '', to.pollingMillis ?? 0, {
    signal: going.signal,
    onProgress: ({ sent, total }) => going.onProgress(total === 0 ? 1 : sent / total),
    ...(to.allowNewEnroll && { allowNewEnroll: true }),
    ...(consentInformation && { consentInformation }),
  });
}

/**
 * Says more when a job is prepared: that it was begun before, where it is tried again under its name; and what the person agreed to, so
 * that it is on record with the job, and not in its package only.
 */
const saying =
  (more: { readonly retry?: boolean; readonly consent_information?: ConsentInformation }): Transport =>
  (request) =>
    defaultTransport(
      request.method === 'POST' && request.url.endsWith('/upload')
        ? { ...request, body: JSON.stringify({ ...JSON.parse(String(request.body)), ...more }) }
        : request,
    );

const bytes = async (blob: Blob): Promise<Uint8Array> => new Uint8Array(await blob.arrayBuffer());
