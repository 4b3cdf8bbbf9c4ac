/// <reference lib="esnext.disposable" preserve="true" />

// The index that users hold: checks what they give, and keeps rows and ids together. Long because the
// contract of every call is written here.

import { integer, invalid, options } from '../core/arguments.js';
import { Opaque } from '../core/opaque.js';
import {
  type CalibrateOptions,
  checkCalibration,
  checkCandidates,
  checkSample,
  MAX_COUNT,
  SEARCH_OPTIONS,
  type SearchOptions,
} from './arguments.js';
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
 * Vectors in a few bits a dimension, in WebAssembly memory, searched without decompressing. Dispose
 * of it, or declare it with `using`.
 */
export class VectorIndex extends Opaque implements Disposable {
  readonly #rows: Rows;
  /** Counts what a file that is being saved meanwhile would not agree with. */
  #changes = 0;

  /** @internal */
  constructor(rows: Rows) {
    super('VectorIndex', 'save() it, and openIndex() the bytes there');
    this.#rows = rows;
  }

  /** Values in a vector. */
  get dims(): number {
    return this.#native.settings.dims;
  }

  /** Bits that a value takes in the codes that are searched. */
  get bits(): number {
    return this.#native.settings.bits;
  }

  /** What a score measures. */
  get metric(): Metric {
    return this.#native.settings.metric;
  }

  /** How many vectors there are. */
  get size(): number {
    this.#check();
    return this.#rows.size;
  }

  /** Bytes of WebAssembly memory that the index holds. */
  get byteLength(): number {
    return this.#native.byteLength;
  }

  /**
   * The ids in the order of insertion. Vectors may be added and removed meanwhile, as of a Map.
   */
  ids(): Generator<Id, void, void> {
    this.#check();
    return this.#rows.names();
  }

  /** Whether there is a vector of this id. */
  has(id: Id): boolean {
    this.#check();
    return this.#ids.row(checkId('id', id)) !== undefined;
  }

  /**
   * Appends vectors: all of them or, when it throws, none.
   *
   * @param vectors n vectors of dims values
   * @param ids one for each vector, new to the index: strings, safe integers, bigints; by default
   * numbers, counting up from 0 or from the largest so far, up to 2^53 - 1
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity; INVALID_ARGUMENT, also for
   * a norm above 1e18 with 'dot' and 'l2'; OUT_OF_MEMORY, DISPOSED
   */
  add(vectors: VectorsInput, ids?: ArrayLike<Id> | Id): void {
    const list = ids === undefined ? undefined : idList(ids);
    const x = this.#vectors('vectors', vectors, list && oneEach(list));
    this.#changes++;
    this.#rows.add(x, list);
  }

