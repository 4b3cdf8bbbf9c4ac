// The ids of an index by row, and rows by id; additions happen completely or not at all.

import { describe, invalid } from '../core/arguments.js';
import { FewbitsError, reasonOf } from '../core/errors.js';
import { type Cursor, Cursors } from './cursors.js';
import { checkId, type Id, isId, plain } from './id.js';
import { IdColumn } from './id-column.js';
import { IdTable } from './id-table.js';
import { RowSet } from './row-set.js';

/**
 * The id of each row. 8 bytes per id, 13 to 16 with the hash table, and none for default ids; the table is
 * built when ids are added that do not ascend from row to row.
 *
 * Rows are added in two steps, so that nothing can fail once the rows themselves are stored: stage() checks
 * their ids and allocates memory, commit() confirms the rows.
 */
export class Ids {
  readonly #column = new IdColumn();
  #table: IdTable | null = null;
  readonly #removed = new RowSet();
  #changes = 0;
  /** Committed rows; the column may also hold staged ones. */
  #length = 0;
  /** Rows after the ids that are being staged. */
  #end = 0;
  #next = 0;
  #isDefault = true;
  /** The progress of compaction. Between the two, rows hold ids that have moved. */
  #to = 0;
  #from = 0;
  readonly #cursors = new Cursors();
  #staged: { readonly next: number; readonly isDefault: boolean } | null = null;

  /** Rows, including removed ones. */
  get length(): number {
    return this.#length;
  }

  get removed(): number {
    return this.#removed.count;
  }

  /** The default id of the next vector, larger than every number so far; 2^53 when there is none left. */
  get next(): number {
    return this.#next;
  }

  /** A counter that increases when ids are added, removed or moved. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether the id of each row is its number, by default. */
  get isDefault(): boolean {
    return this.#isDefault;
  }

  get isNumeric(): boolean {
    return this.#column.isNumeric;
  }

  isRemoved(row: number): boolean {
    return this.#removed.has(row);
  }

  at(row: number): Id {
    return this.#column.at(row);
  }

  /** The row of an id, or undefined; also for values that cannot be ids. */
  row(id: unknown): number | undefined {
    const row = this.#find(id);
    return row !== undefined && row < this.#length ? row : undefined;
  }

