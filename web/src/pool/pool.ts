// An index in workers, as those who use it see it. Above 300 lines for the contract of each call; the work
// itself is in write, search, save and restart.

/// <reference lib="esnext.disposable" preserve="true" />

import { Opaque } from '../core/opaque.js';
import { abortable } from '../core/signal.js';
import { bytesOf, type CalibrateOptions, checkCalibration } from '../vectors/arguments.js';
import type { Metric, Settings, Values } from '../vectors/functions.js';
import { checkId, type Id } from '../vectors/id.js';
import { checkRow, idList, oneEach } from '../vectors/id-list.js';
import { Ids } from '../vectors/ids.js';
import type { VectorsInput } from '../vectors/input.js';
import type { Upserted } from '../vectors/rows.js';
import { checkFloats, checkValue, checkValues } from '../vectors/values.js';
import { beginLike } from './begin.js';
import {
  type AddOptions,
  checkAdd,
  checkSearch,
  copied,
  own,
  type PoolSearchOptions,
  type SearchPlan,
} from './options.js';
import { type Restarted, restart } from './restart.js';
import { joined, savePieces } from './save.js';
import { type PoolSearchResult, search } from './search.js';
import type { Shards } from './shards.js';
import { disposed, type PoolState } from './state.js';
import { type PoolStats, poolStats } from './stats.js';
import { Turns } from './turns.js';
import { addVectors, calibrate, removeVectors, replaceVectors, upsertVectors } from './write.js';

/** Ends the workers of pools that were not disposed of. */
const forgotten = new FinalizationRegistry<Shards>((shards) => shards.end(disposed()));

/**
 * A vector index whose rows are spread over workers: everything that `VectorIndex` does, with the
 * same results, in promises. Calls take effect in the order in which they were made, whether they
 * are awaited or not. Each worker has WebAssembly memory of its own; the ids stay here, with 13 bytes
 * for each vector. Dispose of it, or declare it with `using` or `await using`: until then the workers
 * run.
 *
 * When a worker fails (it is terminated, or runs out of memory in a way that it does not survive)
 * every pending and later call is rejected with WORKER_FAILED until restart(); the others keep their
 * vectors.
 */
export class VectorPool extends Opaque implements Disposable, AsyncDisposable {
  readonly #state: PoolState;
  readonly #turns = new Turns();

  /** @internal */
  constructor(state: PoolState) {
    super('VectorPool', 'save() it, and openPool() the bytes there');
    this.#state = state;
    forgotten.register(this, state.shards, this);
  }

  /** Values in a vector. */
  get dims(): number {
    return this.#state.empty.settings.dims;
  }

  /** Bits that a value takes in the codes that are searched. */
  get bits(): number {
    return this.#state.empty.settings.bits;
  }

  /** What a score measures. */
  get metric(): Metric {
    return this.#state.empty.settings.metric;
  }

  /** How many workers there are. */
  get workers(): number {
    return this.#state.shards.count;
  }

  /** The workers that failed, by number from 0; restart() brings them back. */
  get lost(): number[] {
    this.#check();
    return this.#state.shards.lost;
  }

  /** How many vectors there are, by the calls that are done. */
  get size(): number {
    this.#check();
    return this.#state.ids.length - this.#state.ids.removed;
  }

  /** The ids in the order of insertion, by the calls that are done. */
  ids(): Generator<Id, void, void> {
    this.#check();
    return this.#state.names();
  }

  /** Whether there is a vector of this id, by the calls that are done. */
  has(id: Id): boolean {
    this.#check();
    return this.#state.ids.row(checkId('id', id)) !== undefined;
  }

