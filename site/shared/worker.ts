/**
 * Work off the main thread as typed calls with progress and cancellation.
 *
 *     // work.ts
 *     export const calls = { async sum(x: number[], work: Work) { work.progress(0.5, 'adding'); ... } };
 *     serve(calls);
 *     // page
 *     const client = new Client<typeof calls>(() => new Worker(new URL('./work.ts', import.meta.url), { type: 'module' }));
 *     await client.call('sum', [1, 2], { progress: (fraction, text) => ..., signal });
 */

/** What a call can say and ask while it runs. */
export interface Work {
  /** From 0 to 1, with what is being done. */
  progress(fraction: number, text: string): void;
  /** Throws when the call was cancelled. Lets messages in: await it between pieces. */
  checkpoint(): Promise<void>;
  /** Aborted when the call is cancelled. */
  readonly signal: AbortSignal;
}

// biome-ignore lint/suspicious/noExplicitAny: any input and result that can be cloned.
export type Calls = Record<string, (input: any, work: Work) => unknown>;

type Request =
  | { readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly id: number; readonly cancel: true };

type Reply =
  | {
      readonly id: number;
      readonly kind: 'progress';
      readonly fraction: number;
      readonly text: string;
    }
  | { readonly id: number; readonly kind: 'result'; readonly result: unknown }
  | {
      readonly id: number;
      readonly kind: 'error';
      readonly name: string;
      readonly message: string;
    };

/** Longer than a frame, so that progress costs the page one small message a frame at most. */
const PROGRESS_INTERVAL = 33;

/** In the worker: answers calls. */
export function serve(calls: Calls): void {
  const running = new Map<number, AbortController>();
  const post = (reply: Reply) => postMessage(reply);
  addEventListener('message', async ({ data }: MessageEvent<Request>) => {
    const { id } = data;
    if ('cancel' in data) {
      running.get(id)?.abort(new DOMException('cancelled', 'AbortError'));
      return;
    }
    const controller = new AbortController();
    const { signal } = controller;
    let last = Number.NEGATIVE_INFINITY;
    const work: Work = {
      progress(fraction, text) {
        const now = performance.now();
        if (now - last < PROGRESS_INTERVAL) return;
        last = now;
        post({ id, kind: 'progress', fraction, text });
      },
      async checkpoint() {
        await turn();
        signal.throwIfAborted();
      },
      signal,
    };
    running.set(id, controller);
    try {
      post({ id, kind: 'result', result: await calls[data.name](data.input, work) });
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      post({ id, kind: 'error', name, message });
    } finally {
      running.delete(id);
    }
  });
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

export interface CallOptions {
  readonly progress?: (fraction: number, text: string) => void;
  readonly signal?: AbortSignal;
  readonly transfer?: Transferable[];
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly progress?: (fraction: number, text: string) => void;
}

/** On the page: calls to one worker, which is started by the first. */
export class Client<T extends Calls> {
  readonly #start: () => Worker;
  #worker: Worker | null = null;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor(start: () => Worker) {
    this.#start = start;
  }

  /** Rejects with an AbortError when `signal` is aborted. */
  async call<K extends keyof T & string>(
    name: K,
    input: Parameters<T[K]>[0],
    { progress, signal, transfer = [] }: CallOptions = {},
  ): Promise<Awaited<ReturnType<T[K]>>> {
    signal?.throwIfAborted();
    this.#worker ??= this.#open();
    const worker = this.#worker;
    const id = this.#next++;
    const cancel = () => worker.postMessage({ id, cancel: true } satisfies Request);
    signal?.addEventListener('abort', cancel);
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, {
          resolve: resolve as (result: unknown) => void,
          reject,
          progress,
        });
        worker.postMessage({ id, name, input } satisfies Request, transfer);
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#waiting.delete(id);
    }
  }

  /** Ends the worker; the next call starts another. */
  stop(reason = new DOMException('stopped', 'AbortError') as Error): void {
    this.#worker?.terminate();
    this.#worker = null;
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  #open(): Worker {
    const worker = this.#start();
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      const waiting = this.#waiting.get(data.id);
      if (!waiting) return;
      if (data.kind === 'progress') waiting.progress?.(data.fraction, data.text);
      else if (data.kind === 'result') waiting.resolve(data.result);
      else waiting.reject(revived(data.name, data.message));
    });
    worker.addEventListener('error', (event) => {
      this.stop(new Error(event.message || 'the worker could not be started'));
    });
    return worker;
  }
}

/** Errors lose their class on the way; their name says what they were. */
function revived(name: string, message: string): Error {
  if (name === 'AbortError') return new DOMException(message, name) as Error;
  const error = new Error(message);
  error.name = name;
  return error;
}

export const isAbort = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'AbortError';
