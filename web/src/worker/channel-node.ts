import type { Channel } from './channel.js';

/** The part of a `Worker` of node:worker_threads that is needed; for those who compile without Node's types. */
export interface WorkerThread {
  /** As `Worker.postMessage`. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** As `Worker.on`, for 'message', 'error', 'messageerror' and 'exit'. */
  on(event: string, listener: (value: unknown) => void): unknown;
  /** As `Worker.terminate`. */
  terminate(): unknown;
  /** As `Worker.ref`. */
  ref(): void;
  /** As `Worker.unref`. */
  unref(): void;
}

/** A channel to a worker thread of Node. */
export function nodeChannel<Request, Answer>(worker: WorkerThread): Channel<Request, Answer> {
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    listen(answered, failed) {
      worker.on('message', (answer) => answered(answer as Answer));
      worker.on('error', failed);
      worker.on('messageerror', failed);
    },
    end: () => void worker.terminate(),
  };
}
