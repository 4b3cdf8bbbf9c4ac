// An index that is read and searched, and never changed: these calls of a VectorIndex.

import { FewbitsError } from '../core/errors.js';
import { Opaque } from '../core/opaque.js';
import type { SearchOptions } from '../vectors/arguments.js';
import { MAX_CANDIDATES } from '../vectors/candidates.js';
import type { Contents } from '../vectors/file-contents.js';
import type { Metric } from '../vectors/functions.js';
import type { Id } from '../vectors/id.js';
import type { VectorsInput } from '../vectors/input.js';
import {
  asResult,
  type Candidates,
  forJson,
  type IndexStats,
  type SearchResult,
  scoresOf,
} from '../vectors/results.js';
import type { FileIds } from './ids.js';
import { queriesOf } from './input.js';
import { allowedRows, checkCount, checkId, countsOf } from './plan.js';

/** A row, its score (the larger, the nearer), and the estimate by which the scan chose it. */
export interface Found {
  readonly row: number;
  score: number;
  estimate: number;
}

/** The rows of a file, in JavaScript memory or in that of WebAssembly. */
export interface SearchedRows {
  readonly contents: Contents;
  /** Bytes per row of each array in the file. */
  readonly sizes: Readonly<Record<string, number>>;
  /**
   * The k best of `count` candidates for each query, best first. Bits come as numbers, those above zero are 1.
   * Throws for queries that are not accepted, which `name` names.
   */
  find(
    queries: Float32Array,
    name: string,
    k: number,
    count: number,
    allowed: Uint32Array | null,
  ): Found[][];
  /** Releases memory that is not JavaScript's. */
  dispose?(): void;
}

/** The rows and ids of a file. */
export interface RowsAndIds<Rows extends SearchedRows> {
  readonly native: Rows;
  readonly ids: FileIds;
}

/** The vectors of an index file, searched without decompressing. */
export abstract class OpenedIndex<Rows extends SearchedRows> extends Opaque implements Disposable {
  /** Values per vector. */
  readonly dims: number;
  /** Bits per value in the codes that the scan uses. */
  readonly bits: number;
  /** The measure behind the scores. */
  readonly metric: Metric;
  #rows: RowsAndIds<Rows> | null;

  /** @internal */
  constructor(tag: string, rows: RowsAndIds<Rows>) {
    super(tag, 'open its file there');
    ({ dims: this.dims, bits: this.bits, metric: this.metric } = rows.native.contents.settings);
    this.#rows = rows;
  }

  /** The number of vectors. */
  get size(): number {
    return this.opened.ids.length;
  }

  /** Bytes of the rows in the file, and about as many in memory. */
  get byteLength(): number {
    return this.stats().byteLength;
  }

  /** The ids in the order of insertion. */
  *ids(): Generator<Id, void, void> {
    for (let row = 0; row < this.size; row++) yield this.opened.ids.at(row);
  }

  /** Whether there is a vector with this id. */
  has(id: Id): boolean {
    return this.opened.ids.row(checkId(id)) !== undefined;
  }

  /**
   * The nearest vectors to a query, as estimated from their codes: the same results as VectorIndex.search().
   *
   * @param query dims values
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity; INVALID_ARGUMENT, DISPOSED
   */
  search(query: VectorsInput, searchOptions?: SearchOptions): SearchResult {
    return this.#search('query', query, false, searchOptions)[0];
  }

  /**
   * Searches for n queries of dims values at once: the same results as search(), in the order of the queries.
   *
   * @throws FewbitsError as search() does
   */
  searchBatch(queries: VectorsInput, searchOptions?: SearchOptions): SearchResult[] {
    return this.#search('queries', queries, true, searchOptions);
  }

  /**
   * All candidates of a search, best first, with the estimates that chose them, for mergeResults(): see
   * VectorIndex.candidates().
   *
   * @param query dims values
   * @param count the number of candidates, 1 to 2^21: candidateCount() of the search
   * @throws FewbitsError as search()
   */
  candidates(query: VectorsInput, count: number, filter?: SearchOptions['filter']): Candidates {
    checkCount('count', count, 2 * MAX_CANDIDATES);
    const [found] = this.#find('query', query, false, count, count, filter);
    return { ids: found.ids, scores: forJson(found.scores), estimates: forJson(found.estimates) };
  }

  /** The number of candidates that a search with these options ranks by score, if there are enough vectors. */
  candidateCount(searchOptions?: SearchOptions): number {
    return this.#counts(searchOptions).count;
  }

  /** Settings, sizes and state of the index. */
  stats(): IndexStats {
    const { sizes, contents } = this.opened.native;
    const { settings, mean, learned, fit } = contents;
    const bytesPerVector = Object.values(sizes).reduce((sum, bytes) => sum + bytes, 0);
    return {
      ...settings,
      size: this.size,
      removed: 0,
      bytesPerVector,
      byteLength: bytesPerVector * this.size,
      centred: mean !== null,
      calibrated: learned !== null,
      fit: fit.expected > 0 ? fit : null,
      segments: (learned?.segments ?? [settings]).map(({ dims, bits }) => ({ dims, bits })),
    };
  }

  /** Releases the memory; every other call then throws DISPOSED. Optional, and may be called repeatedly. */
  dispose(): void {
    this.#rows?.native.dispose?.();
    this.#rows = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #search(name: string, given: VectorsInput, many: boolean, o?: SearchOptions): SearchResult[] {
    const { k, count, filter } = this.#counts(o);
    const found = this.#find(name, given, many, k, Math.max(k, count), filter);
    return found.map(({ ids, scores }) => asResult(ids, scores, this.metric));
  }

  /** The k best of so many candidates, for each query. */
  #find(
    name: string,
    given: VectorsInput,
    many: boolean,
    k: number,
    count: number,
    filter: SearchOptions['filter'],
  ): Candidates[] {
    const { metric } = this;
    const { native, ids } = this.opened;
    const allowed = allowedRows(filter, ids);
    const x = queriesOf(name, given, this, many);
    return native.find(x, name, k, count, allowed).map((found) => {
      const each = (name: 'score' | 'estimate') => Float32Array.from(found, (one) => one[name]);
      return {
        ids: found.map(({ row }) => ids.at(row)),
        scores: scoresOf(each('score'), metric),
        estimates: each('estimate'),
      };
    });
  }

  #counts(o?: SearchOptions) {
    return countsOf(o, this.size, this.opened.native.contents.settings);
  }

  /** @internal Throws when disposed of. */
  get opened(): RowsAndIds<Rows> {
    if (this.#rows === null) throw new FewbitsError('DISPOSED', 'the index has been disposed of');
    return this.#rows;
  }
}
