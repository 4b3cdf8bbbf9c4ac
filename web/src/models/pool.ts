/// <reference lib="esnext.disposable" preserve="true" />
// Workers that convert rows, started one by one when there is work that no other is free for.

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

/** How a pool of converting workers runs. */
export interface ConverterPoolSettings<Worker> extends LoadOptions, StartOptions<Worker> {
  /** How many workers at most, 1 to 1024. Default: as many as there are cores, in Node not above 12. */
  workers?: number | undefined;
  /** Starts a worker that runs `fewbits/models/worker`, where a bundler does not find it by itself. */
  createWorker?: (() => Worker) | undefined;
}

/** Workers that convert. Dispose of it, or declare it with `using` or `await using`: until then the workers are there. */
export interface ConverterPool extends Converter, Disposable, AsyncDisposable {
  /** WebAssembly memory of all workers as of their last conversions, in bytes. */
  readonly memoryBytes: number;
  /** Ends the workers; conversions that are pending and later ones are rejected with DISPOSED. Twice is fine. */
  dispose(): void;
}

/** What differs between platforms. */
export interface Platform {
  load(options: LoadOptions): Promise<Fewbits>;
  /** The workers of the package. */
  readonly own: Source;
  /** How many workers there are by default. */
  workers(): number;
}

const OPTIONS = ['variant', 'wasm', 'workers', 'createWorker', 'startTimeout'];

type Worker = Remote<ConverterWorker>;

interface Job {
  readonly conversion: Conversion;
  resolve(converted: Converted): void;
  reject(error: unknown): void;
}

/** createConverterPool() on a platform. */
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
  /** Those that have started, each with its memory and with a buffer for what it is sent. */
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
      // A copy is moved: the bytes may be a view of something larger, or their owner's still.
      const { conversion: given } = job;
      const { length } = given.bytes;
      if (kept.buffer.byteLength < length) kept.buffer = new ArrayBuffer(length);
      const bytes = new Uint8Array(kept.buffer, 0, length);
      bytes.set(given.bytes);
      // Another conversion may have been given it too.
      const spare = given.spare && !isDetached(given.spare) ? given.spare : undefined;
      // A view is sent with all of its buffer.
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
