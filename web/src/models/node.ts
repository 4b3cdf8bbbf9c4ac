import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Answer, type ConverterPool, createPool, type PoolWorker } from './pool.js';

export * from './entry.js';

export interface PoolOptions {
  /** How many workers; by default as many as the machine has cores for. */
  size?: number;
}

/** A pool of worker threads that convert rows. Close it when done: until then they keep the process alive. */
export function createConverterPool(options: PoolOptions = {}): ConverterPool {
  const { size = availableParallelism() } = options;
  return createPool(() => adapt(new Worker(new URL('./worker-node.js', import.meta.url))), size);
}

function adapt(worker: Worker): PoolWorker {
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    listen(answered, failed) {
      worker.on('message', (reply: Answer) => answered(reply));
      worker.on('error', failed);
      worker.on('messageerror', failed);
    },
    end: () => void worker.terminate(),
  };
}
