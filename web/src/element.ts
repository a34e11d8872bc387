import {
  AnswerError, readChallenge, ResultCode, type Challenge, type ConsentInformation, type IdInfo, type JobStatus, type JsonObject,
} from '@selfsame/client';

import { DrawnOnce, type Draw } from './challenge.ts';
import { Finder } from './engine/finder.ts';
import type { Identity } from './identity.ts';
import { published, type Images, type PublishedImage } from './images.ts';
import { choose, type Messages } from './messages/index.ts';
import { ATTRIBUTES, filesOf, languagesOf, policyOf, stepsOf, submissionOf } from './settings.ts';
import { capture } from './story/capture.ts';
import { Cancelled, Removed } from './story/ending.ts';
import { identify } from './story/identity.ts';
import type { Watched } from './story/selfie.ts';
import { send } from './story/sending.ts';
import { drawFor, type Submission } from './submission.ts';
import { Screens } from './view/screens.ts';
import { STYLE } from './view/style.ts';

/** What `publish` carries, in the form of smart-camera-web's event of that name. */
export interface Published {
  readonly images: PublishedImage[];
  readonly meta: {
    readonly libraryVersion: string;
    readonly guided: boolean;
    /** The challenge that the frames follow, where there was one: it goes along as `challenge_id`. */
    readonly challengeId?: string;
    /** Who the person is, where that was asked or given (job type 1): the wire's `id_info`. */
    readonly idInfo?: IdInfo;
    /** What they agreed to, where that was asked or given: the wire's `consent_information`. */
    readonly consentInformation?: ConsentInformation;
  };
}

/** The component's events. All bubble and leave its shadow. */
export interface CaptureEvents {
  /** The person is content with the images. `preventDefault()` keeps the component from submitting them. */
  publish: CustomEvent<Published>;
  /** A job's status, as the server tells it. */
  submitted: CustomEvent<JsonObject>;
  /** The person does not want to go on. */
  cancelled: CustomEvent<undefined>;
  /** Something failed: the camera or a submission, which the person was told; or the engine, without which they are not guided. */
  trouble: CustomEvent<{ readonly error: unknown }>;
  /** One look of the engine at the camera's picture. */
  look: CustomEvent<Watched>;
}

const VERSION = '0.1.0';

/**
 * `<selfsame-capture>`: guides a person at a camera to a selfie, its frames, and an ID card's images.
 *
 * Starts when it is put into a page, and again by {@link restart} or when an attribute changes.
 */
export class SelfsameCapture extends HTMLElement {
  static readonly observedAttributes = ATTRIBUTES.filter((name) => name !== 'theme' && name !== 'token');

  readonly #root = this.attachShadow({ mode: 'open' });
  #submission: Submission | undefined;
  #drawChallenge: (() => Promise<Challenge> | Challenge) | undefined;
  readonly #drawn = new DrawnOnce();
  /** A web token turned out to carry a challenge: the next capture follows one. */
  #challenged = false;
  /** The last job was begun, and its capture's challenge ended before the images came. */
  #begun = false;
  #messages: Partial<Messages> = {};
  #stop: AbortController | undefined;
  #planned = false;
  /** Once the person has ended a story, the camera starts only when they say so. */
  #rested = false;

  constructor() {
    super();
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [style];
  }

  /** Where to submit; also told by attributes. `undefined`: the component only publishes. */
  get submission(): Submission | undefined {
    return this.#submission ?? submissionOf(this);
  }

  set submission(submission: Submission | undefined) {
    this.#submission = submission;
  }

  /**
   * Gets a challenge for a page that submits by itself, from the partner's own service, which has the server draw it. It is called
   * when the person is ready for the selfie, and again for each selfie and where the time is over. Nobody but the server chooses turns.
   */
  get drawChallenge(): (() => Promise<Challenge> | Challenge) | undefined {
    return this.#drawChallenge;
  }

  set drawChallenge(draw: (() => Promise<Challenge> | Challenge) | undefined) {
    this.#drawChallenge = draw;
    if (this.isConnected) this.restart();
  }

  /** Sentences of the page's own, in place of the component's. */
  get messages(): Partial<Messages> {
    return this.#messages;
  }

  set messages(messages: Partial<Messages>) {
    this.#messages = messages;
    if (this.isConnected) this.restart();
  }

  connectedCallback(): void {
    this.#rested = false;
    this.restart();
  }

  disconnectedCallback(): void {
    this.#stop?.abort(new Removed());
    this.#stop = undefined;
  }

