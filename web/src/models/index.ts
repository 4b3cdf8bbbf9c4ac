import { type Answer, type ConverterPool, createPool, type PoolWorker } from './pool.js';

export * from './entry.js';

export interface PoolOptions {
  /** How many workers; by default as many as the machine has cores for. */
  size?: number;
  /** Starts a worker, where a bundler does not find it by itself: it runs `fewbits/models/worker`. */
  createWorker?: () => WebWorker;
}

/** The part of a `Worker` that is needed; declared here for those who compile without the DOM's types. */
export interface WebWorker {
  /** As `Worker.postMessage`. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** As `Worker.addEventListener`, for 'message', 'error' and 'messageerror'. */
  addEventListener(
    type: string,
    listener: (event: { data?: unknown; message?: string }) => void,
  ): void;
  /** As `Worker.terminate`. */
  terminate(): void;
}

/** A pool of workers that convert rows. Close it when done. */
export function createConverterPool(options: PoolOptions = {}): ConverterPool {
  const { size = navigator.hardwareConcurrency || 1 } = options;
  const create =
    options.createWorker ??
    (() => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }) as WebWorker);
  return createPool(() => adapt(create()), size);
}

function adapt(worker: WebWorker): PoolWorker {
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    listen(answered, failed) {
      worker.addEventListener('message', ({ data }) => answered(data as Answer));
      worker.addEventListener('error', ({ message }) => failed(message ?? 'it did not start'));
      worker.addEventListener('messageerror', () => failed('a message could not be read'));
    },
    end: () => worker.terminate(),
  };
}
