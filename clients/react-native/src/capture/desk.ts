import type { SelfsameError } from '@selfsame/client';

import { CaptureError, type CaptureFailure } from '../errors';
import type { Captured, CaptureRequest } from './request';

/** A request that is under way. */
export interface OpenRequest {
  readonly request: CaptureRequest;
  readonly done: (captured: Captured) => void;
  readonly failed: (reason: CaptureFailure, cause?: unknown) => void;
  /** Fails with an error of the package's as it is. */
  readonly rejected: (error: SelfsameError) => void;
}

/** Where calls for a capture meet the host that shows the screen. */
export class CaptureDesk {
  #open: OpenRequest | undefined;
  #host: ((open: OpenRequest | undefined) => void) | undefined;

  /** Shows the screen, and gives what was captured. */
  capture(request: CaptureRequest): Promise<Captured> {
    const host = this.#host;
    if (!host) return Promise.reject(new CaptureError('no_host'));
    if (this.#open) return Promise.reject(new CaptureError('busy'));
    return new Promise((resolve, reject) => {
      const close = (): void => {
        if (this.#open !== open) return;
        this.#open = undefined;
        this.#host?.(undefined);
      };
      const open: OpenRequest = {
        request,
        done: (captured) => {
          close();
          resolve(captured);
        },
        failed: (reason, cause) => open.rejected(new CaptureError(reason, cause)),
        rejected: (error) => {
          close();
          reject(error);
        },
      };
      this.#open = open;
      host(open);
    });
  }

  /** A host takes over; gives how it leaves. Leaving ends a capture that is under way. */
  attach(host: (open: OpenRequest | undefined) => void): () => void {
    this.#host = host;
    return () => {
      if (this.#host !== host) return;
      this.#host = undefined;
      this.#open?.failed('dismissed');
    };
  }
}

/** The app's one desk. */
export const desk = new CaptureDesk();
