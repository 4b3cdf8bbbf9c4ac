/// <reference lib="esnext.disposable" preserve="true" />

// The door of what reads index files without WebAssembly: plain JavaScript, synchronous.

import { IndexReader } from './index-reader.js';
import { openRows } from './open.js';

export { FewbitsError, type FewbitsErrorCode } from '../core/errors.js';
export type { SearchOptions } from '../vectors/arguments.js';
export type { Metric } from '../vectors/functions.js';
export type { Id } from '../vectors/id.js';
export type { PackedBits, TensorLike, VectorsInput } from '../vectors/input.js';
export type { IndexStats, SearchResult } from '../vectors/results.js';
export type { IndexReader };

/**
 * The index that VectorIndex.save() wrote, of any version, to be searched: the same ids and scores as
 * with WebAssembly, some times slower. It keeps a copy of what it needs of the file.
 *
 * @throws FewbitsError CORRUPT_DATA when the file is damaged in any way, UNSUPPORTED when it is of
 * another version, OUT_OF_MEMORY
 */
export function openIndex(file: ArrayBuffer | ArrayBufferView): IndexReader {
  return new IndexReader(openRows(file));
}
