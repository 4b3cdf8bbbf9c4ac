/// <reference lib="esnext.disposable" preserve="true" />

import { describe, type FloatArray, invalid } from '../core/arguments.js';
import type { Core } from '../core/core.js';
import { FewbitsError } from '../core/errors.js';
import {
  allowedRows,
  checkCalibration,
  checkQuery,
  checkRow,
  checkRows,
  checkSample,
  checkVectors,
  isSparse,
  MAX_QUERIES,
} from '../vectors/arguments.js';
import { openFile, planFile, writeChecksum } from '../vectors/file.js';
import type { Metric, RowSizes } from '../vectors/functions.js';
import { checkId, type Id, Ids } from '../vectors/ids.js';
import { checksum, type NativeIndex } from '../vectors/native.js';
import type { IndexStats, SearchResult } from '../vectors.js';
import { merge, type ShardHits } from './merge.js';
import {
  type AddOptions,
  abortable,
  checkAdd,
  checkSearch,
  own,
  type PoolSearchOptions,
  type SearchPlan,
} from './options.js';
import type { Places } from './places.js';
import type { Remote } from './remote.js';
import { createEmpty, type ShardStats, type Transform, transformOf } from './shard.js';
import { importRows, type Shards } from './shards.js';
import { Turns } from './turns.js';

/** Bytes of an array of rows that are asked for at a time. */
const WINDOW_BYTES = 1 << 22;

/** Ends the workers of pools that were not disposed of. */
const forgotten = new FinalizationRegistry<Shards>((shards) => shards.end(disposed()));

const disposed = () => new FewbitsError('DISPOSED', 'the pool has been disposed of');

/** Neighbours, best first; of equal ones the earlier added. */
export interface PoolSearchResult extends SearchResult {
  /** With `partial`: how many vectors could not be searched because their worker is missing. */
  readonly missing?: number;
}

export interface PoolStats extends IndexStats {
  /** Of each worker in turn. */
  readonly workers: readonly ShardStats[];
}

/** What restart() brought back. */
export interface Restarted {
  /** How many vectors. */
  readonly restored: number;
  /** Ids of the vectors that are in no file: they are no longer in the pool. */
  readonly lost: readonly Id[];
}

/** @internal */
export interface PoolParts {
  readonly shards: Shards;
  readonly empty: NativeIndex;
  readonly ids: Ids;
  readonly places: Places;
  /** Checksum of the file that holds the rows. */
  readonly saved: number | undefined;
}

/**
 * A vector index whose rows are spread over workers: everything that `VectorIndex` does, with the
 * same results, in promises. Calls take effect in the order in which they were made, whether they
 * are awaited or not. Each worker has WebAssembly memory of its own; the ids stay here, with 13 bytes
 * for each vector. Dispose of it, or declare it with `using` or `await using`: until then the workers
 * run.
 *
 * When a worker fails (it is terminated, or runs out of memory in a way that it does not survive)
 * every pending and later call is rejected with LOAD_FAILED until restart(); the others keep their
 * vectors.
 */
export class VectorPool implements Disposable, AsyncDisposable {
  readonly #core: Core;
  readonly #shards: Shards;
  readonly #turns = new Turns();
  /** An index without rows, made as those of the workers. */
  #empty: NativeIndex;
  #ids: Ids;
  readonly #places: Places;
  #saved: number | undefined;
  #disposed = false;

  /** @internal */
  constructor({ shards, empty, ids, places, saved }: PoolParts) {
    this.#core = empty.core;
    this.#shards = shards;
    this.#empty = empty;
    this.#ids = ids;
    this.#places = places;
    this.#saved = saved;
    forgotten.register(this, shards, this);
  }

  /** Values in a vector. */
  get dims(): number {
    return this.#empty.settings.dims;
  }

  /** Bits that a value takes in the codes that are searched. */
  get bits(): number {
    return this.#empty.settings.bits;
  }

  /** What a score measures. */
  get metric(): Metric {
    return this.#empty.settings.metric;
  }

  /** How many workers there are. */
  get workers(): number {
    return this.#shards.count;
  }

  /** The workers that failed, by number from 0; restart() brings them back. */
  get lost(): number[] {
    return this.#disposed ? [] : this.#shards.lost;
  }

  /** How many vectors there are, by the calls that are done. */
  get size(): number {
    return this.#ids.length - this.#ids.removed;
  }

