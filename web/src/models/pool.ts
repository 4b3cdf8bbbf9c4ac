import { integer } from '../core/arguments.js';
import { FewbitsError, type FewbitsErrorCode } from '../core/errors.js';
import type { Fewbits } from '../load/fewbits.js';
import type { Channel } from '../worker/channel.js';
import { type Conversion, type Converter, createRowConverter } from './convert.js';

/** What a worker is asked. The bytes are transferred. */
export type Request = Conversion;

/** What it answers, and the bytes that it was sent, to be used again. Both are transferred. */
export interface Answer {
  readonly result: { bytes: Uint8Array } | { code?: FewbitsErrorCode; message: string };
  readonly used: ArrayBuffer;
  /** WebAssembly memory of the worker, which never shrinks. */
  readonly memoryBytes: number;
}

/** A worker of any platform, with one conversion in it at a time. */
export type PoolWorker = Channel<Request, Answer>;

/** Workers that convert; `close()` ends them. */
export interface ConverterPool extends Converter {
  /** WebAssembly memory of all workers as of their last conversions, in bytes. */
  readonly memoryBytes: number;
  /** Ends the workers. */
  close(): void;
}

/** The part of the library that a worker needs. */
export type Loaded = Pick<Fewbits, 'ggml' | 'memoryBytes'>;

/** What a worker does: takes a request and calls `reply`. */
export function createAnswerer(
  load: () => Promise<Loaded>,
  reply: (answer: Answer, transfer: ArrayBuffer[]) => void,
): (request: Request) => Promise<void> {
  const loaded = load();
  const converter = loaded.then(createRowConverter);
  converter.catch(() => {}); // Each request says so.
  return async (request) => {
    const used = request.bytes.buffer as ArrayBuffer;
    try {
      let bytes = (await converter)(request);
      // float32 to float32 gives what came: it cannot be in two places.
      if (bytes.buffer === used) bytes = bytes.slice();
      const { memoryBytes } = await loaded;
      reply({ result: { bytes }, used, memoryBytes }, [bytes.buffer as ArrayBuffer, used]);
    } catch (error) {
      const result =
        error instanceof FewbitsError
          ? { code: error.code, message: error.message }
          : { message: String(error) };
      const memoryBytes = await loaded.then(
        (fb) => fb.memoryBytes,
        () => 0,
      );
      reply({ result, used, memoryBytes }, [used]);
    }
  };
}

interface Job {
  conversion: Conversion;
  resolve(bytes: Uint8Array): void;
  reject(error: unknown): void;
}

/** Workers are started one by one, when there is work that no other is free for. */
export function createPool(
  start: () => PoolWorker | Promise<PoolWorker>,
  size: number,
): ConverterPool {
  integer('size', size, 1, 1024);
  const waiting: Job[] = [];
  const idle: PoolWorker[] = [];
  const working = new Map<PoolWorker, Job>();
  const buffers = new Map<PoolWorker, ArrayBuffer>();
  const workers: PoolWorker[] = [];
  const memory = new Map<PoolWorker, number>();
  let started = 0;
  let ended: FewbitsError | undefined;

  function end(reason: FewbitsError): void {
    ended ??= reason;
    for (const worker of workers) worker.end();
    for (const { reject } of [...working.values(), ...waiting]) reject(ended);
    working.clear();
    waiting.length = 0;
    idle.length = 0;
  }

  function failed(cause: unknown): void {
    end(new FewbitsError('LOAD_FAILED', `a worker failed: ${cause}`, { cause }));
  }

  async function startOne(): Promise<void> {
    started++;
    try {
      const worker = await start();
      if (ended) return worker.end();
      workers.push(worker);
      worker.listen((reply) => answered(worker, reply), failed);
      next(worker);
    } catch (cause) {
      failed(cause);
    }
  }

  function next(worker: PoolWorker): void {
    const job = waiting.shift();
    if (job === undefined) {
      idle.push(worker);
      return;
    }
    working.set(worker, job);
    // A copy is transferred: the bytes may be a view of something larger, or their owner's still.
    const given = job.conversion.bytes;
    let buffer = buffers.get(worker);
    if (buffer === undefined || buffer.byteLength < given.length) {
      buffer = new ArrayBuffer(given.length);
    }
    const bytes = new Uint8Array(buffer, 0, given.length);
    bytes.set(given);
    const { spare } = job.conversion;
    worker.post({ ...job.conversion, bytes }, spare ? [buffer, spare] : [buffer]);
  }

  function answered(worker: PoolWorker, { result, used, memoryBytes }: Answer): void {
    memory.set(worker, memoryBytes);
    const job = working.get(worker);
    if (job === undefined) return;
    working.delete(worker);
    buffers.set(worker, used);
    next(worker);
    if ('bytes' in result) job.resolve(result.bytes);
    else if (result.code) job.reject(new FewbitsError(result.code, result.message));
    else job.reject(new Error(result.message));
  }

  return {
    concurrency: size,
    get memoryBytes() {
      return [...memory.values()].reduce((sum, bytes) => sum + bytes, 0);
    },
    convert(conversion) {
      return new Promise((resolve, reject) => {
        if (ended) {
          reject(ended);
          return;
        }
        waiting.push({ conversion, resolve, reject });
        const worker = idle.shift();
        if (worker) next(worker);
        else if (started < size) startOne();
      });
    },
    close: () => end(new FewbitsError('DISPOSED', 'the pool of workers was closed')),
  };
}
