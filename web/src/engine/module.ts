import type { Face } from '../face.ts';

/** What `crates/selfsame-web` exports. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  input(length: number): number;
  load(side: number): number;
  look(width: number, height: number): number;
  output(): number;
  output_len(): number;
  error(): number;
  error_len(): number;
}

const FACE_NUMBERS = 20;

/** The engine: finds faces in pixels. Runs where it is called; see `finder.ts` for one that runs aside. */
export class Engine {
  readonly #exports: Exports;

  private constructor(exports: Exports) {
    this.#exports = exports;
  }

  /**
   * Compiles the engine and loads the model.
   *
   * @param wasm The engine, as `build.sh` made it.
   * @param model YuNet, as published.
   * @param side The detector's input, in pixels: a multiple of 32.
   * @throws Where the browser does not take the module, or the engine not the model.
   */
  static async start(wasm: BufferSource, model: Uint8Array, side: number): Promise<Engine> {
    const { instance } = await WebAssembly.instantiate(wasm, {});
    const engine = new Engine(instance.exports as unknown as Exports);
    engine.#write(model);
    if (engine.#exports.load(side) !== 1) throw new Error(engine.#error());
    return engine;
  }

  /** The faces in a picture of RGBA pixels, largest first. */
  look(pixels: Uint8Array | Uint8ClampedArray, width: number, height: number): Face[] {
    this.#write(pixels);
    const count = this.#exports.look(width, height);
    if (count < 0) throw new Error(this.#error());
    const numbers = new Float32Array(this.#exports.memory.buffer, this.#exports.output(), count * FACE_NUMBERS);
    return Array.from({ length: count }, (_, at) => face(numbers.slice(at * FACE_NUMBERS, (at + 1) * FACE_NUMBERS)));
  }

  #write(bytes: Uint8Array | Uint8ClampedArray): void {
    const at = this.#exports.input(bytes.length);
    if (at === 0) throw new Error(`the engine does not take ${bytes.length} bytes`);
    new Uint8Array(this.#exports.memory.buffer, at, bytes.length).set(bytes);
  }

  #error(): string {
    const { memory } = this.#exports;
    return new TextDecoder().decode(new Uint8Array(memory.buffer, this.#exports.error(), this.#exports.error_len()));
  }
}

/** In the order of `FACE_NUMBERS` in crates/selfsame-web. */
function face(n: Float32Array): Face {
  const number = (at: number): number => n[at] ?? Number.NaN;
  const point = (at: number) => ({ x: number(at), y: number(at + 1) });
  return {
    box: { x: number(0), y: number(1), width: number(2), height: number(3) },
    leftEye: point(4),
    rightEye: point(6),
    nose: point(8),
    mouthLeft: point(10),
    mouthRight: point(12),
    score: number(14),
    sharpness: number(15),
    exposure: number(16),
    pose: { yaw: number(17), pitch: number(18), roll: number(19) },
  };
}
