// An index that is read without WebAssembly.

import { invalid } from '../core/errors.js';
import type { Id } from '../vectors/id.js';
import { OpenedIndex, type RowsAndIds } from './opened-index.js';
import type { PlainIndex } from './plain-index.js';
import { checkId } from './plan.js';

/**
 * The vectors of an index file in JavaScript memory, searched without decompressing and without WebAssembly.
 */
export class IndexReader extends OpenedIndex<PlainIndex> {
  /** @internal */
  constructor(rows: RowsAndIds<PlainIndex>) {
    super('IndexReader', rows);
  }

  /**
   * The vector that a code stands for; for 'cosine' (without a mean) of norm 1, for 'hamming' 1 where a bit is
   * set and -1 elsewhere.
   *
   * @throws FewbitsError INVALID_ARGUMENT when there is no vector of that id
   */
  reconstruct(id: Id): Float32Array {
    const { native, ids } = this.opened;
    const row = ids.row(checkId(id));
    if (row === undefined) throw invalid('no vector has this id');
    return native.reconstruct(row);
  }
}