  /**
   * Appends vectors, spread evenly over the workers: all of them or, when it is rejected, none.
   * They are copied at the call, so that the caller's array is free at once; see `transfer`.
   *
   * @param vectors n vectors of dims values
   * @param ids one for each vector, new to the pool; by default numbers, counting up
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity; INVALID_ARGUMENT;
   *   OUT_OF_MEMORY; WORKER_FAILED when a worker is missing
   */
  async add(
    vectors: VectorsInput,
    ids?: ArrayLike<Id> | Id,
    addOptions?: AddOptions,
  ): Promise<void> {
    this.#check();
    const { transfer = false, signal } = checkAdd(addOptions);
    const names = ids === undefined ? undefined : copied(idList(ids));
    const given = checkValues('vectors', vectors, this.#settings, names && oneEach(names));
    // Before the vectors go.
    if (transfer && names !== undefined) new Ids().stage(names.length, names);
    const x = own(given, vectors, transfer);
    return this.#write(() => addVectors(this.#state, x, names, signal));
  }

  /**
   * Puts other vectors in place of those with the given ids: all of them or, when it is rejected,
   * none.
   *
   * @param vectors n vectors of dims values
   * @param ids n ids of the pool, or one id
   * @throws FewbitsError NON_FINITE, INVALID_ARGUMENT, OUT_OF_MEMORY, WORKER_FAILED
   */
  async replace(vectors: VectorsInput, ids: ArrayLike<Id> | Id): Promise<void> {
    this.#check();
    const names = copied(idList(ids));
    const given = checkValues('vectors', vectors, this.#settings, oneEach(names));
    const x = own(given, vectors);
    return this.#write(() => replaceVectors(this.#state, x, names));
  }

  /**
   * Replaces the vectors whose id is in the pool and appends the others: all or, when it is
   * rejected, none.
   *
   * @param vectors n vectors of dims values
   * @param ids n different ids, or one id
   * @returns how many were added and how many replaced
   * @throws FewbitsError as add(); INVALID_ARGUMENT for an id that appears twice
   */
  async upsert(vectors: VectorsInput, ids: ArrayLike<Id> | Id): Promise<Upserted> {
    this.#check();
    const names = copied(idList(ids));
    const given = checkValues('vectors', vectors, this.#settings, oneEach(names));
    const x = own(given, vectors);
    return this.#write(() => upsertVectors(this.#state, x, names));
  }

  /**
   * Removes a vector; false when no vector has this id. Memory is freed some removals later.
   *
   * @throws FewbitsError INVALID_ARGUMENT, WORKER_FAILED
   */
  async remove(id: Id): Promise<boolean> {
    this.#check();
    const names = [checkId('id', id)];
    return this.#write(async () => (await removeVectors(this.#state, names)) > 0);
  }

  /**
   * Removes the vectors of these ids: all or, when it is rejected, none.
   *
   * @param ids any number; those that are not in the pool, or no longer, count for nothing
   * @returns how many were removed
   * @throws FewbitsError INVALID_ARGUMENT for what cannot be an id; WORKER_FAILED
   */
  async removeMany(ids: Iterable<Id> | ArrayLike<Id>): Promise<number> {
    this.#check();
    const names = copied(ids);
    return this.#write(() => removeVectors(this.#state, names));
  }

  /** Frees the room of removed vectors now. */
  async compact(): Promise<void> {
    this.#check();
    return this.#write(async () => {
      this.#checkAll();
      await this.#state.compact();
    });
  }

  /**
   * A pool without vectors, with the same settings, as many workers and all that this one has learned.
   *
   * @throws FewbitsError OUT_OF_MEMORY, WORKER_FAILED
   */
  async emptyLike(): Promise<VectorPool> {
    this.#check();
    return this.#read(async () => new VectorPool(await beginLike(this.#state)));
  }

  /**
   * The nearest vectors to a query.
   *
   * @param query dims values
   * @throws FewbitsError NON_FINITE, INVALID_ARGUMENT; WORKER_FAILED when a worker is missing, unless
   *   `partial` is set
   */
  async search(query: VectorsInput, searchOptions?: PoolSearchOptions): Promise<PoolSearchResult> {
    this.#check();
    const plan = checkSearch(searchOptions);
    const x = own(checkValue('query', query, this.#settings), query);
    const [result] = await this.#search(x, plan);
    return result;
  }

  /** search() for n * dims values at once, faster a query the more there are. */
  async searchBatch(
    queries: VectorsInput,
    searchOptions?: PoolSearchOptions,
  ): Promise<PoolSearchResult[]> {
    this.#check();
    const plan = checkSearch(searchOptions);
    const x = own(checkValues('queries', queries, this.#settings), queries);
    return this.#search(x, plan);
  }

  /**
   * The vector that a code stands for, as `VectorIndex.reconstruct` gives it.
   *
   * @throws FewbitsError INVALID_ARGUMENT, WORKER_FAILED
   */
  async reconstruct(id: Id): Promise<Float32Array> {
    this.#check();
    return this.#read(() => {
      this.#checkAll();
      const row = checkRow('id', id, this.#state.ids);
      const places = this.#state.places;
      return this.#state.shards.at(places.shardOf(row)).call('reconstruct', [places.localOf(row)]);
    });
  }

  /**
   * Learns from a sample, while the pool is empty, as `VectorIndex.calibrate` does; in a worker.
   *
   * @param sample n * dims values; some thousand vectors, at least as many as dims
   * @throws FewbitsError NON_FINITE, INVALID_ARGUMENT, OUT_OF_MEMORY, WORKER_FAILED
   */
  async calibrate(sample: VectorsInput, calibrateOptions?: CalibrateOptions): Promise<void> {
    this.#check();
    const method = checkCalibration(calibrateOptions, this.#settings);
    const x = own(checkFloats('sample', sample, this.#settings), sample);
    return this.#write(() => calibrate(this.#state, x, method));
  }

  /** Settings, sizes and state of the index, and memory of the workers. */
  async stats(): Promise<PoolStats> {
    this.#check();
    return this.#read(() => poolStats(this.#state));
  }

  /**
   * The file that one index with the same vectors saves, byte for byte; `openIndex` opens it, and
   * `openPool`. Keep it for restart().
   *
   * @throws FewbitsError OUT_OF_MEMORY, WORKER_FAILED
   */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    return joined((begin) => this.#pieces(begin));
  }

  /**
   * save() in pieces, so that a large file need not be in memory. Calls that change the pool, and
   * those made after such a one, wait until the last piece is taken or the loop over them is left: do
   * not await them in it.
   */
  savePieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    return this.#pieces(() => {});
  }

  /**
   * Starts the workers that failed again, and gives them back their vectors out of a file that this
   * pool saved, or was opened from: the newest that you have, which is an older one where storing the
   * last failed. Vectors added or replaced since then, or all if there is no file, are gone from the
   * pool: their ids are in the result, to be added again. The pool keeps no copy of codes, which
   * would take as much memory as the index: keep the file in memory or in a store, as suits.
   *
   * @param file its bytes, which must not change before the promise is settled
   * @throws FewbitsError INVALID_ARGUMENT when the file is another one; CORRUPT_DATA; WORKER_FAILED
   *   when a worker does not start; then the pool is as it was before the call
   */
  async restart(file?: ArrayBuffer | ArrayBufferView): Promise<Restarted> {
    this.#check();
    const bytes = file === undefined ? undefined : bytesOf('restart', file);
    return this.#write(() => {
      this.#check();
      return restart(this.#state, bytes);
    });
  }

  /** Ends the workers; calls that are pending and later ones are rejected with DISPOSED. Twice is fine. */
  dispose(): void {
    if (this.#state.isDisposed) return;
    forgotten.unregister(this);
    this.#state.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
  }

  #check(): void {
    this.#state.check();
  }

  get #settings(): Settings {
    return this.#state.empty.settings;
  }

  #checkAll(): void {
    this.#state.checkAll();
  }

  #search(x: Values, plan: SearchPlan): Promise<PoolSearchResult[]> {
    return abortable(
      this.#read(() => search(this.#state, x, plan)),
      plan.signal,
    );
  }

  /** The file; it takes its turns itself. */
  async *#pieces(
    begin: (byteLength: number) => void,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    yield* savePieces(this.#state, this.#turns, begin);
    this.#stay();
  }

  #read<T>(work: () => T | PromiseLike<T>): Promise<T> {
    return this.#kept(this.#turns.read(work));
  }

  #write<T>(work: () => T | PromiseLike<T>): Promise<T> {
    return this.#kept(this.#turns.write(work));
  }

  /** A turn, until whose end the pool is not forgotten: that would end the workers under it. */
  #kept<T>(turn: Promise<T>): Promise<T> {
    const stay = () => this.#stay();
    turn.then(stay, stay);
    return turn;
  }

  /** Whatever is going to call it keeps the pool from being collected. */
  #stay(): void {
    void this.#state;
  }
}
