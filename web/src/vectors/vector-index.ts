/// <reference lib="esnext.disposable" preserve="true" />

// The public index: checks arguments, and keeps rows and ids together. Long because the contract of every
// call is written here.

import { integer, invalid, options } from '../core/arguments.js';
import { Opaque } from '../core/opaque.js';
import {
  type CalibrateOptions,
  checkCalibration,
  checkCandidates,
  checkSample,
  SEARCH_OPTIONS,
  type SearchOptions,
} from './arguments.js';
import { MAX_COUNT } from './candidates.js';
import { joined, writeIndex } from './file.js';
import type { Metric, Values } from './functions.js';
import { checkId, type Id } from './id.js';
import { checkRemoved, checkRow, checkRows, idList, oneEach } from './id-list.js';
import type { Expected, VectorsInput } from './input.js';
import { type Candidates, type IndexStats, type SearchResult, statsOf } from './results.js';
import type { Rows, Upserted } from './rows.js';
import { candidates, planSearch, search } from './search.js';
import { checkFloats, checkValue, checkValues } from './values.js';

/**
 * Vectors in a few bits per dimension, in WebAssembly memory, searched without decompressing. Call dispose(),
 * or declare it with `using`.
 */
export class VectorIndex extends Opaque implements Disposable {
  readonly #rows: Rows;
  /** Counts changes that would invalidate a file while it is being saved. */
  #changes = 0;

  /** @internal */
  constructor(rows: Rows) {
    super('VectorIndex', 'save() it, and openIndex() the bytes there');
    this.#rows = rows;
  }

  /** Values per vector. */
  get dims(): number {
    return this.#native.settings.dims;
  }

  /** Bits per value in the codes that the scan uses. */
  get bits(): number {
    return this.#native.settings.bits;
  }

  /** The measure behind the scores. */
  get metric(): Metric {
    return this.#native.settings.metric;
  }

  /** The number of vectors. */
  get size(): number {
    this.#check();
    return this.#rows.size;
  }

  /** Bytes of WebAssembly memory that the index holds. */
  get byteLength(): number {
    return this.#native.byteLength;
  }

  /**
   * The ids in the order of insertion. Vectors may be added and removed during the iteration, as with a Map.
   */
  ids(): Generator<Id, void, void> {
    this.#check();
    return this.#rows.names();
  }

  /** Whether there is a vector with this id. */
  has(id: Id): boolean {
    this.#check();
    return this.#ids.row(checkId('id', id)) !== undefined;
  }

  /**
   * Appends vectors: all of them or, when it throws, none.
   *
   * @param vectors n vectors of dims values
   * @param ids one per vector, new to the index: strings, safe integers or bigints; by default numbers,
   *   counting up from 0 or after the largest so far, up to 2^53 - 1
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity; INVALID_ARGUMENT, also for a norm
   *   above 1e18 with 'dot' and 'l2'; OUT_OF_MEMORY, DISPOSED
   */
  add(vectors: VectorsInput, ids?: ArrayLike<Id> | Id): void {
    const list = ids === undefined ? undefined : idList(ids);
    const x = this.#vectors('vectors', vectors, list && oneEach(list));
    this.#changes++;
    this.#rows.add(x, list);
  }

