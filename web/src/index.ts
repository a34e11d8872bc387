/**
 * `<selfsame-capture>`, a standard custom element. Importing this module defines it.
 *
 * @packageDocumentation
 */
import { SelfsameCapture } from './element.ts';

export { CameraError, type CameraTrouble } from './camera.ts';
export { SelfsameCapture, type CaptureEvents, type Published } from './element.ts';
export type { Challenge, Turn } from '@selfsame/client';
export type { PublishedImage } from './images.ts';
export { CODES as LANGUAGES, type Messages } from './messages/index.ts';
export type { Submission } from './submission.ts';

if (!customElements.get('selfsame-capture')) customElements.define('selfsame-capture', SelfsameCapture);

declare global {
  interface HTMLElementTagNameMap {
    'selfsame-capture': SelfsameCapture;
  }
}
