import { strToU8 } from 'fflate';

import { image, isPng, type ImageBytes } from '../capture.js';
import type { Json } from '../json.js';
import { randomName } from '../submission.js';

/** A value that may be absent. */
type Given<T> = T | undefined;

/**
 * A `multipart/form-data` body. Made by hand: the platform's `FormData` names a file for every part with a type of its own, which the wire's
 * JSON parts must not have, and React Native's takes no bytes.
 *
 * `Name`: the parts that the form may hold.
 */
export class Form<Name extends string = string> {
  readonly #parts: [head: string, body: Uint8Array][] = [];

  /** Adds a plain field. What is absent is left out. */
  text(name: Name, value: Given<string | number | boolean>): this {
    return value === undefined ? this : this.#add(`name="${name}"`, undefined, strToU8(String(value)));
  }

  /** Adds a field of JSON. */
  json(name: Name, value: Given<Json | object>): this {
    return value === undefined ? this : this.#add(`name="${name}"`, 'application/json', strToU8(JSON.stringify(value)));
  }

  /**
   * Adds an image.
   *
   * @throws `ArgumentError` where it is neither JPEG nor PNG.
   */
  image(name: Name, value: Given<ImageBytes>, at?: number): this {
    if (value === undefined) return this;
    const bytes = image(value, name);
    const [type, end] = isPng(bytes) ? ['image/png', 'png'] : ['image/jpeg', 'jpg'];
    return this.#add(`name="${name}"; filename="${name}${at === undefined ? '' : `_${at}`}.${end}"`, type, bytes);
  }

  /** Adds images under one name. */
  images(name: Name, values: Given<readonly ImageBytes[]>): this {
    values?.forEach((value, at) => this.image(name, value, at));
    return this;
  }

  /** Whether nothing was added. */
  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** The body, and what its content type says. */
  encode(): { contentType: string; body: Uint8Array } {
    // Random, so that nothing a caller puts in can hold it.
    const boundary = `selfsame-${randomName()}`;
    const pieces = this.#parts.flatMap(([head, body]) => [strToU8(`--${boundary}\r\n${head}\r\n\r\n`), body, strToU8('\r\n')]);
    pieces.push(strToU8(`--${boundary}--\r\n`));
    const body = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      body.set(piece, at);
      at += piece.length;
    }
    return { contentType: `multipart/form-data; boundary=${boundary}`, body };
  }

  #add(disposition: string, type: string | undefined, body: Uint8Array): this {
    this.#parts.push([`content-disposition: form-data; ${disposition}${type ? `\r\ncontent-type: ${type}` : ''}`, body]);
    return this;
  }
}
