import { FewbitsError } from '../core/errors.js';
import type { Channel } from '../worker/channel.js';
import type { Answer, Method, Request } from './messages.js';
import type { Shard } from './shard.js';

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A shard in a worker, seen from outside. When the worker fails, all its calls do. */
export class Remote {
  readonly #channel: Channel<Request, Answer>;
  readonly #name: string;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #ended: FewbitsError | undefined;

  constructor(channel: Channel<Request, Answer>, name: string) {
    this.#channel = channel;
    this.#name = name;
    channel.listen(
      (answer) => this.#answered(answer),
      (cause) => this.fail(cause),
    );
  }

  /** Why it cannot be called any more, if so. */
  get ended(): FewbitsError | undefined {
    return this.#ended;
  }

  /** Calls a method of the shard; the buffers are moved to it. */
  call<M extends Method>(
    method: M,
    args: Parameters<Shard[M]>,
    transfer: ArrayBuffer[] = [],
  ): Promise<ReturnType<Shard[M]>> {
    return new Promise((resolve, reject) => {
      if (this.#ended) throw this.#ended;
      const call = this.#next++;
      this.#channel.post({ call, method, args }, transfer);
      this.#pending.set(call, { resolve: resolve as Pending['resolve'], reject });
    });
  }

  /** Ends the worker, because of what it did or what became of it. */
  fail(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${this.#name} failed: ${reason}`;
    this.end(new FewbitsError('LOAD_FAILED', message, { cause }));
  }

  /** Ends the worker; what is pending and what comes is rejected for this reason. */
  end(reason: FewbitsError): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#channel.end();
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
  }

  #answered(answer: Answer): void {
    const pending = this.#pending.get(answer.call);
    this.#pending.delete(answer.call);
    if ('value' in answer) {
      pending?.resolve(answer.value);
    } else if (answer.error.code !== undefined) {
      pending?.reject(new FewbitsError(answer.error.code, answer.error.message));
    } else {
      this.fail(answer.error.message);
      pending?.reject(this.#ended);
    }
  }
}
