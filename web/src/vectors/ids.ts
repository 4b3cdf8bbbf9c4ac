import { describe, invalid } from '../core/arguments.js';
import { hasLoneSurrogate } from '../core/text.js';

/**
 * What names a vector: a string (of whole characters), a safe integer or a bigint. `1` and `1n` are
 * different ids.
 */
export type Id = string | number | bigint;

export function checkId(name: string, id: unknown): Id {
  if (typeof id === 'bigint') return id;
  if (typeof id === 'string') {
    // In a file, two ids could become one.
    if (hasLoneSurrogate(id)) throw invalid(`${name} holds half of a surrogate pair`);
    return id;
  }
  if (typeof id === 'number' && Number.isSafeInteger(id)) return Object.is(id, -0) ? 0 : id;
  throw invalid(`${name} must be a string, a safe integer or a bigint, got ${describe(id)}`);
}

/**
 * Which id is in which row. While all ids are those that were given out by default (0, 1, 2, ...)
 * nothing is stored.
 */
export class Ids {
  #length = 0;
  #next = 0;
  #removed = new Set<number>();
  /** null while the id of each row is its number. */
  #ids: Id[] | null = null;
  #rows: Map<Id, number> | null = null;

  /** Rows, with the removed ones. */
  get length(): number {
    return this.#length;
  }

  get removed(): number {
    return this.#removed.size;
  }

  /** The id that the next vector gets by default: above every number so far. */
  get next(): number {
    return this.#next;
  }

  isRemoved(row: number): boolean {
    return this.#removed.has(row);
  }

  at(row: number): Id {
    return this.#ids === null ? row : this.#ids[row];
  }

  /** The row of an id, or undefined. */
  row(id: Id): number | undefined {
    if (this.#rows !== null) return this.#rows.get(id);
    const known = typeof id === 'number' && id >= 0 && id < this.#length && !this.#removed.has(id);
    return known ? id : undefined;
  }

  /** Throws unless `ids` are `n` new ids. */
  check(ids: ArrayLike<unknown>, n: number): Id[] {
    if (typeof ids !== 'object' || ids === null || ids.length !== n) {
      throw invalid(`ids must be ${n} ids, one a vector, got ${describe(ids)}`);
    }
    const checked: Id[] = new Array(n);
    const seen = new Set<Id>();
    for (let i = 0; i < n; i++) {
      const id = checkId(`ids[${i}]`, ids[i]);
      if (this.row(id) !== undefined) {
        throw invalid(
          `ids[${i}], ${describe(id)}, is in the index; replace() puts another vector there`,
        );
      }
      if (seen.has(id)) throw invalid(`ids[${i}], ${describe(id)}, stands twice`);
      seen.add(id);
      checked[i] = id;
    }
    return checked;
  }

  /** Appends rows: the given ids (checked), or the next default ones. */
  append(n: number, ids: readonly Id[] | null): void {
    if (ids === null && this.#ids === null && this.#next === this.#length) {
      this.#length += n;
      this.#next += n;
      return;
    }
    const { all, rows } = this.#explicit();
    for (let i = 0; i < n; i++) {
      const id = ids === null ? this.#next : ids[i];
      if (typeof id === 'number' && id >= this.#next)
        this.#next = Math.min(id + 1, Number.MAX_SAFE_INTEGER);
      rows.set(id, all.length);
      all.push(id);
    }
    this.#length += n;
  }

  remove(row: number): void {
    this.#rows?.delete(this.at(row));
    this.#removed.add(row);
  }

  /** Renumbers the rows that are left, in order. */
  compact(): void {
    if (this.#removed.size === 0) return;
    const { all } = this.#explicit();
    const left = all.filter((_, row) => !this.#removed.has(row));
    this.#ids = left;
    this.#rows = new Map(left.map((id, row) => [id, row]));
    this.#length = left.length;
    this.#removed.clear();
  }

  /** As read from a file. */
  static from(ids: Id[] | null, length: number, next: number): Ids {
    const made = new Ids();
    made.#length = length;
    made.#next = next;
    if (ids !== null) {
      made.#ids = ids;
      made.#rows = new Map(ids.map((id, row) => [id, row]));
    }
    return made;
  }

  /** The ids of all rows, or null where they are the rows' numbers. */
  get explicit(): readonly Id[] | null {
    return this.#ids;
  }

  #explicit(): { all: Id[]; rows: Map<Id, number> } {
    if (this.#ids === null || this.#rows === null) {
      const all: Id[] = Array.from({ length: this.#length }, (_, row) => row);
      this.#ids = all;
      this.#rows = new Map();
      for (let row = 0; row < this.#length; row++) {
        if (!this.#removed.has(row)) this.#rows.set(row, row);
      }
    }
    return { all: this.#ids, rows: this.#rows };
  }
}
