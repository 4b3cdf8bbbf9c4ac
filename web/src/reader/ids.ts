// The ids of a file that is never changed: ids by row, and rows by id.

import { invalid } from '../core/errors.js';
import type { Id } from '../vectors/id.js';

/** Rows per map, as a Map is limited to 2^24 entries. */
const MAP_ROWS = 1 << 23;

export class FileIds {
  readonly length: number;
  /** Null where the ids are the row numbers, which need no maps. */
  readonly #list: Id[] | null;
  readonly #maps: Map<unknown, number>[] = [];

  /** Accepts and refuses the same ids as Ids.stageFile(). */
  constructor(length: number, ids: Iterable<Id> | null, next: number) {
    this.length = length;
    this.#list = ids && [...ids];
    let last = ids ? -1 : length - 1;
    this.#list?.forEach((id, row) => {
      if (row % MAP_ROWS === 0) this.#maps.unshift(new Map());
      if (this.row(id) !== undefined) throw invalid('an id appears twice');
      this.#maps[0].set(id, row);
      if (typeof id === 'number' && id > last) last = id;
    });
    if (next <= last && !(ids && last === Number.MAX_SAFE_INTEGER)) {
      throw invalid('the next id appears twice');
    }
  }

  at(row: number): Id {
    return this.#list ? this.#list[row] : row;
  }

  /** The row of an id, or undefined; also for values that cannot be ids. */
  row(id: unknown): number | undefined {
    for (const map of this.#maps) if (map.has(id)) return map.get(id);
    const isRow =
      !this.#list && Number.isInteger(id) && Number(id) >= 0 && Number(id) < this.length;
    return isRow ? Number(id) : undefined;
  }
}
