// The worker's side: answers calls, and reports their progress.

import { invalid } from '../core/arguments.js';
import { type Answer, buffersOf, type Hello, type Request, sendError } from './protocol.js';

/** The interface of a running call. */
export interface Work {
  /** Reports progress, from 0 to 1, and the current step; frequent reports are partly dropped. */
  progress(fraction: number, text: string): void;
  /** Throws when the call was cancelled. Lets messages in: await it between steps. */
  checkpoint(): Promise<void>;
  /** Aborted when the call is cancelled. */
  readonly signal: AbortSignal;
}

/** The port to the page, inside the worker: its global scope, or `parentPort` in Node. */
export interface WorkerPort {
  /** Like `MessagePort.postMessage`. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** Like `MessagePort.addEventListener`, for 'message'. */
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}

export interface Serving {
  /** What this script runs, which the caller compares with what it expects. */
  readonly runs: string;
  readonly port: WorkerPort;
  /** Transfers the buffers of arrays in results instead of copying them. */
  readonly move?: boolean;
  /** Converts errors. */
  readonly translate?: (error: unknown) => unknown;
}

/** Milliseconds between progress messages: about two frames, so that a page gets at most one per frame. */
const PROGRESS_INTERVAL = 33;

/** Answers calls of the methods of `target`. */
export function answerCalls(target: object, { runs, port, move, translate }: Serving): void {
  const running = new Map<number, AbortController>();
  const post = (answer: Answer, transfer: ArrayBuffer[] = []) => port.postMessage(answer, transfer);
  port.addEventListener('message', async ({ data }) => {
    const request = data as Request;
    if ('abort' in request) {
      running.get(request.abort)?.abort(new DOMException('cancelled', 'AbortError'));
      return;
    }
    const { call, method, args } = request;
    const controller = new AbortController();
    running.set(call, controller);
    try {
      const work = (target as Record<string, unknown>)[method];
      if (typeof work !== 'function') throw invalid(`${runs} has no call '${method}'`);
      const progress = (...said: [number, string]) => post({ call, progress: said });
      const value = await work.call(target, ...args, createWork(controller.signal, progress));
      post({ call, value }, move ? [...buffersOf(value)] : []);
    } catch (error) {
      post({ call, error: sendError(translate === undefined ? error : translate(error)) });
    } finally {
      running.delete(call);
    }
  });
  greet(runs, port);
}

function createWork(signal: AbortSignal, post: (fraction: number, text: string) => void): Work {
  let last = Number.NEGATIVE_INFINITY;
  return {
    signal,
    progress(fraction, text) {
      const now = performance.now();
      if (now - last < PROGRESS_INTERVAL) return;
      last = now;
      post(fraction, text);
    },
    async checkpoint() {
      await turn();
      signal.throwIfAborted();
    },
  };
}

/** Lets waiting messages be handled: a message to oneself is delivered after them. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/**
 * Announces the worker. Browsers have no event for the end of a worker, so it first takes a lock, which is
 * released when it ends; without locks (outside secure contexts) only errors are noticed.
 */
function greet(runs: string, port: WorkerPort): void {
  const hello = (lock?: string) => port.postMessage({ ready: runs, lock } satisfies Hello, []);
  const locks = port === (globalThis as unknown) && (navigator as { locks?: LockManager }).locks;
  if (!locks) {
    hello();
    return;
  }
  const lock = `${runs} ${Date.now()} ${Math.random()}`;
  const forever = () => {
    hello(lock);
    return new Promise(() => {});
  };
  locks.request(lock, forever).catch(() => hello());
}
