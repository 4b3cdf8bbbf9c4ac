// What a worker that converts rows answers.

import { Core } from '../core/core.js';
import type { CompiledModule } from '../core/platform.js';
import { instantiate } from '../core/wasm.js';
import { createGgml } from '../families/ggml.js';
import { answerCalls, type WorkerPort } from '../worker/serve.js';
import { type Conversion, createRowConverter } from './convert.js';

/** What a worker of the pool runs. */
export const RUNS = 'fewbits/models/worker';

/** The rows, the memory that they came in, to be used again, and what the worker holds. All arrays are moved. */
export interface Converted {
  readonly bytes: Uint8Array;
  readonly used: ArrayBuffer | null;
  /** WebAssembly memory of the worker, which never shrinks. */
  readonly memoryBytes: number;
}

/** A converter with one conversion in it at a time. Each method is called by a message. */
export class ConverterWorker {
  #core: Core | undefined;
  #convert: ((conversion: Conversion) => Uint8Array) | undefined;

  /** The first call. No family is made but the one that is needed: workers are many, and each has a heap of its own. */
  open(module: CompiledModule): void {
    this.#core = new Core(instantiate(module));
    this.#convert = createRowConverter({ ggml: createGgml(this.#core) });
  }

  convert(conversion: Conversion): Converted {
    if (this.#core === undefined || this.#convert === undefined) throw new Error('not open');
    const bytes = this.#convert(conversion);
    const used = conversion.bytes.buffer as ArrayBuffer;
    // float32 to float32 gives what came: it cannot be in two places.
    const free = bytes.buffer === used ? null : used;
    return { bytes, used: free, memoryBytes: this.#core.memory.byteLength };
  }
}

/** Makes this thread a converter. */
export function serveConverter(port: WorkerPort): void {
  answerCalls(new ConverterWorker(), { runs: RUNS, port, move: true });
}
