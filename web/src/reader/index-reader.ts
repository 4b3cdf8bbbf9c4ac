// An index for reading and searching only: these calls of a VectorIndex, without WebAssembly.

import { FewbitsError, invalid } from '../core/errors.js';
import { Opaque } from '../core/opaque.js';
import type { SearchOptions } from '../vectors/arguments.js';
import { MAX_CANDIDATES } from '../vectors/candidates.js';
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
import type { PlainIndex } from './plain-index.js';
import { allowedRows, checkCount, checkId, countsOf } from './plan.js';

/** The rows and ids of a file. */
export interface ReaderRows {
  readonly native: PlainIndex;
  readonly ids: FileIds;
}

/**
 * The vectors of an index file in JavaScript memory, searched without decompressing and without WebAssembly.
 */
export class IndexReader extends Opaque implements Disposable {
  /** Values per vector. */
  readonly dims: number;
  /** Bits per value in the codes that the scan uses. */
  readonly bits: number;
  /** The measure behind the scores. */
  readonly metric: Metric;
  #rows: ReaderRows | null;

  /** @internal */
  constructor(rows: ReaderRows) {
    super('IndexReader', 'openIndex() its file there');
    ({ dims: this.dims, bits: this.bits, metric: this.metric } = rows.native.contents.settings);
    this.#rows = rows;
  }

  /** The number of vectors. */
  get size(): number {
    return this.#open.ids.length;
  }

  /** Bytes of the rows in the file, and about as many in memory. */
  get byteLength(): number {
    return this.stats().byteLength;
  }

  /** The ids in the order of insertion. */
  *ids(): Generator<Id, void, void> {
    for (let row = 0; row < this.size; row++) yield this.#open.ids.at(row);
  }

  /** Whether there is a vector with this id. */
  has(id: Id): boolean {
    return this.#row(id) !== undefined;
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

  /**
   * The decoded vector of an id; for 'cosine' (without a mean) of norm 1, for 'hamming' 1 where a bit is set and
   * -1 elsewhere.
   *
   * @throws FewbitsError INVALID_ARGUMENT when there is no vector of that id
   */
  reconstruct(id: Id): Float32Array {
    const row = this.#row(id);
    if (row === undefined) throw invalid('no vector has this id');
    return this.#open.native.reconstruct(row);
  }

  /** Settings, sizes and state of the index. */
  stats(): IndexStats {
    const { sizes, contents } = this.#open.native;
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

  /** The k best of the given number of candidates, for each query. */
  #find(
    name: string,
    given: VectorsInput,
    many: boolean,
    k: number,
    count: number,
    filter: SearchOptions['filter'],
  ): Candidates[] {
    const { dims, metric } = this;
    const { native, ids } = this.#open;
    const allowed = allowedRows(filter, ids);
    const x = queriesOf(name, given, this, many);
    native.check(x, name);
    return Array.from({ length: x.length / dims }, (_, q) => {
      const query = x.subarray(q * dims, (q + 1) * dims);
      const found = native.search(query, count, allowed).slice(0, k);
      const each = (name: 'score' | 'estimate') => Float32Array.from(found, (one) => one[name]);
      return {
        ids: found.map(({ row }) => ids.at(row)),
        scores: scoresOf(each('score'), metric),
        estimates: each('estimate'),
      };
    });
  }

  #counts(o?: SearchOptions) {
    return countsOf(o, this.size, this.#open.native.contents.settings);
  }

  #row(id: Id): number | undefined {
    return this.#open.ids.row(checkId(id));
  }

  get #open(): ReaderRows {
    if (this.#rows === null) throw new FewbitsError('DISPOSED', 'the index has been disposed of');
    return this.#rows;
  }
}
