// The page's side: calls to a worker, which all fail when it does.

import { FewbitsError, invalid, reasonOf } from '../core/errors.js';
import { checkSignal } from '../core/signal.js';
import type { Channel } from './channel.js';
import {
  type Answer,
  type CallRequest,
  type Hello,
  type Request,
  reviveError,
  type SentError,
} from './protocol.js';
import type { Work } from './serve.js';

/** The methods of `T` that can be called. */
export type Method<T> = {
  // biome-ignore lint/suspicious/noExplicitAny: parameters of any kind.
  [M in keyof T]: T[M] extends (...args: any[]) => unknown ? M : never;
}[keyof T] &
  string;

// biome-ignore lint/suspicious/noExplicitAny: parameters of any kind.
type Call = (...args: any[]) => unknown;

/** The arguments of a method, without the last one, which the worker adds. */
export type Arguments<F> = F extends Call
  ? Parameters<F> extends [...infer Given, Work]
    ? Given
    : Parameters<F>
  : never;

export type Result<F> = F extends Call ? Awaited<ReturnType<F>> : never;

export interface CallOptions {
  /** Called with the progress, from 0 to 1, and a description of the current step. */
  readonly progress?: ((fraction: number, text: string) => void) | undefined;
  /** Cancels the call, which is rejected with the signal's reason as soon as the worker has stopped it. */
  readonly signal?: AbortSignal | undefined;
  /** Buffers in the arguments that are transferred instead of copied. */
  readonly transfer?: readonly ArrayBuffer[] | undefined;
}

/** Properties of a worker that is starting. */
export interface RemoteOptions {
  /** The name for messages, such as 'worker 2 of 3'. */
  readonly name: string;
  /** What its script must run. */
  readonly runs: string;
  /** The address of its script. */
  readonly address: string;
  /** Milliseconds that it may take until its first message. */
  readonly startTimeout: number;
  /** Whether the worker is ended after an error without a code, which is unexpected. */
  readonly strict: boolean;
  /** Whether arguments do not change later, so that they need not be copied before the worker has started. */
  readonly stable: boolean;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly options: CallOptions;
}

/** A call to send when the worker has started. */
interface Waiting {
  readonly request: CallRequest;
  readonly transfer: readonly ArrayBuffer[];
}

/** The methods of a `T` in a worker. */
export class Remote<T extends object> {
  readonly #channel: Channel;
  readonly #options: RemoteOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #ended = new AbortController();
  /** Calls to send first; null once the worker has started. */
  #waiting: Waiting[] | null = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #next = 0;

  constructor(channel: Channel, options: RemoteOptions) {
    this.#channel = channel;
    this.#options = options;
    channel.listen(
      (message) => this.#received(message as Hello | Answer),
      (cause) => this.fail(cause),
    );
    this.#limit();
  }

  /** The reason why it cannot be called any more, if so. */
  get ended(): Error | undefined {
    return this.#ended.signal.aborted ? this.#ended.signal.reason : undefined;
  }

