import type { Look } from '../face.ts';
import type { Answer, Question } from './conversation.ts';

/** Where the engine's files are. */
export interface EngineFiles {
  readonly worker: string;
  readonly wasm: string;
  readonly model: string;
}

/** The detector's input, in pixels: docs/decisions/0028-browser-engine.md says why. */
export const SIDE = 256;

/** A look that takes longer than this has none: systems end workers without a word. In milliseconds. */
const LONGEST_LOOK = 15_000;

/** The engine in a worker. Questions are answered one after another. */
export class Finder {
  readonly #worker: Worker;
  /** Why it cannot be asked any longer. */
  #ended: Error | undefined;
  readonly #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#waiting.shift()?.resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end(new Error(event.message || 'the worker cannot be started'));
    };
  }

  /**
   * Starts the engine.
   *
   * @throws Where a file cannot be had, or the browser runs no WebAssembly with SIMD.
   */
  static async start(files: EngineFiles, side = SIDE): Promise<Finder> {
    const finder = new Finder(new Worker(files.worker, { type: 'module', name: 'selfsame-engine' }));
    try {
      await finder.#ask({ kind: 'start', wasm: files.wasm, model: files.model, side });
    } catch (error) {
      finder.close();
      throw error;
    }
    return finder;
  }

  /** Whether it can still be asked. */
  get running(): boolean {
    return this.#ended === undefined;
  }

  /**
   * Looks at a picture, whose pixels are handed over.
   *
   * @throws Where the engine failed. It is closed then: one that failed once cannot be trusted to be whole.
   */
  async look(picture: ImageData): Promise<Look> {
    const { width, height, data } = picture;
    const pixels = data.buffer as ArrayBuffer;
    const late = setTimeout(() => this.#end(new Error('the engine does not answer')), LONGEST_LOOK);
    try {
      const answer = await this.#ask({ kind: 'look', pixels, width, height }, [pixels]);
      if (answer.kind !== 'seen') throw new Error('the engine gave another answer than was asked for');
      return answer.look;
    } catch (error) {
      this.#end(error as Error);
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /** Ends the worker. What was asked and not answered is refused. */
  close(): void {
    this.#end(new Error('the engine was closed'));
  }

  async #ask(question: Question, transfer: Transferable[] = []): Promise<Answer> {
    if (this.#ended) throw this.#ended;
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(question, transfer);
    });
    if (answer.kind === 'failed') throw new Error(answer.reason);
    return answer;
  }

  #end(why: Error): void {
    this.#ended ??= why;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}