  /**
   * Prepares the ids of the next `n` rows: the given ones, or default ones. Throws, without changing
   * anything, unless they are `n` new ids and there is memory for them.
   */
  stage(n: number, given: ArrayLike<unknown> | undefined): void {
    this.#stage(n, () =>
      given === undefined ? this.#stageDefaults(n) : this.#stageGiven(n, given),
    );
  }

  /**
   * Like stage(), for the contents of a file and no ids yet: the ids of `n` rows, or null where they are the
   * row numbers, and the next default id.
   */
  stageFile(n: number, ids: Iterable<Id> | null, next: number): void {
    this.#stage(n, () => {
      if (ids === null) {
        if (next < n) throw invalid(`the next id ${next} is taken`);
        this.#column.pushRange(0, n);
        return { next, isDefault: true };
      }
      let row = 0;
      let last = -1;
      for (const id of ids) {
        this.#push(id, row++);
        if (typeof id === 'number') last = Math.max(last, id);
      }
      const free = next > last ? next : last === Number.MAX_SAFE_INTEGER ? last + 1 : undefined;
      if (free === undefined) throw invalid(`the next id ${next} is taken`);
      return { next: free, isDefault: false };
    });
  }

  /** Confirms that the rows of the staged ids are stored. Cannot fail. */
  commit(): void {
    if (this.#staged === null) return;
    if (this.#length !== this.#column.length) this.#changes++;
    this.#length = this.#column.length;
    this.#next = this.#staged.next;
    this.#isDefault = this.#staged.isDefault;
    this.#staged = null;
  }

  /** Discards the staged ids, whose rows were not stored. */
  cancel(): void {
    this.#staged = null;
    for (let row = this.#column.length - 1; row >= this.#length; row--) this.#table?.take(row);
    this.#column.truncate(this.#length);
  }

  /** Allocates memory for remove() of any row, so that it cannot fail. */
  reserveRemoved(): void {
    this.#removed.reserve(this.#length);
  }

  remove(row: number): void {
    this.#removed.reserve(this.#length);
    this.#table?.take(row);
    this.#removed.add(row);
    this.#changes++;
  }

  /** The progress of compaction: rows before `to` are done, those from `to` to `from` are free. */
  get compacted(): { readonly from: number; readonly to: number } {
    return { from: this.#from, to: this.#to };
  }

  /** Restarts compaction from the first row. */
  restartCompacting(): void {
    this.#from = 0;
    this.#to = 0;
  }

  /** Allocates memory for compact() of `rows` rows, so that it cannot fail. */
  reserveCompact(rows: number): void {
    this.cancel();
    this.#column.makeWritable(this.#to, Math.min(this.#to + rows, this.#length));
  }

  /**
   * Continues compaction by up to `rows` rows: those that are not removed are renumbered, in order. Returns
   * whether it is complete; then the rows from the new length on are dropped.
   */
  compact(rows: number): boolean {
    if (this.#removed.count === 0) return true;
    this.cancel();
    this.#isDefault = false;
    this.#changes++;
    const cursors = this.#cursors.alive;
    const end = Math.min(this.#from + rows, this.#length);
    for (; this.#from < end; this.#from++) {
      for (const cursor of cursors) if (cursor.row === this.#from) cursor.row = this.#to;
      if (this.#removed.has(this.#from)) continue;
      if (this.#to !== this.#from) this.#move(this.#from, this.#to);
      this.#to++;
    }
    if (end < this.#length) return false;
    for (const cursor of cursors) cursor.row = Math.min(cursor.row, this.#to);
    for (let row = this.#to; row < this.#length; row++) this.#removed.delete(row);
    this.#column.truncate(this.#to);
    this.#length = this.#to;
    this.restartCompacting();
    return true;
  }

  /** A position before the first row, for rowAt(). */
  cursor(): Cursor {
    return this.#cursors.begin();
  }

  /** The next row after a position, which advances, even if rows were renumbered since. */
  rowAt(cursor: Cursor): number | undefined {
    while (cursor.row < this.#length) {
      const row = cursor.row++;
      if (!this.#removed.has(row)) return row;
    }
    return undefined;
  }

  #move(from: number, to: number): void {
    this.#table?.move(from, to);
    this.#column.set(to, this.#column.at(from));
    this.#removed.delete(to);
    this.#removed.add(from);
  }

  /** Runs `work` to stage ids; when it fails nothing stays staged. */
  #stage(n: number, work: () => { readonly next: number; readonly isDefault: boolean }): void {
    this.cancel();
    this.#end = this.#length + n;
    try {
      this.#staged = work();
    } catch (error) {
      this.cancel();
      if (error instanceof FewbitsError) throw error;
      if (error instanceof RangeError) {
        throw new FewbitsError('OUT_OF_MEMORY', 'no room for the ids', { cause: error });
      }
      throw invalid(`ids cannot be read: ${reasonOf(error)}`, error);
    }
  }

  #stageDefaults(n: number) {
    const first = this.#next;
    if (n > 0 && first + (n - 1) > Number.MAX_SAFE_INTEGER) {
      throw invalid(
        `default ids end at 2^53 - 1, and of ${n} vectors the first would get ${first}: give ids`,
      );
    }
    const isDefault = this.#isDefault && first === this.#length;
    if (this.#table === null && this.#rises(first)) {
      this.#column.pushRange(first, n);
    } else {
      for (let i = 0; i < n; i++) this.#push(first + i, i);
    }
    return { next: first + n, isDefault };
  }

  #stageGiven(n: number, given: ArrayLike<unknown>) {
    if (given.length !== n) {
      throw invalid(`ids must be ${n} ids, one a vector, got ${describe(given)}`);
    }
    let next = this.#next;
    this.#table?.reserve(n);
    for (let i = 0; i < n; i++) {
      const id = given[i];
      this.#push(isId(id) ? plain(id) : checkId(`ids[${i}]`, id), i);
      if (typeof id === 'number' && id >= next) next = id + 1;
    }
    // Reading the ids may run code of the caller.
    if (this.#column.length !== this.#end)
      throw invalid('ids changed the index while they were read');
    return { next, isDefault: this.#isDefault && n === 0 };
  }

  /** Appends the `i`-th of the new ids to the column. */
  #push(id: Id, i: number): void {
    if (this.#table === null && !this.#rises(id)) this.#table = this.#newTable();
    const row = this.#table?.find(id);
    if (row !== undefined) {
      const what = `ids[${i}], ${describe(id)},`;
      if (row >= this.#length) throw invalid(`${what} appears twice`);
      throw invalid(`${what} is in the index; replace() puts another vector there`);
    }
    this.#table?.reserve(1);
    this.#column.push(id);
    this.#table?.put(this.#column.length - 1);
  }

  /** Whether the id is greater than the last one, while there is no table. */
  #rises(id: Id): boolean {
    if (typeof id === 'string') return false;
    return this.#column.length === 0 || id > (this.#column.at(this.#column.length - 1) as number);
  }

  #newTable(): IdTable {
    const table = new IdTable(this.#column);
    table.reserve(Math.max(this.#column.length, this.#end) - this.#removed.count);
    for (let row = 0; row < this.#column.length; row++) {
      if (!this.#removed.has(row)) table.put(row);
    }
    return table;
  }

  /** The row of an id, including staged ones. */
  #find(id: unknown): number | undefined {
    if (!isId(id)) return undefined;
    if (this.#table !== null) return this.#table.find(id);
    if (typeof id === 'string') return undefined;
    const row = this.#search(id);
    const isThere = row < this.#column.length && this.#column.at(row) === id;
    return isThere && !this.#removed.has(row) ? row : undefined;
  }

  /** The first row whose id is not less than this one, where ids ascend. */
  #search(id: number | bigint): number {
    if (typeof id === 'number' && id >= 0 && id < this.#length && !this.#removed.has(id)) {
      if (this.#column.at(id) === id) return id;
    }
    const isDone = this.#to > 0 && id <= (this.#column.at(this.#to - 1) as number);
    const [low, high] = isDone ? [0, this.#to] : [this.#from, this.#column.length];
    return this.#column.search(id, low, high);
  }
}