  /**
   * Replaces the vectors with the given ids: all of them or, when it throws, none.
   *
   * @param vectors n vectors of dims values
   * @param ids n ids of the index, or one id; where one appears twice, the last vector stays
   * @throws FewbitsError as add() does; INVALID_ARGUMENT for an id that does not exist
   */
  replace(vectors: VectorsInput, ids: ArrayLike<Id> | Id): void {
    const list = idList(ids);
    const x = this.#vectors('vectors', vectors, oneEach(list));
    const rows = checkRows(list, list.length, this.#ids);
    this.#changes++;
    this.#rows.replace(x, rows);
  }

  /**
   * Replaces the vectors whose ids are in the index and appends the others: all or, when it throws, none.
   *
   * @param vectors n vectors of dims values
   * @param ids n distinct ids, or one id
   * @returns how many were added and how many replaced
   * @throws FewbitsError as add() does; INVALID_ARGUMENT for an id that appears twice
   */
  upsert(vectors: VectorsInput, ids: ArrayLike<Id> | Id): Upserted {
    const list = idList(ids);
    const x = this.#vectors('vectors', vectors, oneEach(list));
    this.#changes++;
    return this.#rows.upsert(x, list);
  }

  /** Removes a vector; false when no vector has this id. Memory is freed by later removals. */
  remove(id: Id): boolean {
    return this.removeMany([id]) > 0;
  }

  /**
   * Removes the vectors with these ids: all or, when it throws, none.
   *
   * @param ids any number; those that are not in the index are ignored
   * @returns how many were removed. Their memory is freed step by step by later removals, or by compact()
   * @throws FewbitsError INVALID_ARGUMENT for values that cannot be ids; DISPOSED
   */
  removeMany(ids: Iterable<Id> | ArrayLike<Id>): number {
    this.#check();
    const rows = checkRemoved(ids, this.#ids);
    this.#changes++;
    return this.#rows.removeMany(rows);
  }

  /** Frees the memory of removed vectors now. */
  compact(): void {
    this.#rows.compact();
  }

  /**
   * Creates an empty index with the same settings and learned state: the same vectors get the same codes in
   * both, so that mergeResults() can combine their results.
   *
   * @throws FewbitsError OUT_OF_MEMORY, DISPOSED
   */
  emptyLike(): VectorIndex {
    return new VectorIndex(this.#rows.emptyLike());
  }

  /**
   * The nearest vectors to a query, as estimated from their codes.
   *
   * @param query dims values
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity; INVALID_ARGUMENT, DISPOSED
   */
  search(query: VectorsInput, searchOptions?: SearchOptions): SearchResult {
    this.#check();
    const plan = planSearch(this.#rows, searchOptions);
    const [result] = search(this.#rows, checkValue('query', query, this.#native.settings), plan);
    return result;
  }

  /**
   * Searches for n queries of dims values at once: the same results as search(), in the order of the queries.
   *
   * @throws FewbitsError as search() does
   */
  searchBatch(queries: VectorsInput, searchOptions?: SearchOptions): SearchResult[] {
    this.#check();
    const plan = planSearch(this.#rows, searchOptions);
    return search(this.#rows, checkValues('queries', queries, this.#native.settings), plan);
  }

  /**
   * All candidates of a search, best first, with the estimates that selected them. mergeResults() combines
   * those of several indexes created by emptyLike() to the result of one index.
   *
   * @param query dims values
   * @param count the number of candidates, 1 to 2^21: candidateCount() of the search
   * @throws FewbitsError as search() does
   */
  candidates(query: VectorsInput, count: number, filter?: SearchOptions['filter']): Candidates {
    this.#check();
    integer('count', count, 1, MAX_COUNT);
    return candidates(this.#rows, checkValue('query', query, this.#native.settings), count, filter);
  }

  /**
   * The number of candidates that a search with these options ranks by score, if there are that many vectors.
   */
  candidateCount(searchOptions?: SearchOptions): number {
    const o = options<SearchOptions>('options', searchOptions, SEARCH_OPTIONS);
    return checkCandidates(o, this.size, this.#native.settings);
  }

  /**
   * Decodes a vector from its code: of norm 1 for 'cosine' (without a mean); for 'hamming' 1 where a bit is
   * set and -1 elsewhere.
   *
   * @throws FewbitsError INVALID_ARGUMENT when no vector has this id
   */
  reconstruct(id: Id): Float32Array {
    this.#check();
    return this.#native.reconstruct(checkRow('id', id, this.#ids));
  }

  /**
   * Learns from a sample while the index is empty: the mean and the principal axes of the vectors, and how to
   * distribute bits among the coordinates along them, without more bytes per vector. Searches then find more
   * of the true neighbours; adding takes longer, and the index holds a dims x dims matrix. Axes are used only
   * if they clearly improve the search for neighbours within the sample, which they do not for vectors that
   * vary equally in all directions; otherwise only the mean is learned, and `calibrated` of stats() stays
   * false.
   *
   * @param sample n vectors of dims values; a few thousand vectors, and at least as many as dims
   * @throws FewbitsError INVALID_ARGUMENT once vectors were added; NON_FINITE, OUT_OF_MEMORY, DISPOSED
   */
  calibrate(sample: VectorsInput, calibrateOptions?: CalibrateOptions): void {
    this.#check();
    const { settings } = this.#native;
    const method = checkCalibration(calibrateOptions, settings);
    const x = checkFloats('sample', sample, settings);
    checkSample(x, this.#ids.length);
    this.#changes++;
    this.#native.calibrate(x, method === 'axes');
  }

  /**
   * Calibrates an index that holds vectors: learns again, from up to 8192 of them, and codes all of them
   * again under their ids. When it throws, the index is unchanged. Old and new codes are both in memory
   * during the call.
   *
   * @param vectors one for each vector of the index, in the order of ids(). Without them it learns from the
   *   decoded vectors and codes those again, which adds a small error to every vector; below 4 bits the error
   *   would be too large, and the call is refused
   * @throws FewbitsError INVALID_ARGUMENT for an empty index, another number of vectors, or codes of 1 and 2
   *   bits without `refine` and without vectors; NON_FINITE, OUT_OF_MEMORY, DISPOSED
   */
  recalibrate(vectors?: VectorsInput | undefined, calibrateOptions?: CalibrateOptions): void {
    this.#check();
    const { settings } = this.#native;
    const method = checkCalibration(calibrateOptions, settings);
    const { size } = this;
    if (size === 0) throw invalid('the index is empty: calibrate(sample) is for that');
    const x = vectors === undefined ? undefined : checkFloats('vectors', vectors, settings);
    if (x !== undefined && x.length !== size * this.dims) {
      throw invalid(
        `recalibrate() takes the ${size} vectors of the index, in the order of ids(), got ${x.length / this.dims}`,
      );
    }
    this.#rows.recalibrate(x, method === 'axes');
    this.#changes++;
  }

  /** Settings, sizes and state of the index. */
  stats(): IndexStats {
    this.#check();
    return statsOf(this.#native, this.#rows);
  }

  /**
   * The index as a safetensors file, which can be decoded without this library; see site/docs/index-file.md.
   */
  save(): Uint8Array<ArrayBuffer> {
    return joined([...this.savePieces()]);
  }

  /**
   * Saves in pieces, so that a large file need not be in memory twice. The index must not be changed before
   * the last piece.
   *
   * @throws FewbitsError INVALID_ARGUMENT when it was changed, instead of the next piece
   */
  *savePieces(): Generator<Uint8Array, void, void> {
    this.compact();
    const changes = this.#changes;
    for (const piece of writeIndex(this.#native, this.#ids)) {
      yield piece;
      if (this.#changes !== changes) {
        throw invalid('the index was changed while it was being saved');
      }
    }
  }

  /** Frees the memory; every other call then throws DISPOSED. May be called repeatedly. */
  dispose(): void {
    this.#rows.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  get #native() {
    return this.#rows.native;
  }
  get #ids() {
    return this.#rows.ids;
  }

  /** Throws if the index was disposed of. */
  #check(): void {
    this.#native.address;
  }

  #vectors(name: string, given: VectorsInput, expected?: Expected): Values {
    this.#check();
    return checkValues(name, given, this.#native.settings, expected);
  }
}
