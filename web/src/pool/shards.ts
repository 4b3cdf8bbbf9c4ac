// The workers of a pool, and operations on several of them at once.

import type { CompiledModule } from '../core/platform.js';
import type { Values } from '../vectors/functions.js';
import type { NativeIndex } from '../vectors/native.js';
import { ROW_ARRAYS, type RowArrays } from '../vectors/native-search.js';
import { transformOf } from '../vectors/transform.js';
import type { Remote } from '../worker/remote.js';
import type { Part } from './places.js';
import type { Shard } from './shard.js';

/** Bytes of vectors or codes per message. */
const PIECE_BYTES = 1 << 22;

/** A shard in a worker, seen from outside. */
export type RemoteShard = Remote<Shard>;

/** Starts a worker; the name is for messages. */
export type StartShard = (name: string) => RemoteShard;

/** The workers of a pool, and operations on several of them at once. */
export class Shards {
  readonly #start: StartShard;
  readonly #module: CompiledModule;
  readonly #remotes: RemoteShard[] = [];

  constructor(start: StartShard, module: CompiledModule) {
    this.#start = start;
    this.#module = module;
  }

  /** Workers of the same kind, not yet started. */
  another(): Shards {
    return new Shards(this.#start, this.#module);
  }

  /** Starts all workers with an index like `empty`, which has no rows. */
  async start(count: number, empty: NativeIndex): Promise<void> {
    const all = Array.from({ length: count }, (_, shard) => this.launch(shard, count, empty));
    const results = await Promise.allSettled(all);
    for (const result of results) {
      if (result.status === 'fulfilled') this.#remotes.push(result.value);
    }
    throwFirst(results);
  }

  /** Starts a new worker for a shard, without putting it in its place. */
  async launch(shard: number, count: number, empty: NativeIndex): Promise<RemoteShard> {
    const remote = this.#start(`worker ${shard + 1} of ${count}`);
    try {
      await remote.call('open', [this.#module, empty.settings, transformOf(empty)]);
      return remote;
    } catch (error) {
      remote.fail(error);
      throw error;
    }
  }

  get count(): number {
    return this.#remotes.length;
  }

  at(shard: number): RemoteShard {
    return this.#remotes[shard];
  }

  put(shard: number, remote: RemoteShard): void {
    this.#remotes[shard] = remote;
  }

  /** The numbers of the workers that failed. */
  get lost(): number[] {
    return this.#remotes.flatMap((remote, shard) => (remote.ended ? [shard] : []));
  }

  /** Throws if a worker has failed. */
  checkAll(): void {
    for (const { ended } of this.#remotes) if (ended) throw ended;
  }

  end(reason: Error): void {
    for (const remote of this.#remotes) remote.end(reason);
  }

  /**
   * Runs `work` with several shards at once and waits for all. If it fails for one, `undo` runs for those
   * where it succeeded, and the first error is thrown.
   */
  async all<T>(
    shards: readonly number[],
    work: (remote: RemoteShard, shard: number, i: number) => Promise<T>,
    undo: (remote: RemoteShard, shard: number, i: number) => Promise<unknown>,
  ): Promise<T[]> {
    const results = await Promise.allSettled(
      shards.map((shard, i) => work(this.#remotes[shard], shard, i)),
    );
    if (results.some(({ status }) => status === 'rejected')) {
      await Promise.all(
        results.map(async ({ status }, i) => {
          const remote = this.#remotes[shards[i]];
          if (status === 'rejected' || remote.ended) return;
          await undo(remote, shards[i], i).catch((cause) => remote.fail(cause));
        }),
      );
    }
    throwFirst(results);
    return results.map((result) => (result as PromiseFulfilledResult<T>).value);
  }

  /** Adds vectors, each run of rows to its shard: all or, when it throws, none. */
  async add(x: Values, width: number, parts: readonly Part[], signal?: AbortSignal) {
    const step = Math.max(1, Math.floor(PIECE_BYTES / x.BYTES_PER_ELEMENT / width));
    let stopped = false;
    const work = async (remote: RemoteShard, { first, n, rows }: Part) => {
      // The piece is transferred back and forth: allocating memory costs more than copying.
      let piece: Values = x.slice(0, 0);
      try {
        for (let done = 0; done < n && !stopped; done += step) {
          signal?.throwIfAborted();
          const end = Math.min(n, done + step);
          const values = x.subarray((first + done) * width, (first + end) * width);
          if (piece.length < values.length) piece = values.slice();
          piece = piece.subarray(0, values.length);
          piece.set(values);
          piece = await remote.call('add', [piece, rows + done], {
            transfer: [piece.buffer as ArrayBuffer],
          });
        }
      } catch (error) {
        stopped = true;
        if (!remote.ended) await remote.call('truncate', [rows]).catch((e) => remote.fail(e));
        throw error;
      }
    };
    await this.all(
      parts.map(({ shard }) => shard),
      (remote, _, i) => work(remote, parts[i]),
      (remote, _, i) => remote.call('truncate', [parts[i].rows]),
    );
  }

  /** Undoes add(); workers for which that fails count as failed. */
  async truncate(parts: readonly Part[]): Promise<void> {
    await Promise.all(
      parts.map(async ({ shard, rows }) => {
        const remote = this.#remotes[shard];
        if (!remote.ended) await remote.call('truncate', [rows]).catch((e) => remote.fail(e));
      }),
    );
  }
}

function throwFirst(results: readonly PromiseSettledResult<unknown>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Sends `n` rows of a file, of which the i-th is row `rowAt(i)`, to a worker without these rows. */
export async function importRows(
  remote: RemoteShard,
  empty: NativeIndex,
  arrays: RowArrays,
  n: number,
  rowAt: (i: number) => number,
): Promise<void> {
  const sizes = empty.rowSizes;
  const total = ROW_ARRAYS.reduce((sum, name) => sum + sizes[name], 0);
  const step = Math.max(1, Math.floor(PIECE_BYTES / total));
  for (let first = 0; first < n; first += step) {
    const count = Math.min(step, n - first);
    const piece = {} as RowArrays;
    for (const name of ROW_ARRAYS) piece[name] = new Uint8Array(count * sizes[name]);
    for (let i = 0; i < count; ) {
      const row = rowAt(first + i);
      let n = 1;
      while (i + n < count && rowAt(first + i + n) === row + n) n++;
      for (const name of ROW_ARRAYS) {
        const size = sizes[name];
        piece[name].set(arrays[name].subarray(row * size, (row + n) * size), i * size);
      }
      i += n;
    }
    const buffers = ROW_ARRAYS.map((name) => piece[name].buffer as ArrayBuffer);
    await remote.call('import', [piece, count], { transfer: buffers });
  }
}