  /**
   * Calls a method. Its arguments are copied now, or transferred where `transfer` lists them.
   *
   * @throws FewbitsError WORKER_FAILED when the worker fails; the errors of the method; the signal's reason
   */
  async call<M extends Method<T>>(
    method: M,
    args: Arguments<T[M]>,
    options: CallOptions = {},
  ): Promise<Result<T[M]>> {
    const { transfer = [] } = options;
    const signal = checkSignal(options.signal);
    if (this.ended) throw this.ended;
    const call = this.#next++;
    const abort = () => this.#abort(call);
    try {
      return await new Promise((resolve, reject) => {
        this.#say({ call, method, args: args as readonly unknown[] }, transfer);
        if (this.#pending.size === 0) this.#channel.hold(true);
        this.#pending.set(call, { resolve: resolve as Pending['resolve'], reject, options });
        signal?.addEventListener('abort', abort);
      });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Ends the worker because of an error. */
  fail(cause: unknown): void {
    const { name, address, runs } = this.#options;
    const starting =
      this.#waiting === null
        ? ''
        : `. It never answered: is its script there (${address}), may it run here, and does it hold the ` +
          `code of '${runs}'? Where a bundler leaves the script behind, copy it there or pass createWorker. ` +
          'Bundlers leave an import out that they take to have no effect: name the script under ' +
          "'sideEffects' of package.json then";
    this.end(
      new FewbitsError('WORKER_FAILED', `${name} failed: ${reasonOf(cause)}${starting}`, { cause }),
    );
  }

  /** Ends the worker: pending and later calls are rejected with this reason. */
  end(reason: Error): void {
    if (this.ended) return;
    this.#ended.abort(reason);
    clearTimeout(this.#timer);
    this.#channel.end();
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
  }

  #say(request: CallRequest, transfer: readonly ArrayBuffer[]): void {
    try {
      if (this.#waiting === null) {
        this.#channel.post(request, transfer);
      } else {
        // Messages to a script that is still awaiting something are lost. The caller may change its arguments
        // as soon as the call returns.
        const said = { request, transfer };
        const { stable } = this.#options;
        this.#waiting.push(stable ? said : structuredClone(said, { transfer: [...transfer] }));
      }
    } catch (cause) {
      const what = `what '${request.method}' is called with cannot be sent to ${this.#options.name}`;
      throw invalid(`${what}: ${reasonOf(cause)}`, cause);
    }
  }

  #abort(call: number): void {
    const waiting = this.#waiting?.findIndex(({ request }) => request.call === call) ?? -1;
    if (waiting < 0) {
      this.#channel.post({ abort: call } satisfies Request, []);
    } else {
      this.#waiting?.splice(waiting, 1);
      const pending = this.#take(call);
      pending?.reject(pending.options.signal?.reason);
    }
  }

  /** Ends the worker if it takes too long to start. */
  #limit(): void {
    const { startTimeout } = this.#options;
    // Timers are limited to 2^31 - 1 milliseconds.
    if (startTimeout >= 2 ** 31) return;
    const due = Date.now() + startTimeout;
    this.#timer = setTimeout(() => {
      // A page that slept or was busy has not yet received the messages of the worker.
      if (Date.now() > due + 1000) this.#limit();
      else this.fail(`it did not start within ${startTimeout / 1000} s`);
    }, startTimeout);
  }

  #received(message: Hello | Answer): void {
    if (this.ended || typeof message !== 'object' || message === null) return;
    if ('ready' in message) this.#started(message);
    else if ('call' in message) this.#answered(message);
  }

  #started({ ready, lock }: Hello): void {
    const { runs } = this.#options;
    clearTimeout(this.#timer);
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    if (ready !== runs) {
      this.fail(`its script is that of '${ready}', and not of '${runs}'`);
      return;
    }
    if (lock !== undefined) {
      const terminated = () => this.fail('it was terminated');
      const { signal } = this.#ended;
      navigator.locks.request(lock, { signal }, terminated).catch(() => {});
    }
    for (const { request, transfer } of waiting) this.#channel.post(request, transfer);
    if (this.#pending.size === 0) this.#channel.hold(false);
  }

  /** Removes a call that has ended. */
  #take(call: number): Pending | undefined {
    const pending = this.#pending.get(call);
    if (this.#pending.delete(call) && this.#pending.size === 0 && this.#waiting === null) {
      this.#channel.hold(false);
    }
    return pending;
  }

  #answered(answer: Answer): void {
    if ('progress' in answer) {
      this.#pending.get(answer.call)?.options.progress?.(...answer.progress);
      return;
    }
    const pending = this.#take(answer.call);
    if ('value' in answer) pending?.resolve(answer.value);
    else pending?.reject(this.#revived(answer.error, pending.options.signal));
  }

  #revived(sent: SentError, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted && sent.name === 'AbortError') return signal.reason;
    const error = reviveError(sent);
    if (!sent.fault && (sent.code !== undefined || !this.#options.strict)) return error;
    this.fail(error);
    return this.ended;
  }
}
