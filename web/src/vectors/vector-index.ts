/// <reference lib="esnext.disposable" preserve="true" />

import { type FloatArray, integer, invalid, options } from '../core/arguments.js';
import type { Core } from '../core/core.js';
import { FewbitsError } from '../core/errors.js';
import {
  allowedRows,
  bytesOf,
  checkCalibration,
  checkCandidates,
  checkK,
  checkQuery,
  checkRow,
  checkRows,
  checkSample,
  checkSettings,
  checkVectors,
  INDEX_OPTIONS,
  type IndexOptions,
  isSparse,
  MAX_CANDIDATES,
  MAX_QUERIES,
  SEARCH_OPTIONS,
  type SearchOptions,
} from './arguments.js';
import { readIndex, writeIndex } from './file.js';
import type { Metric, Settings } from './functions.js';
import { checkId, type Id, Ids } from './ids.js';
import { meanOf } from './mean.js';
import { type Hits, NativeIndex } from './native.js';

export type { IndexOptions, SearchOptions } from './arguments.js';
export type { Metric, Segment, Settings } from './functions.js';
export type { Id } from './ids.js';

/** Neighbours, best first; of equal ones the earlier added. */
export interface SearchResult {
  readonly ids: Id[];
  /** Cosine or inner product, falling; for 'l2' squared distance, rising. */
  readonly scores: Float32Array;
}

/** Candidates of a search with what they are chosen by: for merging parts of an index. */
export interface Candidates extends SearchResult {
  /** By the scan. */
  readonly estimates: Float32Array;
}

export interface IndexStats extends Settings {
  /** Vectors that can be found. */
  readonly size: number;
  /** Rows that remove() emptied and that still take room. */
  readonly removed: number;
  /** Bytes a vector by design: codes, factors and the finer code. */
  readonly bytesPerVector: number;
  /** Bytes of WebAssembly memory held. */
  readonly byteLength: number;
  /** Whether a mean is taken off, and whether calibrate() has learned a transform. */
  readonly centred: boolean;
  readonly calibrated: boolean;
  /** Pieces of the transformed vector with the bits of each. */
  readonly segments: readonly { readonly dims: number; readonly bits: number }[];
}

/**
 * Vectors in a few bits a dimension, in WebAssembly memory, searched without decompressing. Dispose
 * of it, or declare it with `using`.
 */
export class VectorIndex implements Disposable {
  readonly #native: NativeIndex;
  #ids: Ids;
  /** Counts what a file that is being saved meanwhile would not agree with. */
  #changes = 0;

  /** @internal */
  constructor(native: NativeIndex, ids: Ids) {
    this.#native = native;
    this.#ids = ids;
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
    return this.#ids.length - this.#ids.removed;
  }

  /** Bytes of WebAssembly memory that the index holds. */
  get byteLength(): number {
    return this.#native.byteLength;
  }

