// An index for reading and searching only: these calls of a VectorIndex, without WebAssembly.

import { FewbitsError, invalid } from '../core/errors.js';
import { Opaque } from '../core/opaque.js';
import type { SearchOptions } from '../vectors/arguments.js';
import type { Metric } from '../vectors/functions.js';
import { type Id, isId } from '../vectors/id.js';
import type { VectorsInput } from '../vectors/input.js';
import { asResult, type IndexStats, type SearchResult, scoresOf } from '../vectors/results.js';
import type { FileIds } from './ids.js';
import { queriesOf } from './input.js';
import type { PlainIndex } from './plain-index.js';
import { planOf } from './plan.js';

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
    super('IndexReader', 'openIndex() the bytes of its file there');
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
    if (!isId(id)) throw invalid('an id is a string, a safe integer or a bigint');
    return this.#open.ids.row(id) !== undefined;
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
    const { dims, metric } = this;
    const { native, ids } = this.#open;
    const { k, candidates, allowed } = planOf(o, ids, native.contents.settings);
    const x = queriesOf(name, given, this, many);
    native.check(x, name);
    return Array.from({ length: x.length / dims }, (_, q) => {
      const query = x.subarray(q * dims, (q + 1) * dims);
      const found = native.search(query, candidates, allowed).slice(0, k);
      const scores = scoresOf(
        Float32Array.from(found, ({ score }) => score),
        metric,
      );
      return asResult(
        found.map(({ row }) => ids.at(row)),
        scores,
        metric,
      );
    });
  }

  get #open(): ReaderRows {
    if (this.#rows === null) throw new FewbitsError('DISPOSED', 'the index has been disposed of');
    return this.#rows;
  }
}
