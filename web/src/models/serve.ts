// What a worker that converts rows answers.

import { Core } from '../core/core.js';
import type { CompiledModule } from '../core/platform.js';
import { instantiate } from '../core/wasm.js';
import { createFloats } from '../families/floats.js';
import { createGgml } from '../families/ggml/index.js';
import { answerCalls, type WorkerPort } from '../worker/serve.js';
import { type Conversion, type Converted, createRowConverter } from './convert.js';

/** What a worker of the pool runs. */
export const RUNS = 'fewbits/models/worker';

/** The rows, the memory that they came in, to be used again, and what the worker holds. All arrays are moved. */
export interface Answer extends Converted {
  readonly used: ArrayBuffer | null;
  /** WebAssembly memory of the worker, which never shrinks. */
  readonly memoryBytes: number;
}

/** A converter with one conversion in it at a time. Each method is called by a message. */
export class ConverterWorker {
  #core: Core | undefined;
  #convert: ((conversion: Conversion) => Converted) | undefined;

  /** The first call. No family is made but those that are needed: workers are many, and each has a heap of its own. */
  open(module: CompiledModule): void {
    this.#core = new Core(instantiate(module));
    const [ggml, floats] = [createGgml(this.#core), createFloats(this.#core)];
    this.#convert = createRowConverter({ ggml, floats });
  }

  convert(conversion: Conversion): Answer {
    if (this.#core === undefined || this.#convert === undefined) throw new Error('not open');
    const converted = this.#convert(conversion);
    const used = conversion.bytes.buffer as ArrayBuffer;
    // What is only checked comes back as it came: it cannot be in two places.
    const free = converted.bytes.buffer === used ? null : used;
    return { ...converted, used: free, memoryBytes: this.#core.memory.byteLength };
  }
}

/** Makes this thread a converter. */
export function serveConverter(port: WorkerPort): void {
  answerCalls(new ConverterWorker(), { runs: RUNS, port, move: true });
}
