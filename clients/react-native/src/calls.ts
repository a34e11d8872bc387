import {
  ArgumentError,
  Client,
  type Challenge,
  type ChallengeOptions,
  type ClientOptions,
  type GeoInfo,
  type IdInfo,
  type JobStatus,
  type Lookup,
  type PartnerParams,
  type SubmitOptions,
} from '@selfsame/client';

import { desk } from './capture/desk';
import type { IdCardOptions, SelfieOptions } from './capture/request';
import { TEXTS } from './capture/texts';
import { CaptureError } from './errors';
import { FileCaptures } from './files/file-captures';
import { platformFiles } from './files/platform-files';

const SOURCE = { sdk: 'selfsame-react-native', version: '0.1.0', language: 'react-native' };

/** Which server, as whom: the options of `@selfsame/client`. In an app, `auth` is a web token. */
export type Configuration = Omit<ClientOptions, 'captures' | 'source'>;

const captures = new FileCaptures(platformFiles);
let client: Client | undefined;

/** Says which server jobs go to, and as whom. Call it once, before {@link submitJob}; a further call replaces it. */
export function configure(configuration: Configuration): void {
  client = new Client({ ...configuration, captures, source: SOURCE });
}

/**
 * Draws a challenge for {@link captureSelfie}: head turns that the server chooses, and nobody else. With a web token it is the one that
 * was drawn with the token, if there is one, and {@link submitJob} uses that token for the capture that followed it.
 *
 * @param userId The person; with a web token the token's own counts, and `''` will do.
 * @throws `SelfsameError`; its `kind` says what went wrong.
 */
export async function drawChallenge(userId: string, isProduction: boolean, options: ChallengeOptions = {}): Promise<Challenge> {
  return configured().drawChallenge(userId, isProduction, options);
}

/**
 * Looks identities up, without a selfie. An app that has a web token only may ask what is offered (`services`, `productsConfig`), and
 * have a result posted to the callback (`asyncIdVerification`); records themselves are for holders of the API key.
 */
export function lookup(isProduction: boolean): Lookup {
  return configured().lookup(isProduction);
}

function configured(): Client {
  if (!client) throw new ArgumentError('configure() was not called: the server and the partner are not known');
  return client;
}

/**
 * Shows the camera, captures a selfie with its frames, and keeps them under a tag in the app's private files.
 *
 * @param tag Names the capture; `''` makes one.
 * @returns The tag.
 * @throws `CaptureError`; its `reason` says why nothing was captured. `ChallengeError` where the time of a challenge is over and
 *   `options` can get no other.
 */
export async function captureSelfie(tag: string = '', options: SelfieOptions = {}): Promise<string> {
  const { frames = 8, framePauseMillis = 250, challenge, texts } = options;
  // What the server takes beside the selfie, with room for a card's two sides.
  if (!Number.isInteger(frames) || frames < 0 || frames > 24) throw new ArgumentError('frames must be 0 to 24');
  const drawsAgain = typeof challenge === 'function';
  const draw = drawsAgain ? challenge : challenge && (async () => challenge);
  const request = { subject: 'selfie', frames, framePauseMillis, texts: { ...TEXTS, ...texts }, drawsAgain } as const;
  const { pictures, challenge: followed } = await desk.capture({ ...request, ...(draw && { challenge: draw }) });
  const [selfie, ...more] = pictures;
  return kept(tag, (name) => captures.keepSelfie(name, selfie, more, followed));
}

/**
 * Shows the camera, captures an ID card, and keeps its images under a tag, beside the selfie that is there.
 *
 * @param tag Names the capture; `''` makes one.
 * @returns The tag.
 * @throws `CaptureError`; its `reason` says why nothing was captured.
 */
export async function captureIDCard(tag: string = '', options: IdCardOptions = {}): Promise<string> {
  const { sides = 'both', texts } = options;
  const { pictures } = await desk.capture({ subject: 'id_card', sides, texts: { ...TEXTS, ...texts } });
  const [front, back] = pictures;
  return kept(tag, (name) => captures.keepIdCard(name, front, back));
}

async function kept(tag: string, keep: (tag: string) => Promise<void>): Promise<string> {
  const name = tag || `capture-${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
  try {
    await keep(name);
  } catch (cause) {
    throw cause instanceof ArgumentError ? cause : new CaptureError('not_stored', cause);
  }
  return name;
}

/** Deletes what was captured under a tag. After a job was submitted that is done already. */
export function forgetCapture(tag: string): Promise<void> {
  return captures.forget(tag);
}

/**
 * Submits a job with a capture, and follows it until it ends or the polling time passes. `{}`, `''` and `0` mean absent.
 *
 * The capture is deleted once the server has it.
 *
 * @param tag From {@link captureSelfie}.
 * @param jobType 2 authenticates, 4 registers, 1 registers with an ID number.
 * @param isProduction Production rather than the sandbox.
 * @param partnerParams `job_id`, `user_id` and any further keys; names that are missing are made.
 * @param idInfo ID information. Job type 1 needs `country`, `id_type` and `id_number`; or `entered: false` and {@link captureIDCard}.
 * @param geoInfo Where the device is.
 * @param callbackUrl Where the server posts the result.
 * @param jobStatusPollingTimeoutMillis How long to follow the job: when it passes first, the result says
 *   `job_complete: false`, and the rest comes to the callback. 0: a minute.
 * @throws `SelfsameError`; its `kind` says what went wrong.
 */
export async function submitJob(
  tag: string,
  jobType: number,
  isProduction: boolean,
  partnerParams: PartnerParams | object | null = {},
  idInfo: IdInfo | object | null = {},
  geoInfo: GeoInfo | object | null = {},
  callbackUrl: string | null = '',
  jobStatusPollingTimeoutMillis: number = 0,
  options: SubmitOptions = {},
): Promise<JobStatus> {
  return configured().submitJob(
    tag,
    jobType,
    isProduction,
    partnerParams ?? {},
    idInfo ?? {},
    geoInfo ?? {},
    callbackUrl,
    jobStatusPollingTimeoutMillis,
    options,
  );
}