  attributeChangedCallback(): void {
    if (this.#stop) this.restart();
  }

  /** Begins anew: what was captured is forgotten. */
  restart(): void {
    this.#stop?.abort(new Removed());
    this.#stop = new AbortController();
    if (this.#planned) return;
    // Several attributes set in one go begin one story.
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      if (this.#stop && !this.#stop.signal.aborted) void this.#run(this.#stop.signal);
    });
  }

  async #run(signal: AbortSignal): Promise<void> {
    const screens = new Screens(this.#root, choose(languagesOf(this), this.#messages), signal);
    const steps = stepsOf(this);
    const finder = steps.includes('selfie') ? this.#engine(signal) : Promise.resolve(undefined);
    let engine: Finder | undefined;
    void finder.then((came) => (engine = came));
    try {
      const failed = (error: unknown): void => void this.#emit('trouble', { error });
      const who = (before?: IdInfo): Promise<Identity | undefined> =>
        identify(this.submission, { screens, signal, before, policy: policyOf(this), failed });
      let identity = await who();
      for (let started = this.hasAttribute('autostart') && !this.#rested; ; started = true) {
        const means = { screens, signal, finder, started, draw: this.#draw(), files: !this.hasAttribute('no-files') };
        const images = await capture(steps, { ...means, watch: (seen: Watched) => void this.#emit('look', seen), failed });
        const { again, wrongNumber } = await this.#hand(images, identity, screens, signal, engine?.running === true);
        if (!again) break;
        // Nobody has this number: the person may have mistyped it.
        if (wrongNumber) identity = await who(identity?.idInfo);
      }
    } catch (error) {
      if (error instanceof Removed) return;
      if (error instanceof Cancelled) this.#emit('cancelled', undefined);
      else this.#emit('trouble', { error });
    }
    if (signal.aborted) return;
    this.#rested = true;
    this.restart();
  }

  /** Publishes and submits. Gives whether the person wants another try, and whether the authority does not know their number. */
  async #hand(
    images: Images,
    identity: Identity | undefined,
    screens: Screens,
    signal: AbortSignal,
    guided: boolean,
  ): Promise<{ again: boolean; wrongNumber: boolean }> {
    const challengeId = images.drawn?.challenge.id;
    const meta = { libraryVersion: VERSION, guided, ...(challengeId !== undefined && { challengeId }), ...identity };
    const detail: Published = { images: await published(images), meta };
    const go = this.#emit('publish', detail);
    const to = this.submission;
    if (!go || !to || signal.aborted) {
      const m = screens.messages;
      screens.show({ name: 'published', heading: m.hintDone, content: [] });
      // Stays until the page begins anew.
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
    }
    let ended = false;
    let wrongNumber = false;
    const report = {
      failed: (error: unknown) => {
        const { kind, reason } = (error ?? {}) as { kind?: unknown; reason?: unknown };
        if (kind === 'challenge' && reason === 'missing') this.#challenged = true;
        if (kind === 'challenge' && reason === 'expired') ended = true;
        this.#emit('trouble', { error });
      },
      ended: (status: JobStatus) => {
        if (status.challengeFailure === 'missing') this.#challenged = true;
        wrongNumber = status.resultCode === ResultCode.IdNotFound || status.resultCode === ResultCode.IdMalformed;
        this.#emit('submitted', status.toJSON());
      },
    };
    const { again } = await send(screens, images, { ...to, ...identity }, signal, report, this.#begun);
    this.#begun = ended;
    return { again, wrongNumber };
  }

  /** How the challenge of the next selfie is drawn; `undefined` where none is wanted. */
  #draw(): Draw | undefined {
    const own = this.#drawChallenge;
    if (own) {
      return async () => {
        const challenge = readChallenge(await own());
        if (!challenge) throw new AnswerError('drawChallenge gave no challenge that this component can guide');
        return this.#drawn.note(challenge);
      };
    }
    const to = this.submission;
    return drawFor(to && this.#challenged ? { ...to, challenge: true } : to, this.#drawn);
  }

  /** The engine; without it the person is not guided, which is said, and no reason to stop. */
  async #engine(signal: AbortSignal): Promise<Finder | undefined> {
    try {
      const finder = await Finder.start(filesOf(this));
      if (signal.aborted) finder.close();
      else signal.addEventListener('abort', () => finder.close(), { once: true });
      return finder;
    } catch (error) {
      this.#emit('trouble', { error });
      return undefined;
    }
  }

  #emit<K extends keyof CaptureEvents>(name: K, detail: CaptureEvents[K]['detail']): boolean {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: name === 'publish' }));
  }
}
