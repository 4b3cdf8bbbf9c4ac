// The line to a worker, which is the same for workers of browsers and threads of Node.

import { describe } from '../core/arguments.js';

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

/** The part of a `Worker` of `node:worker_threads` that is needed; declared here for those who compile without Node's types. */
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

/** A worker as those who talk to it see it. */
export interface Channel {
  /** Sends a message; objects in `transfer` are moved instead of copied. */
  post(message: unknown, transfer: readonly ArrayBuffer[]): void;
  /** Called once; both functions are called for all that comes. */
  listen(received: (message: unknown) => void, failed: (cause: unknown) => void): void;
  /** Says whether the worker keeps the process alive, which matters in Node alone. */
  hold(busy: boolean): void;
  end(): void;
}

/** The line to a worker of either kind; throws for what is none. */
export function openChannel(worker: unknown): Channel {
  const has = (name: string) =>
    typeof worker === 'object' &&
    worker !== null &&
    typeof (worker as Record<string, unknown>)[name] === 'function';
  if (has('postMessage') && has('terminate')) {
    // Threads of Node have `on`; where they have the other as well, only `on` tells of the end.
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
