import { integer } from '../core/arguments.js';
import { FewbitsError, type FewbitsErrorCode } from '../core/errors.js';
import type { Fewbits } from '../fewbits.js';
import { type Conversion, type Converter, convertRows } from './convert.js';

/** What a worker is asked and what it answers; the bytes are transferred. */
export type Request = Conversion;
export type Answer =
  | { bytes: Uint8Array }
  | { code: FewbitsErrorCode; message: string }
  | { message: string };

/** A worker of any platform, with one conversion in it at a time. */
export interface PoolWorker {
  post(request: Request, transfer: ArrayBuffer[]): void;
  /** Called once; both functions are called for all that comes. */
  listen(answered: (answer: Answer) => void, failed: (cause: unknown) => void): void;
  end(): void;
}

/** Workers that convert; `close()` ends them. */
export interface ConverterPool extends Converter {
  close(): void;
}

/** What a worker does with a request. */
export async function answer(load: () => Promise<Fewbits>, request: Request): Promise<Answer> {
  try {
    return { bytes: convertRows(await load(), request) };
  } catch (error) {
    if (error instanceof FewbitsError) return { code: error.code, message: error.message };
    return { message: String(error) };
  }
}

interface Job {
  conversion: Conversion;
  resolve(bytes: Uint8Array): void;
  reject(error: unknown): void;
}

export function createPool(start: () => PoolWorker, size: number): ConverterPool {
  integer('size', size, 1, 1024);
  const waiting: Job[] = [];
  const idle: PoolWorker[] = [];
  const working = new Map<PoolWorker, Job>();
  const workers: PoolWorker[] = [];
  let ended: FewbitsError | undefined;

  function end(reason: FewbitsError): void {
    ended ??= reason;
    for (const worker of workers) worker.end();
    for (const { reject } of [...working.values(), ...waiting]) reject(ended);
    working.clear();
    waiting.length = 0;
    idle.length = 0;
  }

  function next(worker: PoolWorker): void {
    const job = waiting.shift();
    if (job === undefined) {
      idle.push(worker);
      return;
    }
    working.set(worker, job);
    // A copy is transferred: the bytes may be a view of something larger, or their owner's still.
    const bytes = job.conversion.bytes.slice();
    worker.post({ ...job.conversion, bytes }, [bytes.buffer]);
  }

  function answered(worker: PoolWorker, reply: Answer): void {
    const job = working.get(worker);
    if (job === undefined) return;
    working.delete(worker);
    next(worker);
    if ('bytes' in reply) job.resolve(reply.bytes);
    else if ('code' in reply) job.reject(new FewbitsError(reply.code, reply.message));
    else job.reject(new Error(reply.message));
  }

  for (let i = 0; i < size; i++) {
    const worker = start();
    workers.push(worker);
    idle.push(worker);
    worker.listen(
      (reply) => answered(worker, reply),
      (cause) => end(new FewbitsError('LOAD_FAILED', `a worker failed: ${cause}`, { cause })),
    );
  }

  return {
    concurrency: size,
    convert(conversion) {
      return new Promise((resolve, reject) => {
        if (ended) {
          reject(ended);
          return;
        }
        waiting.push({ conversion, resolve, reject });
        const worker = idle.shift();
        if (worker) next(worker);
      });
    },
    close: () => end(new FewbitsError('DISPOSED', 'the pool of workers was closed')),
  };
}
