import type { Look } from '../face.ts';

/** From the page to the worker. */
export type Question =
  | { readonly kind: 'start'; readonly wasm: string; readonly model: string; readonly side: number }
  | { readonly kind: 'look'; readonly pixels: ArrayBuffer; readonly width: number; readonly height: number };

/** From the worker to the page; one for each question, in order. */
export type Answer =
  | { readonly kind: 'started' }
  | { readonly kind: 'seen'; readonly look: Look }
  | { readonly kind: 'failed'; readonly reason: string };