  /**
   * Puts other vectors in place of those with the given ids: all of them or, when it throws, none.
   *
   * @param vectors n vectors of dims values
   * @param ids n ids of the index, or one id; where one appears twice, the last vector stays
   * @throws FewbitsError as add(); INVALID_ARGUMENT for an id that is not there
   */
  replace(vectors: VectorsInput, ids: ArrayLike<Id> | Id): void {
    const list = idList(ids);
    const x = this.#vectors('vectors', vectors, oneEach(list));
    const rows = checkRows(list, list.length, this.#ids);
    this.#changes++;
    this.#rows.replace(x, rows);
  }

  /**
   * Replaces the vectors whose id is in the index and appends the others: all or, when it throws,
   * none.
   *
   * @param vectors n vectors of dims values
   * @param ids n different ids, or one id
   * @returns how many were added and how many replaced
   * @throws FewbitsError as add(); INVALID_ARGUMENT for an id that appears twice
   */
  upsert(vectors: VectorsInput, ids: ArrayLike<Id> | Id): Upserted {
    const list = idList(ids);
    const x = this.#vectors('vectors', vectors, oneEach(list));
    this.#changes++;
    return this.#rows.upsert(x, list);
  }

  /** Removes a vector; false when there is none of that id. Memory is freed some removals later. */
  remove(id: Id): boolean {
    return this.removeMany([id]) > 0;
  }

  /**
   * Removes the vectors of these ids: all or, when it throws, none.
   *
   * @param ids any number; those that are not in the index, or no longer, count for nothing
   * @returns how many were removed. Their room is freed bit by bit by later removals, or by compact()
   * @throws FewbitsError INVALID_ARGUMENT for what cannot be an id; DISPOSED
   */
  removeMany(ids: Iterable<Id> | ArrayLike<Id>): number {
    this.#check();
    const rows = checkRemoved(ids, this.#ids);
    this.#changes++;
    return this.#rows.removeMany(rows);
  }

  /** Frees the room of removed vectors now. */
  compact(): void {
    this.#rows.compact();
  }

  /**
   * An empty index with the same settings and all that this one has learned: the same vectors have
   * the same codes in both, so that mergeResults() can make one result of what they find.
   *
   * @throws FewbitsError OUT_OF_MEMORY, DISPOSED
   */
  emptyLike(): VectorIndex {
    return new VectorIndex(this.#rows.emptyLike());
  }

  /**
   * The nearest vectors to a query, as far as their codes tell.
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
   * search() for n queries of dims values at once: the same results, in the order of the queries.
   *
   * @throws FewbitsError as search()
   */
  searchBatch(queries: VectorsInput, searchOptions?: SearchOptions): SearchResult[] {
    this.#check();
    const plan = planSearch(this.#rows, searchOptions);
    return search(this.#rows, checkValues('queries', queries, this.#native.settings), plan);
  }

  /**
   * All candidates of a search, best first, with the estimates that chose them. Those of several
   * indexes that are like each other give mergeResults() what one index would find.
   *
   * @param query dims values
   * @param count how many, 1 to 2^21: candidateCount() of the search
   * @throws FewbitsError as search()
   */
  candidates(query: VectorsInput, count: number, filter?: SearchOptions['filter']): Candidates {
    this.#check();
    integer('count', count, 1, MAX_COUNT);
    return candidates(this.#rows, checkValue('query', query, this.#native.settings), count, filter);
  }

  /**
   * How many candidates a search with these options ranks by score, if there are as many vectors.
   */
  candidateCount(searchOptions?: SearchOptions): number {
    const o = options<SearchOptions>('options', searchOptions, SEARCH_OPTIONS);
    return checkCandidates(o, this.size, this.#native.settings);
  }

  /**
   * The vector that a code stands for; for 'cosine' (without a mean) of norm 1, for 'hamming' 1 where a
   * bit is set and -1 elsewhere.
   *
   * @throws FewbitsError INVALID_ARGUMENT when there is no vector of that id
   */
  reconstruct(id: Id): Float32Array {
    this.#check();
    return this.#native.reconstruct(checkRow('id', id, this.#ids));
  }

  /**
   * Learns from a sample, while the index is empty: the mean and the principal axes of the vectors,
   * and how many bits the coordinates along them deserve, at no more bytes a vector. Searches find
   * more of the true neighbours; adding takes longer, and the index holds a dims x dims matrix.
   * Axes are taken only where neighbours within the sample are clearly better found with them,
   * which is not so for vectors that vary alike in all directions; otherwise the mean is all that
   * is learned, and `calibrated` of stats() stays false.
   *
   * @param sample n vectors of dims values; some thousand vectors, at least as many as dims
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
   * calibrate() for an index that holds vectors: learns anew, from up to 8192 of them, and codes all
   * again under their ids. When it throws, the index is as it was. There is need of room for both
   * codes meanwhile.
   *
   * @param vectors one for each vector of the index, in the order of ids(). Without them it learns from
   * what the codes stand for and codes that again, by which every vector loses a little more; below
   * 4 bits it would be too much, and is refused
   * @throws FewbitsError INVALID_ARGUMENT for an empty index, another number of vectors, or codes of 1
   * and 2 bits without `refine` and without vectors; NON_FINITE, OUT_OF_MEMORY, DISPOSED
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

  /** The index as a safetensors file, decodable without this library; see site/docs/index-file.md. */
  save(): Uint8Array<ArrayBuffer> {
    return joined([...this.savePieces()]);
  }

  /**
   * save() in pieces, so that a large file need not be in memory twice. The index must not be
   * changed before the last piece.
   *
   * @throws FewbitsError INVALID_ARGUMENT when it was, instead of a further piece
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

  /** Frees the memory; every other call then throws DISPOSED. Twice is fine. */
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

  /** Throws when disposed of. */
  #check(): void {
    this.#native.address;
  }

  #vectors(name: string, given: VectorsInput, expected?: Expected): Values {
    this.#check();
    return checkValues(name, given, this.#native.settings, expected);
  }
}
