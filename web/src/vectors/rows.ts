// The rows of an index in WebAssembly memory with their ids: both change together or not at all.

import { isSparse } from './arguments.js';
import { FirstRows } from './first-rows.js';
import type { Values } from './functions.js';
import type { Id } from './id.js';
import { Ids } from './ids.js';
import type { NativeIndex } from './native.js';
import { recalibrated } from './recalibrate.js';
import { createEmpty, transformOf } from './transform.js';

/** The number of vectors that upsert() added and replaced. */
export interface Upserted {
  readonly added: number;
  readonly replaced: number;
}

/** Rows that a removal inspects to free memory: a few milliseconds, and all rows of a small index. */
const COMPACTED_ROWS = 8192;
/** Additional rows per removed vector, and the most in total. */
const COMPACTED_EACH = 256;
const MOST_COMPACTED = 65536;

export class Rows {
  #native: NativeIndex;
  #ids: Ids;
  readonly #first = new FirstRows();

  constructor(native: NativeIndex, ids: Ids) {
    this.#native = native;
    this.#ids = ids;
  }

  get native(): NativeIndex {
    return this.#native;
  }

  /** An index without rows that gives vectors the same codes. */
  emptyLike(): Rows {
    const { core, settings } = this.native;
    const like = createEmpty(core, settings, transformOf(this.native));
    this.native.codeAlike(like, this.#ids.length);
    this.#first.forget();
    return new Rows(like, new Ids());
  }

  get ids(): Ids {
    return this.#ids;
  }

  /** The number of vectors, without removed ones. */
  get size(): number {
    return this.#ids.length - this.#ids.removed;
  }

  /** Removed rows whose memory is not free yet. */
  get removed(): number {
    return this.#ids.removed;
  }

  /** The ids in order; vectors may be added and removed in between. */
  *names(): Generator<Id, void, void> {
    const cursor = this.#ids.cursor();
    for (;;) {
      this.native.address; // throws if disposed of
      const row = this.#ids.rowAt(cursor);
      if (row === undefined) return;
      yield this.#ids.at(row);
    }
  }

  /** Appends vectors with the given ids, or default ones. */
  add(x: Values, given: ArrayLike<unknown> | undefined): void {
    this.#ids.stage(x.length / this.native.width, given);
    this.#commit(() => this.#append(x));
  }

  #append(x: Values): void {
    const { length } = this.#ids;
    if (length === 0) this.native.settleOn(x);
    const some = this.#first.farWith(this.native, x, length);
    if (some === null) this.native.add(x, length);
    else this.#centreAnew(some, x);
    this.#first.note(this.native, x, length);
  }

  /**
   * Codes the first rows again with the mean of `some` subtracted, and appends x: completely or, when it
   * throws, not at all.
   */
  #centreAnew(some: Float32Array, x: Values): void {
    const { core, settings } = this.#native;
    const first = this.#first.values;
    const made = createEmpty(core, settings, transformOf(this.#native));
    try {
      made.goOnFor(this.#native);
      made.settleOn(some);
      made.add(first, 0);
      made.add(x, this.#ids.length);
    } catch (error) {
      made.dispose();
      throw error;
    }
    this.#native.dispose();
    this.#native = made;
  }

  /** Replaces row rows[i] by vector i. */
  replace(x: Values, rows: readonly number[]): void {
    if (rows.length === 0) return;
    this.native.replace(x, rows);
    this.#first.replace(x, rows);
  }

  /** Replaces vectors whose id exists and appends the others; the ids must be distinct. */
  upsert(x: Values, given: ArrayLike<unknown>): Upserted {
    const { width } = this.native;
    const { fresh, known, rows, names } = sortOut(this.#ids, x.length / width, given);
    this.native.check(x);
    this.#ids.stage(fresh.length, names);
    this.#commit(() => {
      const before = this.#ids.length;
      if (fresh.length > 0) this.#append(gather(x, width, fresh));
      try {
        this.replace(gather(x, width, known), rows);
      } catch (error) {
        this.native.truncate(before);
        this.#first.forget();
        throw error;
      }
    });
    return { added: fresh.length, replaced: known.length };
  }

  /**
   * Removes distinct rows; returns their number. Once there are many removed rows, later calls free their
   * memory step by step, so that none takes long.
   */
  removeMany(rows: readonly number[]): number {
    this.#ids.reserveRemoved();
    this.native.address; // throws if disposed of; for existing rows nothing else does
    if (rows.length > 0) this.#first.forget();
    for (const row of rows) {
      this.native.remove(row);
      this.#ids.remove(row);
    }
    if (isSparse(this.#ids) || this.#ids.compacted.from > 0) {
      this.#compact(Math.min(COMPACTED_ROWS + COMPACTED_EACH * rows.length, MOST_COMPACTED));
    }
    return rows.length;
  }

  /** Learns again from the given vectors, one per row, or from the codes, and codes all rows again. */
  recalibrate(x: Float32Array | undefined, axes: boolean): void {
    this.compact();
    const made = recalibrated(this.#native, this.size, x, axes);
    this.#native.dispose();
    this.#native = made;
    this.#first.forget();
  }

  /** Drops removed rows; the others are renumbered in order. */
  compact(): void {
    this.native.address; // throws if disposed of
    if (this.#ids.removed === 0) return;
    this.#ids.restartCompacting();
    this.#compact(this.#ids.length);
  }

  #compact(rows: number): void {
    this.#ids.reserveCompact(rows);
    const { from, to } = this.#ids.compacted;
    this.native.compactSome(from, to, rows);
    if (this.#ids.compact(rows)) this.native.truncate(this.#ids.length);
  }

  dispose(): void {
    this.native.dispose();
    this.#ids = new Ids();
  }

  /** Runs `work`, which appends the rows of the staged ids, and commits or cancels them. */
  #commit(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#ids.cancel();
      throw error;
    }
    this.#ids.commit();
  }
}

/** Sorts `n` distinct ids into new ones, by number and by name, and existing ones with their rows. */
export function sortOut(ids: Ids, n: number, given: ArrayLike<unknown>) {
  // A copy that code of the caller cannot change, and a check of the ids among themselves.
  const own = new Ids();
  own.stage(n, given);
  own.commit();
  const fresh: number[] = [];
  const known: number[] = [];
  const rows: number[] = [];
  for (let i = 0; i < n; i++) {
    const row = ids.row(own.at(i));
    if (row === undefined) fresh.push(i);
    else {
      known.push(i);
      rows.push(row);
    }
  }
  return { fresh, known, rows, names: fresh.map((i) => own.at(i)) };
}

/** Some of the vectors, one after another; x itself if these are all. */
export function gather(x: Values, width: number, which: readonly number[]): Values {
  return which.length * width === x.length ? x : taken(x, width, which);
}

/** A copy of some of the vectors, one after another. */
export function taken(x: Values, width: number, which: readonly number[]): Values {
  const some = x.slice(0, which.length * width);
  which.forEach((i, to) => {
    some.set(x.subarray(i * width, (i + 1) * width), to * width);
  });
  return some;
}
