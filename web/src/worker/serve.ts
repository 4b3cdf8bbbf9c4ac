// The worker's end: answers calls, and tells how far they are.

import { invalid } from '../core/arguments.js';
import { type Answer, buffersOf, type Hello, type Request, sendError } from './protocol.js';

/** What a call can say and ask while it runs. */
export interface Work {
  /** Says how far the call is, from 0 to 1, and what is being done; some of what is said often is left out. */
  progress(fraction: number, text: string): void;
  /** Throws when the call was cancelled. Lets messages in: await it between pieces. */
  checkpoint(): Promise<void>;
  /** Aborted when the call is cancelled. */
  readonly signal: AbortSignal;
}

/** The page's end of the line, inside of the worker: its global scope, or `parentPort` in Node. */
export interface WorkerPort {
  /** As `MessagePort.postMessage`. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** As `MessagePort.addEventListener`, for 'message'. */
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}

export interface Serving {
  /** What runs here, which whoever calls compares with what it wants. */
  readonly runs: string;
  readonly port: WorkerPort;
  /** Moves the buffers of arrays in results instead of copying them. */
  readonly move?: boolean;
  /** Says what an error means. */
  readonly translate?: (error: unknown) => unknown;
}

/** Longer than a frame, so that progress costs the page one small message a frame at most. */
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

/** Lets waiting messages be handled: a message to oneself comes after them. */
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
 * Says that the worker is there. In browsers, which have no event for the end of a worker, it first
 * takes a lock, which becomes free when it ends; where there are none (outside of secure contexts),
 * only errors will be told.
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
