// Calls to a worker of the application, which is started by the first call.

import { attached, callback, describe, invalid, options } from '../core/arguments.js';
import { isArrayBuffer } from '../core/kinds.js';
import { Opaque } from '../core/opaque.js';
import { checkSignal } from '../core/signal.js';
import type { WebWorker, WorkerThread } from './channel.js';
import type { CallOptions, Remote } from './remote.js';
import type { Work } from './serve.js';
import { checkStartTimeout, sourceOf, startRemote } from './start.js';

/** The functions of serve(), with one input each, and information about their call. */
// biome-ignore lint/suspicious/noExplicitAny: any input and result that can be cloned.
export type Calls = Record<string, (input: any, work: Work) => unknown>;

/** The description of the application's worker script in messages. */
export const OWN = 'serve() of fewbits/rpc';

export interface ClientOptions {
  /** Milliseconds that the worker may take to start, from 1, or Infinity. Default 30,000. */
  startTimeout?: number | undefined;
}

/**
 * Calls to a worker that runs serve(). The first call starts it, and so does the first after it has ended.
 */
export class Client<T extends Calls> extends Opaque {
  readonly #create: () => WebWorker | WorkerThread;
  readonly #startTimeout: number;
  #remote: Remote<T> | undefined;

  /**
   * @param create creates the worker: `() => new Worker(new URL('./work.js', import.meta.url), { type: 'module' })`
   */
  constructor(create: () => WebWorker | WorkerThread, clientOptions?: ClientOptions) {
    super('Client', 'make one where it is needed');
    const o = options<ClientOptions>('options', clientOptions, ['startTimeout']);
    this.#create = create;
    this.#startTimeout = checkStartTimeout(o.startTimeout);
  }

  /**
   * Calls a function of the worker. The input is copied, except for the buffers in `transfer`.
   *
   * @throws the error of the function: a FewbitsError with its code, any other error with its name; the
   *   signal's reason; FewbitsError WORKER_FAILED when the worker does not start or ends
   */
  async call<K extends keyof T & string>(
    name: K,
    input: Parameters<T[K]>[0],
    callOptions?: CallOptions,
  ): Promise<Awaited<ReturnType<T[K]>>> {
    const o = options<CallOptions>('options', callOptions, ['progress', 'signal', 'transfer']);
    checkSignal(o.signal);
    callback('progress', o.progress);
    checkTransfer(o.transfer);
    if (this.#remote === undefined || this.#remote.ended) {
      const source = sourceOf(this.#create, { create: this.#create, address: '' });
      const startTimeout = this.#startTimeout;
      const how = { name: 'the worker', runs: OWN, startTimeout, strict: false, stable: false };
      this.#remote = startRemote<T>(source, how);
    }
    const remote = this.#remote as unknown as Remote<Record<string, (input: unknown) => unknown>>;
    return (await remote.call(name, [input], o)) as Awaited<ReturnType<T[K]>>;
  }

  /** Ends the worker, and rejects its calls with `reason`; the next call starts another. */
  stop(reason: Error = new DOMException('stopped', 'AbortError')): void {
    this.#remote?.end(reason);
    this.#remote = undefined;
  }
}

/** Refuses detached buffers, which would pass for empty ones. */
function checkTransfer(given: unknown): void {
  if (given === undefined) return;
  if (!Array.isArray(given)) {
    throw invalid(`transfer must be an array of ArrayBuffers, got ${describe(given)}`);
  }
  given.forEach((buffer, i) => {
    if (!isArrayBuffer(buffer)) {
      throw invalid(`transfer[${i}] must be an ArrayBuffer, got ${describe(buffer)}`);
    }
    attached(`transfer[${i}]`, buffer);
  });
}
