import type { CaptureStore } from './capture.js';
import type { Clock } from './clock.js';
import type { ConsentInformation } from './id-info.js';
import type { JsonObject } from './json.js';
import type { RetryPolicy } from './retry.js';
import type { Progress, Transport } from './transport.js';

/**
 * The job that a web token is wanted for. The names are what the page said, or made: a partner's service puts its own into the
 * token, and those count.
 */
export interface JobNames {
  readonly userId: string;
  readonly jobId: string;
  readonly jobType: number;
  readonly isProduction: boolean;
}

/**
 * The partner's API key: for services, never for a browser or an app that others install. One text, or one for each
 * environment.
 */
export interface ApiKeyAuth {
  readonly apiKey: string | { readonly sandbox?: string; readonly production?: string };
}

/** A short-lived web token: for browsers and apps. The partner's own service asks `/v1/token` for it, with its API key. */
export interface WebTokenAuth {
  /** Gets a token for a job from the partner's own service. */
  readonly webToken: (job: JobNames) => Promise<string> | string;
  /**
   * Gets a job's status from the partner's own service, which asks `/v1/job_status` and hands the answer on: the server
   * tells the status to holders of the API key only. Without it a submitted job's status says `job_complete: false`, and
   * the result comes to the callback.
   */
  readonly jobStatus?: (job: JobNames) => Promise<JsonObject> | JsonObject;
}

/** What a web token allows beyond one attempt at its job. Nothing, by default. */
export interface WebTokenOptions {
  /** Where the server posts the result. The page's own word does not count. */
  readonly callbackUrl?: string;
  /** Further keys, echoed in the result, that the page cannot change. */
  readonly partnerParams?: JsonObject;
  /** A person who is enrolled already may enrol again. */
  readonly allowNewEnroll?: boolean;
  /** The job may be tried again after an attempt that has ended, a few times. */
  readonly retry?: boolean;
  /** Sandbox only: the result code to force. */
  readonly sandboxResult?: string;
  /** Draws a challenge with the token: the capture must show the head turns that it asks for. The server's policy may ask for more. */
  readonly challenge?: boolean;
}

/** What may be said of a challenge that is drawn. */
export interface ChallengeOptions {
  /** The job that it is for, and then for no other. A web token's own counts. */
  readonly jobId?: string;
  /** What it is for: 2 authenticates (default), 4 registers. A web token's own counts. */
  readonly jobType?: number;
  /** Cancels. */
  readonly signal?: AbortSignal;
}

/** Which server, as whom. */
export interface ClientOptions {
  /** The server's base URL, without a version, e.g. `https://faces.example.com`. */
  readonly server: string;
  /** The partner. */
  readonly partnerId: string;
  /** How requests prove whose they are. */
  readonly auth: ApiKeyAuth | WebTokenAuth;
  /** Where captures are kept. Default: in memory, as `client.captures`. */
  readonly captures?: CaptureStore;
  /** Tries on a broken network or a busy server. Default: three. */
  readonly retry?: Partial<RetryPolicy>;
  /** How long one request may take, in milliseconds. Default: 30 s. */
  readonly requestTimeoutMillis?: number;
  /** How long one try of the upload may take, in milliseconds. Default: five minutes. */
  readonly uploadTimeoutMillis?: number;
  /** Carries requests. Default: `fetch`, or XMLHttpRequest where progress is wanted and there is one. */
  readonly transport?: Transport;
  /** Tells the time. Default: the machine's. */
  readonly clock?: Clock;
  /** What `source_sdk`, `source_sdk_version` and `language` say. For packages that wrap this one. */
  readonly source?: { readonly sdk: string; readonly version: string; readonly language: string };
}

/** What may be said of one submission beside the mobile call's arguments. */
export interface SubmitOptions {
  /** Cancels: the promise rejects with `CancelledError`. What had been sent stays sent. */
  readonly signal?: AbortSignal;
  /** Told how far the package's upload is. A try that failed begins again at the start. */
  readonly onProgress?: (progress: Progress) => void;
  /** A person who is enrolled already may enrol again. */
  readonly allowNewEnroll?: boolean;
  /** Use the photo on file, for the job types that can: 1, and never with a web token (2205). */
  readonly useEnrolledImage?: boolean;
  /** What the person agreed to, where an ID type needs that: it goes along with the ID information. */
  readonly consentInformation?: ConsentInformation;
  /** Sandbox only: the result code to force. */
  readonly sandboxResult?: string;
}
