import { CancelledError, TransportError } from './errors.js';

/** How far an upload is. */
export interface Progress {
  /** Bytes handed to the network so far. */
  readonly sent: number;
  /** Bytes in all. */
  readonly total: number;
}

/** One HTTP request. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  /** What the body is. `''`: there is none. */
  readonly contentType: string;
  /** Headers beside `content-type`, by their names in lower case. They may prove whose the request is: no redirect may take them along. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Empty where there is none. */
  readonly body: string | Uint8Array;
  /** How long to wait for the whole answer, in milliseconds. */
  readonly timeoutMillis: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Its answer, whatever the status. */
export interface HttpAnswer {
  readonly status: number;
  /** The `Retry-After` header, as it came. */
  readonly retryAfter: string | null;
  /** The `X-Request-Id` header, by which the server's operator finds the request in the log. */
  readonly requestId?: string | null;
  readonly body: string;
}

/**
 * Carries requests. Throws `TransportError` where no answer came and `CancelledError` where the caller cancelled.
 * Apps may put their own in, e.g. one that pins certificates.
 */
export type Transport = (request: HttpRequest) => Promise<HttpAnswer>;

/**
 * `fetch`; and XMLHttpRequest for uploads whose progress is wanted, where there is one: `fetch` tells none there. Where there is
 * neither XMLHttpRequest nor Node, as in a service worker, progress is told once, at the end; so it is of a request with headers, outside
 * Node: XMLHttpRequest takes them along wherever it is redirected to. React Native's `fetch` does that too, and cannot be told not to.
 */
export const defaultTransport: Transport = (request) =>
  request.onProgress && !request.headers && typeof XMLHttpRequest !== 'undefined' ? withXhr(request) : withFetch(request);

/**
 * Whether `fetch` takes a stream. Node's does. Of browsers Firefox and Safari send its name in its place, and Chrome wants
 * HTTP/2 for it.
 */
const takesStreams = (): boolean =>
  (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;

async function withFetch(request: HttpRequest): Promise<HttpAnswer> {
  const { signal, onProgress, timeoutMillis } = request;
  if (signal?.aborted) throw new CancelledError();
  const stop = new AbortController();
  const cancel = (): void => stop.abort();
  signal?.addEventListener('abort', cancel, { once: true });
  const timer = setTimeout(cancel, timeoutMillis);
  try {
    const { contentType, headers } = request;
    const streamed = onProgress && takesStreams() && typeof request.body !== 'string';
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...headers, ...(contentType && { 'content-type': contentType }) },
      ...(headers && { redirect: 'error' }),
      ...(contentType && { body: streamed ? counted(request.body as Uint8Array, onProgress) : (request.body as BodyInit) }),
      signal: stop.signal,
      ...(streamed && { duplex: 'half' }),
    } as RequestInit);
    const body = await response.text();
    if (!streamed && onProgress) onProgress({ sent: request.body.length, total: request.body.length });
    const header = (name: string): string | null => response.headers.get(name);
    return { status: response.status, retryAfter: header('retry-after'), requestId: header('x-request-id'), body };
  } catch (cause) {
    if (signal?.aborted) throw new CancelledError();
    throw unreachable(request, stop.signal.aborted, cause);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

/** A stream of a body that tells how much of it was taken. */
function counted(body: Uint8Array, onProgress: (progress: Progress) => void): ReadableStream<Uint8Array> {
  const CHUNK = 64 * 1024;
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      const chunk = body.subarray(sent, sent + CHUNK);
      sent += chunk.length;
      if (chunk.length > 0) {
        controller.enqueue(chunk);
        onProgress({ sent, total: body.length });
      }
      if (sent >= body.length) controller.close();
    },
  });
}

/** Without the request's headers: it has none. */
function withXhr(request: HttpRequest): Promise<HttpAnswer> {
  const { signal, onProgress } = request;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new CancelledError());
      return;
    }
    const xhr = new XMLHttpRequest();
    const cancel = (): void => xhr.abort();
    const settle = (act: () => void) => () => {
      signal?.removeEventListener('abort', cancel);
      act();
    };
    xhr.open(request.method, request.url);
    xhr.timeout = request.timeoutMillis;
    if (request.contentType) xhr.setRequestHeader('content-type', request.contentType);
    xhr.upload.onprogress = ({ loaded, total }) => onProgress?.({ sent: loaded, total });
    const header = (name: string): string | null => xhr.getResponseHeader(name);
    xhr.onload = settle(() =>
      resolve({ status: xhr.status, retryAfter: header('retry-after'), requestId: header('x-request-id'), body: xhr.responseText }),
    );
    xhr.onerror = settle(() => reject(unreachable(request, false, undefined)));
    xhr.ontimeout = settle(() => reject(unreachable(request, true, undefined)));
    xhr.onabort = settle(() => reject(new CancelledError()));
    signal?.addEventListener('abort', cancel, { once: true });
    xhr.send(request.body as XMLHttpRequestBodyInit);
  });
}

/** The URL's origin only: paths may carry a secret. */
function unreachable(request: HttpRequest, timedOut: boolean, cause: unknown): TransportError {
  const origin = /^[a-z]+:\/\/[^/?#]+/i.exec(request.url)?.[0] ?? 'the server';
  const what = timedOut ? `did not answer within ${request.timeoutMillis / 1000} s` : 'cannot be reached';
  return new TransportError(`${origin} ${what}`, { cause });
}