  /** The ids in the order of insertion, by the calls that are done. */
  *ids(): Generator<Id, void, void> {
    for (let row = 0; row < this.#ids.length; row++) {
      if (!this.#ids.isRemoved(row)) yield this.#ids.at(row);
    }
  }

  /** Whether there is a vector of this id, by the calls that are done. */
  has(id: Id): boolean {
    return this.#ids.row(checkId('id', id)) !== undefined;
  }

  /**
   * Appends vectors, spread evenly over the workers: all of them or, when it is rejected, none.
   * They are copied at the call, so that the caller's array is free at once; see `transfer`.
   *
   * @param vectors n * dims values, one vector after the other
   * @param ids one for each vector, new to the pool; by default numbers, counting up
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity; INVALID_ARGUMENT;
   *   OUT_OF_MEMORY; LOAD_FAILED when a worker is missing
   */
  async add(vectors: FloatArray, ids?: ArrayLike<Id>, addOptions?: AddOptions): Promise<void> {
    this.#check();
    const { transfer = false, signal } = checkAdd(addOptions);
    const given = checkVectors('vectors', vectors, this.dims);
    const n = given.length / this.dims;
    const names = typeof ids === 'object' && ids !== null ? Array.from(ids) : ids;
    const x = own(given, vectors, transfer);
    return this.#turns.write(async () => {
      this.#checkAll();
      signal?.throwIfAborted();
      const checked = names === undefined ? null : this.#ids.check(names, n);
      if (n === 0) return;
      const parts = this.#places.spread(n);
      await this.#shards.add(x, this.dims, parts, signal).catch((error) => {
        // A worker refused what it was given, and counts from there: one index says what is wrong.
        const { code } = error as { code?: unknown };
        if (code === 'NON_FINITE' || code === 'INVALID_ARGUMENT') this.#empty.check(x);
        throw error;
      });
      this.#places.append(parts);
      this.#ids.append(n, checked);
    });
  }

  /**
   * Puts other vectors in place of those with the given ids: all of them or, when it is rejected,
   * none.
   *
   * @param vectors n * dims values
   * @param ids n ids of the pool, or one id
   * @throws FewbitsError NON_FINITE, INVALID_ARGUMENT, OUT_OF_MEMORY, LOAD_FAILED
   */
  async replace(vectors: FloatArray, ids: ArrayLike<Id> | Id): Promise<void> {
    this.#check();
    const { dims } = this;
    const given = checkVectors('vectors', vectors, dims);
    const names = typeof ids === 'object' && ids !== null ? Array.from(ids) : [ids];
    const x = own(given, vectors, false);
    return this.#turns.write(async () => {
      this.#checkAll();
      const rows = checkRows(names, x.length / dims, this.#ids);
      if (rows.length === 0) return;
      this.#empty.check(x);
      const places = this.#places;
      const shards = [...new Set(rows.map((row) => places.shardOf(row)))];
      await this.#shards.all(
        shards,
        (remote, shard) => {
          const those = rows.flatMap((row, i) => (places.shardOf(row) === shard ? [i] : []));
          const piece = new Float32Array(those.length * dims);
          those.forEach((i, to) => {
            piece.set(x.subarray(i * dims, (i + 1) * dims), to * dims);
          });
          const locals = those.map((i) => places.localOf(rows[i]));
          return remote.call('replace', [piece, locals, shards.length > 1], [piece.buffer]);
        },
        (remote, shard) => {
          const all = [...places.rowsOf(shard)];
          const removed = all.flatMap((row, local) => (this.#ids.isRemoved(row) ? [local] : []));
          return remote.call('undo', [all.length, removed]);
        },
      );
      for (const row of rows) places.setChanged(row);
    });
  }

  /**
   * Removes a vector; false when there is none of that id. Memory is freed some removals later.
   *
   * @throws FewbitsError INVALID_ARGUMENT, LOAD_FAILED
   */
  async remove(id: Id): Promise<boolean> {
    this.#check();
    const checked = checkId('id', id);
    return this.#turns.write(async () => {
      this.#checkAll();
      const row = this.#ids.row(checked);
      if (row === undefined) return false;
      const places = this.#places;
      await this.#shards.at(places.shardOf(row)).call('remove', [places.localOf(row)]);
      this.#ids.remove(row);
      places.remove(row);
      if (isSparse(this.#ids)) await this.#compact();
      return true;
    });
  }

  /** Frees the room of removed vectors now. */
  async compact(): Promise<void> {
    this.#check();
    return this.#turns.write(async () => {
      this.#checkAll();
      await this.#compact();
    });
  }

  /**
   * The nearest vectors to a query.
   *
   * @param query dims values
   * @throws FewbitsError NON_FINITE, INVALID_ARGUMENT; LOAD_FAILED when a worker is missing, unless
   *   `partial` is set
   */
  async search(query: FloatArray, searchOptions?: PoolSearchOptions): Promise<PoolSearchResult> {
    this.#check();
    const plan = checkSearch(searchOptions, this.#empty.settings.refine);
    const x = own(checkQuery(query, this.dims), query, false);
    const [result] = await this.#search(x, plan);
    return result;
  }

  /** search() for n * dims values at once, faster a query the more there are. */
  async searchBatch(
    queries: FloatArray,
    searchOptions?: PoolSearchOptions,
  ): Promise<PoolSearchResult[]> {
    this.#check();
    const plan = checkSearch(searchOptions, this.#empty.settings.refine);
    const x = own(checkVectors('queries', queries, this.dims), queries, false);
    return this.#search(x, plan);
  }

  /**
   * The vector that a code stands for; for 'cosine' (without a mean) of norm 1.
   *
   * @throws FewbitsError INVALID_ARGUMENT, LOAD_FAILED
   */
  async reconstruct(id: Id): Promise<Float32Array> {
    this.#check();
    return this.#turns.read(() => {
      this.#checkAll();
      const row = checkRow('id', id, this.#ids);
      const places = this.#places;
      return this.#shards.at(places.shardOf(row)).call('reconstruct', [places.localOf(row)]);
    });
  }

  /**
   * Learns from a sample, while the pool is empty, as `VectorIndex.calibrate` does; in a worker.
   *
   * @param sample n * dims values; some thousand vectors, at least as many as dims
   * @throws FewbitsError NON_FINITE, INVALID_ARGUMENT, OUT_OF_MEMORY, LOAD_FAILED
   */
  async calibrate(
    sample: FloatArray,
    calibrateOptions?: { method?: 'axes' | 'mean' },
  ): Promise<void> {
    this.#check();
    const method = checkCalibration(calibrateOptions);
    const x = own(checkVectors('sample', sample, this.dims), sample, false);
    return this.#turns.write(async () => {
      this.#checkAll();
      checkSample(x, this.#ids.length);
      const buffer = x.buffer as ArrayBuffer;
      await this.#configure(await this.#shards.at(0).call('learn', [x, method], [buffer]));
    });
  }

  /** Settings, sizes and state of the index, and memory of the workers. */
  async stats(): Promise<PoolStats> {
    this.#check();
    return this.#turns.read(async () => {
      this.#checkAll();
      const workers = await this.#everywhere((remote) => remote.call('stats', []));
      const empty = this.#empty;
      return {
        ...empty.settings,
        size: this.size,
        removed: this.#ids.removed,
        bytesPerVector: Object.values(empty.rowSizes).reduce((sum, bytes) => sum + bytes, 0),
        byteLength: workers.reduce((sum, { byteLength }) => sum + byteLength, 0),
        centred: empty.mean !== null,
        calibrated: empty.matrix !== null,
        segments: empty.segments.map(({ dims, bits }) => ({ dims, bits })),
        workers,
      };
    });
  }

  /**
   * The file that one index with the same vectors saves, byte for byte; `openIndex` opens it, and
   * `openPool`. Keep it for restart().
   *
   * @throws FewbitsError OUT_OF_MEMORY, LOAD_FAILED
   */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    let file: Uint8Array<ArrayBuffer> | undefined;
    let offset = 0;
    const allocate = (length: number) => {
      try {
        file = new Uint8Array(length);
      } catch (cause) {
        throw new FewbitsError('OUT_OF_MEMORY', 'no room for the file of the pool', { cause });
      }
    };
    for await (const piece of this.#pieces(allocate)) {
      file?.set(piece, offset);
      offset += piece.length;
    }
    return file as unknown as Uint8Array<ArrayBuffer>;
  }

  /**
   * save() in pieces, so that a large file need not be in memory. Calls that change the pool, and
   * those made after such a one, wait until the last piece is taken or the loop over them is left: do
   * not await them in it.
   */
  savePieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    return this.#pieces(() => {});
  }

  async *#pieces(
    begin: (byteLength: number) => void,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    this.#check();
    const compacted = this.#turns.write(async () => {
      this.#checkAll();
      await this.#compact();
    });
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const entered = new Promise<void>((resolve) => {
      void this.#turns.read(() => {
        resolve();
        return finished;
      });
    });
    try {
      await compacted;
      await entered;
      this.#checkAll();
      const plan = planFile(this.#empty, this.#ids);
      begin(plan.byteLength);
      let sum = 0;
      for (const part of plan.parts) {
        const pieces = typeof part === 'string' ? this.#rows(part) : part;
        for await (const piece of pieces) {
          this.#check();
          sum = checksum(this.#core, sum, piece);
          yield piece as Uint8Array<ArrayBuffer>;
        }
      }
      yield writeChecksum(sum);
      this.#places.setSaved();
      this.#saved = sum;
    } finally {
      finish();
    }
  }

  /**
   * Starts the workers that failed again, and gives them back their vectors out of the file that
   * this pool saved last, or was opened from. Vectors added or replaced since then, or all if there
   * is no file, are gone from the pool: their ids are in the result, to be added again. The pool
   * keeps no copy of codes, which would take as much memory as the index: keep the file in memory or
   * in a store, as suits.
   *
   * @param file its bytes, which must not change before the promise is settled
   * @throws FewbitsError INVALID_ARGUMENT when the file is another one; CORRUPT_DATA; LOAD_FAILED
   *   when a worker does not start; then the pool is as it was before the call
   */
  async restart(file?: ArrayBuffer | ArrayBufferView): Promise<Restarted> {
    this.#check();
    const bytes = file === undefined ? undefined : bytesOf('restart', file);
    return this.#turns.write(async () => {
      this.#check();
      const dead = this.#shards.lost;
      if (dead.length === 0) return { restored: 0, lost: [] };
      const places = this.#places;
      const opened = bytes === undefined ? undefined : openFile(this.#core, bytes);
      opened?.index.dispose();
      if (opened !== undefined && opened.sum !== this.#saved) {
        throw invalid('restart() takes the file that this pool saved last, or was opened from');
      }
      const lost: number[] = [];
      const fresh: Remote[] = [];
      let restored = 0;
      try {
        for (const shard of dead) {
          const remote = await this.#shards.launch(shard, this.workers, this.#empty);
          fresh.push(remote);
          this.#check();
          const alive = [...places.rowsOf(shard)].filter((row) => !this.#ids.isRemoved(row));
          const found =
            opened === undefined ? [] : alive.filter((row) => places.savedRow(row) >= 0);
          if (opened !== undefined) {
            await importRows(remote, this.#empty, opened.arrays, found.length, (i) =>
              places.savedRow(found[i]),
            );
          }
          restored += found.length;
          const there = new Set(found);
          for (const row of alive) if (!there.has(row)) lost.push(row);
        }
        this.#check();
      } catch (error) {
        for (const remote of fresh) remote.fail(error);
        throw error;
      }
      const ids = lost.map((row) => this.#ids.at(row));
      for (const row of lost) {
        this.#ids.remove(row);
        places.remove(row);
      }
      dead.forEach((shard, i) => {
        this.#shards.put(shard, fresh[i]);
      });
      await this.#compact();
      return { restored, lost: ids };
    });
  }

  /** Ends the workers; calls that are pending and later ones are rejected with DISPOSED. Twice is fine. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    forgotten.unregister(this);
    this.#shards.end(disposed());
    this.#empty.dispose();
    this.#ids = new Ids();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
  }

  #check(): void {
    if (this.#disposed) throw disposed();
  }

  #checkAll(): void {
    this.#check();
    this.#shards.checkAll();
  }

  #everywhere<T>(work: (remote: Remote, shard: number) => Promise<T>): Promise<T[]> {
    const all = Array.from({ length: this.workers }, (_, shard) => shard);
    return this.#shards.all(all, work, async () => {});
  }

  async #compact(): Promise<void> {
    if (this.#ids.removed === 0) return;
    // One that fails now has lost its rows; which ones it had does not change.
    await Promise.all(
      Array.from({ length: this.workers }, async (_, shard) => {
        const remote = this.#shards.at(shard);
        if (!remote.ended) await remote.call('compact', []).catch((cause) => remote.fail(cause));
      }),
    );
    if (this.#disposed) throw disposed();
    this.#places.compact((row) => this.#ids.isRemoved(row));
    this.#ids.compact();
  }

  /** Gives every worker, and the index without rows here, another transform, or none of them. */
  async #configure(transform: Transform): Promise<void> {
    const { settings } = this.#empty;
    const before = transformOf(this.#empty);
    const empty = createEmpty(this.#core, settings, transform);
    try {
      const configure = (remote: Remote, to: Transform) => remote.call('configure', [settings, to]);
      await this.#shards.all(
        Array.from({ length: this.workers }, (_, shard) => shard),
        (remote) => configure(remote, transform),
        (remote) => configure(remote, before),
      );
      this.#check();
    } catch (error) {
      empty.dispose();
      throw error;
    }
    this.#empty.dispose();
    this.#empty = empty;
    this.#saved = undefined;
  }

  #search(x: Float32Array, plan: SearchPlan): Promise<PoolSearchResult[]> {
    const work = this.#turns.read(() => this.#searchNow(x, plan));
    return abortable(work, plan.signal);
  }

  async #searchNow(x: Float32Array, plan: SearchPlan): Promise<PoolSearchResult[]> {
    this.#check();
    if (!plan.partial) this.#shards.checkAll();
    const allowed = plan.filter === undefined ? null : allowedRows(plan.filter, this.#ids);
    const filters = Array.from({ length: this.workers }, (_, shard) =>
      allowed === null ? null : this.#allowedIn(shard, allowed),
    );
    const results: PoolSearchResult[] = [];
    const step = MAX_QUERIES * this.dims;
    for (let start = 0; start < x.length; start += step) {
      plan.signal?.throwIfAborted();
      const part = x.subarray(start, start + step);
      const { found, missing } = await this.#ask(part, plan, filters);
      this.#check();
      for (let q = 0; q < part.length / this.dims; q++) {
        const { rows, scores } = merge(found, q, plan.k, plan.candidates);
        if (this.metric === 'l2') {
          for (let i = 0; i < scores.length; i++) scores[i] = Math.max(0, -scores[i]);
        }
        const ids = rows.map((row) => this.#ids.at(row));
        results.push(plan.partial ? { ids, scores, missing } : { ids, scores });
      }
    }
    return results;
  }

  /** The candidates of all shards for up to MAX_QUERIES queries. */
  async #ask(
    x: Float32Array,
    { candidates, partial }: SearchPlan,
    filters: readonly (Uint32Array | null)[],
  ): Promise<{ found: ShardHits[]; missing: number }> {
    const places = this.#places;
    let missing = 0;
    const ask = async (remote: Remote, shard: number): Promise<ShardHits[]> => {
      const rows = places.rowsOf(shard);
      const alive = places.aliveIn(shard);
      const stride = Math.max(1, Math.min(candidates, alive));
      try {
        const queries = x.slice();
        const hits = await remote.call(
          'search',
          [queries, stride, filters[shard]],
          [queries.buffer],
        );
        return [{ hits, stride, rows }];
      } catch (error) {
        if (!partial || !remote.ended) throw error;
        missing += alive;
        return [];
      }
    };
    const found = (await this.#everywhere(ask)).flat();
    return { found, missing };
  }

  /** A bit for each row of a shard. */
  #allowedIn(shard: number, allowed: Uint32Array): Uint32Array {
    const rows = this.#places.rowsOf(shard);
    const bits = new Uint32Array(Math.ceil(rows.length / 32));
    for (let local = 0; local < rows.length; local++) {
      const row = rows[local];
      if ((allowed[row >>> 5] >>> (row & 31)) & 1) bits[local >>> 5] |= 1 << (local & 31);
    }
    return bits;
  }

  /** All rows of an array in the order of the pool. */
  async *#rows(array: keyof RowSizes): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    const places = this.#places;
    const size = this.#empty.rowSizes[array];
    const step = Math.max(1, Math.floor(WINDOW_BYTES / size));
    for (let first = 0; first < places.length; first += step) {
      const last = Math.min(places.length, first + step);
      const parts = await this.#everywhere((remote, shard) => {
        const { start, end } = places.rangeIn(shard, first, last);
        return remote.call('export', [array, start, end]);
      });
      this.#check();
      const piece = new Uint8Array((last - first) * size);
      const used = parts.map(() => 0);
      for (let row = first; row < last; ) {
        const shard = places.shardOf(row);
        let end = row + 1;
        while (end < last && places.shardOf(end) === shard) end++;
        const from = used[shard];
        used[shard] += (end - row) * size;
        piece.set(parts[shard].subarray(from, used[shard]), (row - first) * size);
        row = end;
      }
      yield piece;
    }
  }
}

/** The bytes of a file that was given to `name`. */
export function bytesOf(name: string, file: unknown): Uint8Array {
  if (file instanceof ArrayBuffer) return new Uint8Array(file);
  if (ArrayBuffer.isView(file))
    return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  throw invalid(`${name} takes the bytes of a file, got ${describe(file)}`);
}
