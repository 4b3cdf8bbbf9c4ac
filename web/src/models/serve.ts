// The calls that a converting worker answers.

import { Core } from '../core/core.js';
import type { CompiledModule } from '../core/platform.js';
import { instantiate } from '../core/wasm.js';
import { createFloats } from '../families/floats.js';
import { createGgml } from '../families/ggml/index.js';
import { answerCalls, type WorkerPort } from '../worker/serve.js';
import { type Conversion, type Converted, createRowConverter } from './convert.js';

/** The script that workers of the pool run, for messages. */
export const RUNS = 'fewbits/models/worker';

/**
 * The converted rows, the memory of the input for reuse, and the worker's memory use. All arrays are
 * transferred.
 */
export interface Answer extends Converted {
  readonly used: ArrayBuffer | null;
  /** WebAssembly memory of the worker, which never shrinks. */
  readonly memoryBytes: number;
}

/** A converter that runs one conversion at a time. Each method is called by a message. */
export class ConverterWorker {
  #core: Core | undefined;
  #convert: ((conversion: Conversion) => Converted) | undefined;

  /**
   * The first call. Creates only the families that are needed, since there are many workers, each with its
   * own heap.
   */
  open(module: CompiledModule): void {
    this.#core = new Core(instantiate(module));
    const [ggml, floats] = [createGgml(this.#core), createFloats(this.#core)];
    this.#convert = createRowConverter({ ggml, floats });
  }

  convert(conversion: Conversion): Answer {
    if (this.#core === undefined || this.#convert === undefined) throw new Error('not open');
    const converted = this.#convert(conversion);
    const used = conversion.bytes.buffer as ArrayBuffer;
    // Bytes that are only checked are returned themselves, so their memory cannot be reused.
    const free = converted.bytes.buffer === used ? null : used;
    return { ...converted, used: free, memoryBytes: this.#core.memory.byteLength };
  }
}

/** Makes this thread serve conversions. */
export function serveConverter(port: WorkerPort): void {
  answerCalls(new ConverterWorker(), { runs: RUNS, port, move: true });
}
