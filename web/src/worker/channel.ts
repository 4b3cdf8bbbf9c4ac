// The channel to a worker, with one interface for workers in browsers and threads in Node.

import { describe } from '../core/arguments.js';

/** The part of `Worker` that is used; declared here for projects that compile without the DOM's types. */
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

/**
 * The part of `Worker` of `node:worker_threads` that is used; declared here for projects without Node's
 * types.
 */
export interface WorkerThread {
  /** As `Worker.postMessage`. */
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  /** As `Worker.on`, for 'message', 'error', 'messageerror' and 'exit'. */
  on(event: string, listener: (value: unknown) => void): unknown;
  /** As `Worker.terminate`. */
  terminate(): unknown;
  /** As `Worker.ref`. */
  ref(): void;
  /** As `Worker.unref`. */
  unref(): void;
}

/** The channel to a worker. */
export interface Channel {
  /** Sends a message; buffers in `transfer` are transferred, not copied. */
  post(message: unknown, transfer: readonly ArrayBuffer[]): void;
  /** Called once. `received` is called for each message, `failed` for errors and the end of the worker. */
  listen(received: (message: unknown) => void, failed: (cause: unknown) => void): void;
  /** Sets whether the worker keeps the process alive, which matters only in Node. */
  hold(busy: boolean): void;
  end(): void;
}

/** The channel to a worker of either kind; throws for anything else. */
export function openChannel(worker: unknown): Channel {
  const has = (name: string) =>
    typeof worker === 'object' &&
    worker !== null &&
    typeof (worker as Record<string, unknown>)[name] === 'function';
  if (has('postMessage') && has('terminate')) {
    // Threads of Node have `on`; if they have both methods, only `on` reports their end.
    if (has('on')) return threadChannel(worker as WorkerThread);
    if (has('addEventListener')) return webChannel(worker as WebWorker);
  }
  throw new TypeError(`a Worker is wanted, got ${describe(worker)}`);
}

function webChannel(worker: WebWorker): Channel {
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    listen(received, failed) {
      worker.addEventListener('message', ({ data }) => received(data));
      worker.addEventListener('error', ({ message }) =>
        failed(message || 'its script could not be loaded or run'),
      );
      worker.addEventListener('messageerror', () => failed('a message could not be read'));
    },
    hold() {},
    end: () => worker.terminate(),
  };
}

function threadChannel(worker: WorkerThread): Channel {
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen(received, failed) {
      worker.on('message', received);
      worker.on('error', failed);
      worker.on('messageerror', failed);
      worker.on('exit', () => failed('it was terminated'));
    },
    hold: (busy) => (busy ? worker.ref?.() : worker.unref?.()),
    end: () => void worker.terminate(),
  };
}
