// Which rows a search may find: the filters that callers give, as a bit for each row.

import { describe, invalid } from '../core/arguments.js';
import type { SearchOptions } from './arguments.js';
import type { Ids } from './ids.js';

/** A bit for each row that the filter lets through. */
export function allowedRows(filter: NonNullable<SearchOptions['filter']>, ids: Ids): Uint32Array {
  const bits = new Uint32Array(Math.ceil(ids.length / 32));
  const allow = (row: number) => {
    bits[row >>> 5] |= 1 << (row & 31);
  };
  if (typeof filter === 'function') {
    for (let row = 0; row < ids.length; row++) {
      if (!ids.isRemoved(row) && filter(ids.at(row))) allow(row);
    }
  } else if (filter instanceof Uint8Array) {
    for (let row = 0; row < ids.length; row++) {
      const id = ids.at(row);
      if (typeof id === 'number' && id >= 0 && (filter[Math.floor(id / 8)] >> (id % 8)) & 1) {
        allow(row);
      }
    }
  } else if (typeof filter === 'object' && filter !== null && Symbol.iterator in filter) {
    for (const id of filter) {
      const row = ids.row(id);
      if (row !== undefined) allow(row);
    }
  } else {
    throw invalid(
      `filter must be ids, a function of an id or a Uint8Array bitmap, got ${describe(filter)}`,
    );
  }
  return bits;
}
