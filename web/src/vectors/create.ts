// Making and opening vector indexes: what the loaded library offers.

import { options } from '../core/arguments.js';
import type { Core } from '../core/core.js';
import { bytesOf, checkSettings, INDEX_OPTIONS, type IndexOptions } from './arguments.js';
import { readIndex } from './file.js';
import { Ids } from './ids.js';
import { Rows } from './rows.js';
import { createEmpty } from './transform.js';
import { VectorIndex } from './vector-index.js';

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
