/// <reference lib="esnext.disposable" preserve="true" />
// A pool of workers that convert rows, started one by one when there is work and no idle worker.

import { options } from '../core/arguments.js';
import { FewbitsError } from '../core/errors.js';
import { isDetached } from '../core/kinds.js';
import { Opaque } from '../core/opaque.js';
import type { CompiledModule } from '../core/platform.js';
import type { Fewbits } from '../load/fewbits.js';
import { insideOf, type LoadOptions } from '../load/loader.js';
import type { Remote } from '../worker/remote.js';
import {
  checkStartTimeout,
  checkWorkers,
  type Source,
  type StartOptions,
  sourceOf,
  startRemote,
} from '../worker/start.js';
import { checkConversion } from './check-conversion.js';
import type { Conversion, Converted, Converter } from './convert.js';
import { type ConverterWorker, RUNS } from './serve.js';

/** Settings of a pool of converting workers. */
export interface ConverterPoolSettings<Worker> extends LoadOptions, StartOptions<Worker> {
  /** The most workers, 1 to 1024. Default: the number of cores, in Node at most 12. */
  workers?: number | undefined;
  /** Starts a worker that runs `fewbits/models/worker`, for bundlers that do not find it by themselves. */
  createWorker?: (() => Worker) | undefined;
}

/**
 * Workers that convert. They run until dispose(); declare the pool with `using` or `await using` to dispose
 * of it.
 */
export interface ConverterPool extends Converter, Disposable, AsyncDisposable {
  /** Bytes of WebAssembly memory of all workers, as of their last conversions. */
  readonly memoryBytes: number;
  /** Ends the workers; pending and later conversions are rejected with DISPOSED. May be called repeatedly. */
  dispose(): void;
}

/** The parts that differ between platforms. */
export interface Platform {
  load(options: LoadOptions): Promise<Fewbits>;
  /** The package's own worker script. */
  readonly own: Source;
  /** The default number of workers. */
  workers(): number;
}

const OPTIONS = ['variant', 'wasm', 'workers', 'createWorker', 'startTimeout'];

type Worker = Remote<ConverterWorker>;

interface Job {
  readonly conversion: Conversion;
  resolve(converted: Converted): void;
  reject(error: unknown): void;
}

/** Creates a converter pool on a platform. */
export function createPool<W>(
  platform: Platform,
  given: ConverterPoolSettings<W> | undefined,
): ConverterPool {
  const o = options<ConverterPoolSettings<W>>('options', given, OPTIONS);
  const size = checkWorkers(o.workers, platform.workers(), 1024);
  const startTimeout = checkStartTimeout(o.startTimeout);
  const source = sourceOf(o.createWorker, platform.own);
  const { variant, wasm } = o;
  let module: Promise<CompiledModule> | undefined;
  const start = async (number: number): Promise<Worker> => {
    module ??= platform.load({ variant, wasm }).then((fb) => insideOf(fb).module);
    const compiled = await module;
    const name = `worker ${number} of ${size}`;
    const worker: Worker = startRemote(source, {
      name,
      runs: RUNS,
      startTimeout,
      strict: true,
      stable: true,
    });
    await worker.call('open', [compiled]);
    return worker;
  };
  return new Workers(size, start);
}

class Workers extends Opaque implements ConverterPool {
  readonly concurrency: number;
  readonly #start: (number: number) => Promise<Worker>;
  readonly #waiting: Job[] = [];
  readonly #idle: Worker[] = [];
  readonly #working = new Set<Job>();
  /** The workers that have started, each with its memory use and a buffer for messages. */
  readonly #workers = new Map<Worker, { memoryBytes: number; buffer: ArrayBuffer }>();
  #started = 0;
  #ended: unknown;
  #isEnded = false;

  constructor(size: number, start: (number: number) => Promise<Worker>) {
    super('ConverterPool', 'make one where it is needed');
    this.concurrency = size;
    this.#start = start;
  }

  get memoryBytes(): number {
    return [...this.#workers.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  }

  async convert(given: Conversion): Promise<Converted> {
    const conversion = checkConversion(given);
    if (this.#isEnded) throw this.#ended;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ conversion, resolve, reject });
      const worker = this.#idle.shift();
      if (worker) this.#next(worker);
      else if (this.#started < this.concurrency) void this.#startOne();
    });
  }

  dispose(): void {
    this.#end(new FewbitsError('DISPOSED', 'the pool of workers has been disposed of'));
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
  }

  #end(reason: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#ended = reason;
    const disposed = new FewbitsError('DISPOSED', 'the pool of workers has ended');
    for (const worker of this.#workers.keys()) worker.end(disposed);
    for (const { reject } of [...this.#working, ...this.#waiting]) reject(reason);
    this.#working.clear();
    this.#waiting.length = 0;
    this.#idle.length = 0;
  }

  async #startOne(): Promise<void> {
    try {
      const worker = await this.#start(++this.#started);
      this.#workers.set(worker, { memoryBytes: 0, buffer: new ArrayBuffer(0) });
      if (this.#isEnded) worker.end(new FewbitsError('DISPOSED', 'the pool of workers has ended'));
      else this.#next(worker);
    } catch (error) {
      this.#end(error);
    }
  }

  #next(worker: Worker): void {
    const job = this.#waiting.shift();
    if (job === undefined) this.#idle.push(worker);
    else void this.#run(worker, job);
  }

  async #run(worker: Worker, job: Job): Promise<void> {
    const kept = this.#workers.get(worker);
    if (kept === undefined) return;
    this.#working.add(job);
    try {
      // Transfers a copy: the bytes may be a view of a larger buffer, or still belong to the caller.
      const { conversion: given } = job;
      const { length } = given.bytes;
      if (kept.buffer.byteLength < length) kept.buffer = new ArrayBuffer(length);
      const bytes = new Uint8Array(kept.buffer, 0, length);
      bytes.set(given.bytes);
      // The spare memory may have been transferred by another conversion already.
      const spare = given.spare && !isDetached(given.spare) ? given.spare : undefined;
      // A view would be sent with its whole buffer.
      const importance = given.importance && new Float32Array(given.importance);
      const scales = given.scales && new Float32Array(given.scales);
      const transfer = spare ? [kept.buffer, spare] : [kept.buffer];
      kept.buffer = new ArrayBuffer(0);
      const own = { ...given, bytes, importance, scales, spare };
      const call = worker.call('convert', [own], { transfer });
      const { used, memoryBytes, ...converted } = await call;
      kept.memoryBytes = memoryBytes;
      if (used !== null) kept.buffer = used;
      job.resolve(converted);
    } catch (error) {
      job.reject(error);
      if (worker.ended) this.#end(worker.ended);
    }
    this.#working.delete(job);
    if (!this.#isEnded) this.#next(worker);
  }
}
