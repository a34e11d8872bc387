import type { Challenge } from './challenge.js';

/** What kind of thing went wrong; the same names in every client (see `conformance/`). */
export type ErrorKind =
  | 'unknown_tag'
  | 'argument'
  | 'refused'
  | 'transport'
  | 'answer'
  | 'untrusted'
  | 'cancelled'
  | 'capture'
  | 'challenge';

/** The base of every error that this package throws. `kind` tells them apart across bundles, where `instanceof` may not. */
export abstract class SelfsameError extends Error {
  /** What kind of thing went wrong. */
  abstract readonly kind: ErrorKind;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message);
    // Not every engine that this runs on takes the cause as an argument of Error.
    if (options && 'cause' in options) (this as { cause?: unknown }).cause = options.cause;
    // Not the class's own name, which minifiers change.
    this.name = 'SelfsameError';
  }
}

/** Nothing was captured under the tag. */
export class UnknownTagError extends SelfsameError {
  readonly kind = 'unknown_tag';
  /** The tag. */
  readonly tag: string;
  constructor(tag: string) {
    super(`nothing was captured under the tag ${JSON.stringify(tag)}`);
    this.tag = tag;
  }
}

/** An argument is not what it must be. Nothing was sent. */
export class ArgumentError extends SelfsameError {
  readonly kind = 'argument';
}

/** The server refused: the wire's code and text. */
export class RefusedError extends SelfsameError {
  readonly kind = 'refused';
  /** The HTTP status. */
  readonly httpStatus: number;
  /** The wire's code of four digits, e.g. `2210`; empty where the answer carried none. */
  readonly code: string;
  /** The wire's text; empty where the answer carried none. */
  readonly serverMessage: string;
  /** How long the server asks to wait, in milliseconds; `undefined` where it does not say. */
  readonly retryAfterMillis: number | undefined;

  constructor(httpStatus: number, code: string, serverMessage: string, retryAfterMillis?: number) {
    super(`the server refused (${code || `HTTP ${httpStatus}`})${serverMessage && `: ${serverMessage}`}`);
    this.httpStatus = httpStatus;
    this.code = code;
    this.serverMessage = serverMessage;
    this.retryAfterMillis = retryAfterMillis;
  }

  /** Whether the same request may be served later: the server was busy or failed, the request itself was not at fault. */
  get retryable(): boolean {
    return this.httpStatus === 408 || this.httpStatus === 429 || this.httpStatus >= 500;
  }
}

/** Why a capture does not stand to its challenge. */
export type ChallengeFailure =
  /** The challenge cannot be used any more: its time has passed, it was used, or another was drawn. Draw another and capture anew. */
  | 'expired'
  /** A challenge was drawn with the web token, and the capture followed none: `challenge` is the one to follow. */
  | 'missing'
  /** The person did not do what the challenge asked. */
  | 'not_followed';

const CHALLENGE_TEXTS: Record<ChallengeFailure, string> = {
  expired: 'the challenge cannot be used any more: draw another, and capture anew',
  missing: 'the capture followed no challenge, and one was drawn with the web token: capture anew with it',
  not_followed: 'the person did not do what the challenge asked',
};

/** The capture does not stand to a challenge. Nothing was submitted: the job may be tried again with another capture. */
export class ChallengeError extends SelfsameError {
  readonly kind = 'challenge';
  /** Why. */
  readonly reason: ChallengeFailure;
  /** The challenge to follow, where it is known. */
  readonly challenge: Challenge | undefined;
  constructor(reason: ChallengeFailure, challenge?: Challenge, cause?: unknown) {
    super(CHALLENGE_TEXTS[reason], cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.challenge = challenge;
  }
}

/** The server could not be reached, the connection broke, or no answer came in time. */
export class TransportError extends SelfsameError {
  readonly kind = 'transport';
}

/** The answer is not what the wire promises. */
export class AnswerError extends SelfsameError {
  readonly kind = 'answer';
}

/** Why an answer or a callback is not trusted. */
export type DistrustReason = 'not_an_object' | 'missing' | 'wrong_signature' | 'unreadable' | 'stale' | 'future';

/** An answer or a callback is not signed with the partner's key, or not freshly. */
export class UntrustedError extends SelfsameError {
  readonly kind = 'untrusted';
  /** Why. */
  readonly reason: DistrustReason;
  constructor(reason: DistrustReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The caller cancelled. What had been sent stays sent: a job whose package had arrived ends all the same. */
export class CancelledError extends SelfsameError {
  readonly kind = 'cancelled';
  constructor() {
    super('cancelled by the caller');
  }
}
