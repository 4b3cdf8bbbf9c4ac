// The public index in workers. Above 300 lines for the contract of each call; the work itself is in write,
// search, save and restart.

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

/** Ends the workers of pools that were garbage-collected without dispose(). */
const forgotten = new FinalizationRegistry<Shards>((shards) => shards.end(disposed()));

/**
 * A vector index whose rows are spread over workers: everything that `VectorIndex` does, with the same
 * results, as promises. Calls take effect in the order in which they are made, whether awaited or not. Each
 * worker has its own WebAssembly memory; the ids stay on this thread, with 13 more bytes per vector. The
 * workers run until dispose(); declare the pool with `using` or `await using` to dispose of it.
 *
 * When a worker fails (it is terminated, or runs out of memory in a way that it does not survive), every
 * pending and later call is rejected with WORKER_FAILED until restart(); the other workers keep their
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

  /** Values per vector. */
  get dims(): number {
    return this.#state.empty.settings.dims;
  }

  /** Bits per value in the codes that the scan uses. */
  get bits(): number {
    return this.#state.empty.settings.bits;
  }

  /** The measure behind the scores. */
  get metric(): Metric {
    return this.#state.empty.settings.metric;
  }

  /** The number of workers. */
  get workers(): number {
    return this.#state.shards.count;
  }

  /** The workers that failed, by number from 0; restart() restores them. */
  get lost(): number[] {
    this.#check();
    return this.#state.shards.lost;
  }

  /** The number of vectors, as of the completed calls. */
  get size(): number {
    this.#check();
    return this.#state.ids.length - this.#state.ids.removed;
  }

  /** The ids in the order of insertion, as of the completed calls. */
  ids(): Generator<Id, void, void> {
    this.#check();
    return this.#state.names();
  }

  /** Whether there is a vector with this id, as of the completed calls. */
  has(id: Id): boolean {
    this.#check();
    return this.#state.ids.row(checkId('id', id)) !== undefined;
  }

  /**
   * Appends vectors, spread evenly over the workers: all of them or, when it is rejected, none. They are
   * copied during the call, so that the caller can reuse the array at once; see `transfer`.
   *
   * @param vectors n vectors of dims values
   * @param ids one per vector, new to the pool; by default numbers, counting up
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity; INVALID_ARGUMENT; OUT_OF_MEMORY;
   *   WORKER_FAILED when a worker is missing
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
    // Checked before the vectors are transferred.
    if (transfer && names !== undefined) new Ids().stage(names.length, names);
    const x = own(given, vectors, transfer);
    return this.#write(() => addVectors(this.#state, x, names, signal));
  }

  /**
   * Replaces the vectors with the given ids: all of them or, when it is rejected, none.
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
   * Replaces the vectors whose ids are in the pool and appends the others: all or, when it is rejected, none.
   *
   * @param vectors n vectors of dims values
   * @param ids n distinct ids, or one id
   * @returns how many were added and how many replaced
   * @throws FewbitsError as add() does; INVALID_ARGUMENT for an id that appears twice
   */
  async upsert(vectors: VectorsInput, ids: ArrayLike<Id> | Id): Promise<Upserted> {
    this.#check();
    const names = copied(idList(ids));
    const given = checkValues('vectors', vectors, this.#settings, oneEach(names));
    const x = own(given, vectors);
    return this.#write(() => upsertVectors(this.#state, x, names));
  }

  /**
   * Removes a vector; false when no vector has this id. Memory is freed by later removals.
   *
   * @throws FewbitsError INVALID_ARGUMENT, WORKER_FAILED
   */
  async remove(id: Id): Promise<boolean> {
    this.#check();
    const names = [checkId('id', id)];
    return this.#write(async () => (await removeVectors(this.#state, names)) > 0);
  }

  /**
   * Removes the vectors with these ids: all or, when it is rejected, none.
   *
   * @param ids any number; those that are not in the pool are ignored
   * @returns how many were removed
   * @throws FewbitsError INVALID_ARGUMENT for values that cannot be ids; WORKER_FAILED
   */
  async removeMany(ids: Iterable<Id> | ArrayLike<Id>): Promise<number> {
    this.#check();
    const names = copied(ids);
    return this.#write(() => removeVectors(this.#state, names));
  }

  /** Frees the memory of removed vectors now. */
  async compact(): Promise<void> {
    this.#check();
    return this.#write(async () => {
      this.#checkAll();
      await this.#state.compact();
    });
  }

  /**
   * Creates a pool without vectors, with the same settings, number of workers and learned state.
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

  /** Searches for n * dims values at once, in less time per query the more there are. */
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
   * Decodes a vector from its code, like `VectorIndex.reconstruct`.
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
   * Learns from a sample while the pool is empty, like `VectorIndex.calibrate`; in a worker.
   *
   * @param sample n * dims values; a few thousand vectors, and at least as many as dims
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
   * Saves the same file, byte for byte, as one index with the same vectors; `openIndex` and `openPool` open
   * it. Keep it for restart().
   *
   * @throws FewbitsError OUT_OF_MEMORY, WORKER_FAILED
   */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    return joined((begin) => this.#pieces(begin));
  }

  /**
   * Saves in pieces, so that a large file need not be in memory. Calls that change the pool, and all calls
   * after them, wait until the last piece is taken or the loop over the pieces ends: do not await them in the
   * loop.
   */
  savePieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    return this.#pieces(() => {});
  }

  /**
   * Restarts the workers that failed, and restores their vectors from a file that this pool saved or was
   * opened from: use the newest available, which may be an older one if storing the last one failed. Vectors
   * that were added or replaced after it, or all without a file, are dropped from the pool: the result has
   * their ids, so that they can be added again. The pool keeps no copy of codes, which would take as much
   * memory as the index: keep the file in memory or in a store.
   *
   * @param file its bytes, which must not change before the promise is settled
   * @throws FewbitsError INVALID_ARGUMENT when it is another file; CORRUPT_DATA; WORKER_FAILED when a worker
   *   does not start; then the pool is as it was before the call
   */
  async restart(file?: ArrayBuffer | ArrayBufferView): Promise<Restarted> {
    this.#check();
    const bytes = file === undefined ? undefined : bytesOf('restart', file);
    return this.#write(() => {
      this.#check();
      return restart(this.#state, bytes);
    });
  }

  /** Ends the workers; pending and later calls are rejected with DISPOSED. May be called repeatedly. */
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

  /** The pieces of the file; takes its turns itself. */
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

  /** Runs a turn, and keeps the pool from being collected before it ends, which would end the workers. */
  #kept<T>(turn: Promise<T>): Promise<T> {
    const stay = () => this.#stay();
    turn.then(stay, stay);
    return turn;
  }

  /** Keeps the pool alive for whatever is going to call this method. */
  #stay(): void {
    void this.#state;
  }
}
