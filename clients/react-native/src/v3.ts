import { ArgumentError, UnknownTagError } from '@selfsame/client';
import {
  V3Client,
  type Accepted,
  type V3BiometricKyc,
  type V3ClientOptions,
  type V3Comparison,
  type V3Registration,
} from '@selfsame/client/v3';

import { FileCaptures } from './files/file-captures';
import { platformFiles } from './files/platform-files';

const SOURCE = { sdk: 'selfsame-react-native', version: '0.1.0' };

/** Which server, and where tokens come from: the options of `@selfsame/client/v3`. The API key stays on the partner's own server. */
export type V3Configuration = Omit<V3ClientOptions, 'source'>;

type Captured<T> = Omit<T, 'selfie' | 'livenessImages'>;

/** Submits captures by v3, with a token that the partner's own server minted. */
export class V3Submitter {
  /** What needs no capture: `status`, `waitUntilComplete`, `enhancedKyc`, `services`. */
  readonly client: V3Client;
  readonly #captures = new FileCaptures(platformFiles);

  /**
   * @throws `ArgumentError` where the server's URL is none.
   */
  constructor(configuration: V3Configuration) {
    this.client = new V3Client({ ...configuration, source: SOURCE });
  }

  /**
   * Puts the selfie of a capture on file. The capture is deleted once the server has taken it.
   *
   * @param tag From `captureSelfie`, without a challenge: v3's forms have no place for one.
   * @throws `SelfsameError`; its `kind` says what went wrong. A submission is sent once.
   */
  register(tag: string, said: Captured<V3Registration>): Promise<Accepted> {
    return this.#submit(tag, (selfies) => this.client.register({ ...said, ...selfies }));
  }

  /** Compares the selfie of a capture with the one on file. Otherwise as {@link register}. */
  authenticate(tag: string, said: Omit<Captured<V3Registration>, 'allowNewEnroll'>): Promise<Accepted> {
    return this.#submit(tag, (selfies) => this.client.authenticate({ ...said, ...selfies }));
  }

  /** Compares the selfie of a capture with a picture that the app brings. Otherwise as {@link register}. */
  compare(tag: string, said: Captured<V3Comparison>): Promise<Accepted> {
    return this.#submit(tag, (selfies) => this.client.compare({ ...said, ...selfies }));
  }

  /** Looks a record up and compares its photograph with the selfie of a capture. Otherwise as {@link register}. */
  biometricKyc(tag: string, said: Captured<V3BiometricKyc>): Promise<Accepted> {
    return this.#submit(tag, (selfies) => this.client.biometricKyc({ ...said, ...selfies }));
  }

  async #submit(
    tag: string,
    submit: (selfies: { selfie: Uint8Array; livenessImages: readonly Uint8Array[] }) => Promise<Accepted>,
  ): Promise<Accepted> {
    const capture = await this.#captures.read(tag);
    if (!capture) throw new UnknownTagError(tag);
    if (capture.challenge) throw new ArgumentError("v3's forms have no place for head turns: submit this capture with submitJob");
    const accepted = await submit({ selfie: capture.selfie, livenessImages: capture.frames ?? [] });
    try {
      await this.#captures.submitted(tag);
    } catch {
      // The job is under way; a capture that stays is replaced by the next of its tag.
    }
    return accepted;
  }
}
