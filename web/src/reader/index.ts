/// <reference lib="esnext.disposable" preserve="true" />

// The entry for reading index files without WebAssembly: plain JavaScript, synchronous.

import { IndexReader } from './index-reader.js';
import { openRows } from './open.js';

export { FewbitsError, type FewbitsErrorCode } from '../core/errors.js';
export type { SearchOptions } from '../vectors/arguments.js';
export type { Metric } from '../vectors/functions.js';
export type { Id } from '../vectors/id.js';
export type { PackedBits, TensorLike, VectorsInput } from '../vectors/input.js';
export type { Candidates, IndexStats, SearchResult } from '../vectors/results.js';
export type { IndexReader };

/**
 * Opens a file of VectorIndex.save(), of any version, for searching: the same ids and scores as with
 * WebAssembly, several times slower. It copies what it needs from the file.
 *
 * @throws FewbitsError CORRUPT_DATA when the file is damaged in any way, UNSUPPORTED when it is of another
 *   version, OUT_OF_MEMORY
 */
export function openIndex(file: ArrayBuffer | ArrayBufferView): IndexReader {
  return new IndexReader(openRows(file));
}
