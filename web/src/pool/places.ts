// The place of each row of a pool.

import { FewbitsError } from '../core/errors.js';

/** A run of new rows for one shard. */
export interface Part {
  readonly shard: number;
  /** The first of the new rows, and their number. */
  readonly first: number;
  readonly n: number;
  /** The number of rows in the shard before. */
  readonly rows: number;
}

/** An array for at least `length` numbers with the contents of `array`. */
function grown<T extends Uint8Array | Uint32Array>(array: T, length: number): T {
  if (length <= array.length) return array;
  const type = array.constructor as new (length: number) => T;
  const larger = new type(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

/** The rows of one shard. */
class ShardRows {
  /** The row in the pool of each row in the shard, ascending. */
  rows = new Uint32Array(256);
  length = 0;
  alive = 0;

  reserve(length: number): void {
    this.rows = grown(this.rows, length);
  }

  push(row: number): number {
    this.reserve(this.length + 1);
    this.rows[this.length] = row;
    this.alive++;
    return this.length++;
  }

  /** The number of its rows before `row` of the pool. */
  before(row: number): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.rows[middle] < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * The place of each row of the pool: its shard, its row there, and the files that contain it. Rows keep their
 * order in every shard, so that ties are resolved as in one index.
 */
export class Places {
  #shard = new Uint8Array(1024);
  #local = new Uint32Array(1024);
  /** The number of files when the row was added or replaced: later ones contain it unchanged. */
  #since = new Uint32Array(1024);
  /** The files by checksum, numbered from 1. Whether the caller still has them is unknown. */
  readonly #files = new Map<number, number>();
  #saves = 0;
  #length = 0;
  #shards: ShardRows[];

  constructor(shards: number) {
    this.#shards = Array.from({ length: shards }, () => new ShardRows());
  }

  get length(): number {
    return this.#length;
  }

  shardOf(row: number): number {
    return this.#shard[row];
  }

  /** The row in its shard. */
  localOf(row: number): number {
    return this.#local[row];
  }

  /** The rows of a shard, as rows of the pool, in order. */
  rowsOf(shard: number): Uint32Array {
    const { rows, length } = this.#shards[shard];
    return rows.subarray(0, length);
  }

  /** The number of rows of a shard that have not been removed. */
  aliveIn(shard: number): number {
    return this.#shards[shard].alive;
  }

  /** The rows of a shard that are rows `start` to `end` of the pool. */
  rangeIn(shard: number, start: number, end: number): { start: number; end: number } {
    const rows = this.#shards[shard];
    return { start: rows.before(start), end: rows.before(end) };
  }

  /** Distributes `n` new rows in runs so that the shards are as equal in size as possible. */
  spread(n: number): Part[] {
    const order = this.#shards.map((_, shard) => shard);
    order.sort((a, b) => this.#shards[a].length - this.#shards[b].length);
    const total = this.#shards.reduce((sum, { length }) => sum + length, n);
    const level = Math.ceil(total / this.#shards.length);
    const parts: Part[] = [];
    let first = 0;
    for (const shard of order) {
      const rows = this.#shards[shard].length;
      const take = Math.min(n - first, Math.max(0, level - rows));
      if (take > 0) parts.push({ shard, first, n: take, rows });
      first += take;
    }
    return parts;
  }

  /** Allocates memory for `n` more rows, so that append() cannot fail. */
  reserve(n: number): void {
    try {
      this.#grow(this.#length + n);
      for (const part of this.spread(n)) this.#shards[part.shard].reserve(part.rows + part.n);
    } catch (cause) {
      throw new FewbitsError('OUT_OF_MEMORY', `no room for the places of ${n} vectors`, { cause });
    }
  }

  #grow(length: number): void {
    this.#shard = grown(this.#shard, length);
    this.#local = grown(this.#local, length);
    this.#since = grown(this.#since, length);
  }

  append(parts: readonly Part[]): void {
    for (const { shard, n } of parts) {
      const length = this.#length + n;
      this.#grow(length);
      for (; this.#length < length; this.#length++) {
        this.#shard[this.#length] = shard;
        this.#local[this.#length] = this.#shards[shard].push(this.#length);
        this.#since[this.#length] = this.#saves;
      }
    }
  }

  remove(row: number): void {
    this.#shards[this.#shard[row]].alive--;
  }

  /** Drops rows; the others are renumbered in order, here and in their shards. */
  compact(isRemoved: (row: number) => boolean): void {
    const shards = this.#shards.map(() => new ShardRows());
    let to = 0;
    for (let row = 0; row < this.#length; row++) {
      if (isRemoved(row)) continue;
      const shard = this.#shard[row];
      this.#shard[to] = shard;
      this.#local[to] = shards[shard].push(to);
      this.#since[to] = this.#since[row];
      to++;
    }
    this.#length = to;
    this.#shards = shards;
  }

  /** Records that the file with this checksum contains every row unchanged. */
  setSaved(sum: number): void {
    this.#files.set(sum, ++this.#saves);
  }

  /** Records that a row differs from all files so far. */
  setChanged(row: number): void {
    this.#since[row] = this.#saves;
  }

  /** Records that no file so far can be used. */
  forgetFiles(): void {
    this.#files.clear();
  }

  /** The number of the file with this checksum, or undefined. */
  fileOf(sum: number): number | undefined {
    return this.#files.get(sum);
  }

  /** Whether a file contains the row unchanged. */
  isIn(row: number, file: number): boolean {
    return this.#since[row] < file;
  }
}
