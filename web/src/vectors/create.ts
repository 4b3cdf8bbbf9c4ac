// Creation and opening of vector indexes, as the loaded library offers them.

import { options } from '../core/arguments.js';
import type { Core } from '../core/core.js';
import { bytesOf, checkSettings, INDEX_OPTIONS, type IndexOptions } from './arguments.js';
import { readIndex } from './file.js';
import { Ids } from './ids.js';
import { Rows } from './rows.js';
import { createEmpty } from './transform.js';
import { VectorIndex } from './vector-index.js';

/** Creates and opens vector indexes. */
export interface Vectors {
  /**
   * Creates an empty index.
   *
   * Method: vectors are rotated at random, and each coordinate is coded with the Lloyd-Max codebook of the
   * normal distribution; one factor per vector makes the scores unbiased (Gao and Long, RaBitQ, 2024; Zandieh
   * et al., TurboQuant, 2025). Bytes per vector: dims * bits / 8 plus 4 to 12.
   *
   * @throws FewbitsError INVALID_ARGUMENT, OUT_OF_MEMORY
   */
  createIndex(indexOptions: IndexOptions): VectorIndex;
  /**
   * Opens an index that save() wrote.
   *
   * @throws FewbitsError CORRUPT_DATA when the file is damaged in any way, UNSUPPORTED when it is of another
   *   version, OUT_OF_MEMORY
   */
  openIndex(file: ArrayBuffer | ArrayBufferView): VectorIndex;
}

export function createVectors(core: Core): Vectors {
  return {
    createIndex(given) {
      const o = options<IndexOptions>('options', given, INDEX_OPTIONS);
      const { settings, mean } = checkSettings(o);
      const native = createEmpty(core, settings, { mean, learned: null });
      return new VectorIndex(new Rows(native, new Ids()));
    },
    openIndex(file) {
      const { index, ids } = readIndex(core, bytesOf('openIndex', file));
      return new VectorIndex(new Rows(index, ids));
    },
  };
}