  /** The id in each row, in the order of insertion. */
  *ids(): Generator<Id, void, void> {
    for (let row = 0; row < this.#ids.length; row++) {
      if (!this.#ids.isRemoved(row)) yield this.#ids.at(row);
    }
  }

  /** Whether there is a vector of this id. */
  has(id: Id): boolean {
    return this.#ids.row(checkId('id', id)) !== undefined;
  }

  /**
   * Appends vectors: all of them or, when it throws, none.
   *
   * @param vectors n * dims values, one vector after the other
   * @param ids one for each vector, new to the index: strings, safe integers, bigints; by default
   * numbers, counting up from 0 or from the largest so far
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity; INVALID_ARGUMENT, also for
   * a norm above 1e18 with 'dot' and 'l2'; OUT_OF_MEMORY, DISPOSED
   */
  add(vectors: FloatArray, ids?: ArrayLike<Id>): void {
    const x = this.#vectors('vectors', vectors);
    const n = x.length / this.dims;
    const checked = ids === undefined ? null : this.#ids.check(ids, n);
    if (n === 0) return;
    this.#changes++;
    this.#native.add(x, this.#ids.length);
    this.#ids.append(n, checked);
  }

  /**
   * Puts other vectors in place of those with the given ids: all of them or, when it throws, none.
   *
   * @throws FewbitsError as add(); INVALID_ARGUMENT for an id that is not there
   */
  replace(vectors: FloatArray, ids: ArrayLike<Id>): void {
    const x = this.#vectors('vectors', vectors);
    const n = x.length / this.dims;
    const rows = checkRows(ids, n, this.#ids);
    this.#changes++;
    if (n > 0) this.#native.replace(x, rows);
  }

  /** Removes a vector; false when there is none of that id. Memory is freed some removals later. */
  remove(id: Id): boolean {
    const row = this.#ids.row(checkId('id', id));
    if (row === undefined) return false;
    this.#changes++;
    this.#native.remove(row);
    this.#ids.remove(row);
    if (isSparse(this.#ids)) this.compact();
    return true;
  }

  /** Frees the room of removed vectors now. */
  compact(): void {
    this.#native.compact();
    this.#ids.compact();
  }

  /**
   * The nearest vectors to a query, as far as their codes tell.
   *
   * @param query dims values
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity; INVALID_ARGUMENT, DISPOSED
   */
  search(query: FloatArray, searchOptions?: SearchOptions): SearchResult {
    const { k, candidates, allowed } = this.#plan(searchOptions);
    const x = this.#query(query);
    return this.#result(this.#native.search(x, k, candidates, allowed), 0, k);
  }

  /**
   * search() for n queries of dims values at once: the same results, in the order of the queries.
   *
   * @throws FewbitsError as search()
   */
  searchBatch(queries: FloatArray, searchOptions?: SearchOptions): SearchResult[] {
    const { k, candidates, allowed } = this.#plan(searchOptions);
    const x = this.#vectors('queries', queries);
    const results: SearchResult[] = [];
    const step = MAX_QUERIES * this.dims;
    for (let start = 0; start < x.length; start += step) {
      const part = x.subarray(start, start + step);
      const hits = this.#native.search(part, k, candidates, allowed);
      for (let q = 0; q < part.length / this.dims; q++) results.push(this.#result(hits, q, k));
    }
    return results;
  }

  /**
   * All candidates of a search with the estimates that chose them. The result of a search over
   * several indexes is that over one when of all their candidates the best by estimate are kept, as
   * many as one index would have, and ranked by score.
   */
  candidates(query: FloatArray, count: number, filter?: SearchOptions['filter']): Candidates {
    integer('count', count, 1, MAX_CANDIDATES);
    const allowed = filter === undefined ? null : allowedRows(filter, this.#ids);
    const n = Math.max(1, Math.min(count, this.size));
    const hits = this.#native.search(this.#query(query), n, n, allowed);
    return { ...this.#result(hits, 0, n), estimates: hits.estimates.slice(0, hits.found[0]) };
  }

  /** How many candidates a search with these options has. */
  candidateCount(searchOptions?: Pick<SearchOptions, 'k' | 'rescore'>): number {
    return checkCandidates(searchOptions ?? {}, this.#native.settings.refine);
  }

  /**
   * The vector that a code stands for; for 'cosine' (without a mean) of norm 1.
   *
   * @throws FewbitsError INVALID_ARGUMENT when there is no vector of that id
   */
  reconstruct(id: Id): Float32Array {
    return this.#native.reconstruct(this.#row('id', id));
  }

  /**
   * Learns from a sample, while the index is empty: the mean and the principal axes of the vectors,
   * and how many bits the coordinates along them deserve, at no more bytes a vector. Searches find
   * more of the true neighbours; adding takes longer, and the index holds a dims x dims matrix.
   * Axes are taken only where neighbours within the sample are clearly better found with them,
   * which is not so for vectors that vary alike in all directions; otherwise the mean is all that
   * is learned, and `calibrated` of stats() stays false. Without calibrate() the codes depend on no data at all.
   *
   * @param sample n * dims values; some thousand vectors, at least as many as dims
   * @param calibrateOptions `method`: 'axes' is the above and the default; 'mean' learns the mean
   * alone, which costs nothing later
   * @throws FewbitsError INVALID_ARGUMENT once vectors were added; NON_FINITE, OUT_OF_MEMORY, DISPOSED
   */
  calibrate(sample: FloatArray, calibrateOptions?: { method?: 'axes' | 'mean' }): void {
    const method = checkCalibration(calibrateOptions);
    const x = this.#vectors('sample', sample);
    checkSample(x, this.#ids.length);
    this.#changes++;
    if (method === 'mean') this.#native.setMean(meanOf(x, this.dims, this.metric));
    else this.#native.calibrate(x);
  }

  /** Settings, sizes and state of the index. */
  stats(): IndexStats {
    const native = this.#native;
    const sizes = native.rowSizes;
    return {
      ...native.settings,
      size: this.size,
      removed: this.#ids.removed,
      bytesPerVector: Object.values(sizes).reduce((sum, bytes) => sum + bytes, 0),
      byteLength: native.byteLength,
      centred: native.mean !== null,
      calibrated: native.matrix !== null,
      segments: native.segments.map(({ dims, bits }) => ({ dims, bits })),
    };
  }

  /** The index as a safetensors file, decodable without this library; see the README. */
  save(): Uint8Array<ArrayBuffer> {
    const pieces = [...this.savePieces()];
    try {
      const file = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
      let offset = 0;
      for (const piece of pieces) {
        file.set(piece, offset);
        offset += piece.length;
      }
      return file;
    } catch (cause) {
      throw new FewbitsError('OUT_OF_MEMORY', 'no room for the file of the index', { cause });
    }
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
    this.#native.dispose();
    this.#ids = new Ids();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #vectors(name: string, given: FloatArray): Float32Array {
    this.#native.address; // throws when disposed of
    return checkVectors(name, given, this.dims);
  }

  #query(given: FloatArray): Float32Array {
    this.#native.address; // throws when disposed of
    return checkQuery(given, this.dims);
  }

  #row(name: string, id: unknown): number {
    this.#native.address; // throws when disposed of
    return checkRow(name, id, this.#ids);
  }

  #plan(given: SearchOptions | undefined) {
    const o = options<SearchOptions>('options', given, SEARCH_OPTIONS);
    const wanted = checkK(o);
    const k = Math.max(1, Math.min(wanted, this.size));
    const candidates = Math.max(k, Math.min(this.candidateCount(o), this.size));
    return {
      k,
      candidates,
      allowed: o.filter === undefined ? null : allowedRows(o.filter, this.#ids),
    };
  }

  #result(hits: Hits, q: number, k: number): SearchResult {
    const n = hits.found[q];
    const ids: Id[] = new Array(n);
    for (let i = 0; i < n; i++) ids[i] = this.#ids.at(hits.rows[q * k + i]);
    const scores = hits.scores.slice(q * k, q * k + n);
    if (this.metric === 'l2') for (let i = 0; i < n; i++) scores[i] = Math.max(0, -scores[i]);
    return { ids, scores };
  }
}

/** Makes and opens vector indexes. */
export interface Vectors {
  /**
   * An empty index.
   *
   * Method: vectors are rotated at random and each coordinate is coded against the Lloyd-Max
   * codebook of the normal distribution; one factor a vector makes the scores unbiased (Gao and
   * Long, RaBitQ, 2024; Zandieh et al., TurboQuant, 2025). Bytes a vector: dims * bits / 8 and 4 to
   * 12 more.
   *
   * @throws FewbitsError INVALID_ARGUMENT, OUT_OF_MEMORY
   */
  createIndex(indexOptions: IndexOptions): VectorIndex;
  /**
   * The index that save() wrote.
   *
   * @throws FewbitsError CORRUPT_DATA when the file is damaged in any way, UNSUPPORTED when it is of
   * another version, OUT_OF_MEMORY
   */
  openIndex(file: ArrayBuffer | ArrayBufferView): VectorIndex;
}

export function createVectors(core: Core): Vectors {
  return {
    createIndex(given) {
      const { settings, mean } = checkSettings(
        options<IndexOptions>('options', given, INDEX_OPTIONS),
      );
      const native = new NativeIndex(core, settings);
      try {
        if (mean !== null) native.setMean(mean);
      } catch (error) {
        native.dispose();
        throw error;
      }
      return new VectorIndex(native, new Ids());
    },
    openIndex(file) {
      const { index, ids } = readIndex(core, bytesOf('openIndex', file));
      return new VectorIndex(index, ids);
    },
  };
}
