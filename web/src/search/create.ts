// Opening an index file to be searched: what the loaded library offers.

import type { Core } from '../core/core.js';
import { FileIds } from '../reader/ids.js';
import { bytesOf } from '../reader/input.js';
import { storedIds } from '../vectors/id-file.js';
import { checksum, NativeSearch } from '../vectors/native-search.js';
import { filling, openWith } from '../vectors/open-file.js';
import { SearchIndex } from './search-index.js';
import { WasmRows } from './wasm-rows.js';

/** Opens indexes that are searched and never changed. */
export interface Search {
  /**
   * Opens an index that VectorIndex.save() wrote, of any version: the same ids and scores.
   *
   * @throws FewbitsError CORRUPT_DATA when the file is damaged in any way, UNSUPPORTED when it is of another
   * version, OUT_OF_MEMORY
   */
  openIndex(file: ArrayBuffer | ArrayBufferView): SearchIndex;
}

export function createSearch(core: Core): Search {
  return {
    openIndex(given) {
      const { file, contents, index, arrays } = openWith(
        bytesOf(given),
        (part) => checksum(core, 0, part),
        (settings) => new NativeSearch(core, settings),
      );
      return filling(index, () => {
        const { rows, nextId } = contents;
        index.importRows(arrays, rows);
        const ids = new FileIds(rows, storedIds(file, rows), nextId);
        return new SearchIndex({ native: new WasmRows(index, contents), ids });
      });
    },
  };
}
