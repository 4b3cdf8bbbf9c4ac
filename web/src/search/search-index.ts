// The index that `fewbits/search` opens.

import { OpenedIndex, type RowsAndIds } from '../reader/opened-index.js';
import type { WasmRows } from './wasm-rows.js';

/**
 * The vectors of an index file in WebAssembly memory, searched without decompressing. Dispose of it, or declare
 * it with `using`.
 */
export class SearchIndex extends OpenedIndex<WasmRows> {
  /** @internal */
  constructor(rows: RowsAndIds<WasmRows>) {
    super('SearchIndex', rows);
  }
}
