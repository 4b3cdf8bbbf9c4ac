/** A run of new rows for one shard. */
export interface Part {
  readonly shard: number;
  /** Of the new rows, the first and how many. */
  readonly first: number;
  readonly n: number;
  /** How many rows the shard has before. */
  readonly rows: number;
}

/** An array for `length` numbers that holds what `array` does. */
function grown<T extends Uint8Array | Uint32Array>(array: T, length: number): T {
  if (length <= array.length) return array;
  const type = array.constructor as new (length: number) => T;
  const larger = new type(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

/** The rows of one shard. */
class ShardRows {
  /** The row in the pool of each row in the shard: rising. */
  rows = new Uint32Array(256);
  length = 0;
  alive = 0;

  push(row: number): number {
    this.rows = grown(this.rows, this.length + 1);
    this.rows[this.length] = row;
    this.alive++;
    return this.length++;
  }

  /** How many of its rows come before `row` of the pool. */
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
 * Where each row of the pool is: in which shard, in which row there, and in which row of the file
 * that was saved last. Rows keep their order in every shard, so that ties are broken as in one index.
 */
export class Places {
  #shard = new Uint8Array(1024);
  #local = new Uint32Array(1024);
  /** Row of the file and one more, or 0. */
  #saved = new Uint32Array(1024);
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

  /** Of a shard: its rows in the pool, in order. */
  rowsOf(shard: number): Uint32Array {
    const { rows, length } = this.#shards[shard];
    return rows.subarray(0, length);
  }

  /** Of a shard: how many rows have not been removed. */
  aliveIn(shard: number): number {
    return this.#shards[shard].alive;
  }

  /** Of a shard: its rows that are `start` up to `end` in the pool. */
  rangeIn(shard: number, start: number, end: number): { start: number; end: number } {
    const rows = this.#shards[shard];
    return { start: rows.before(start), end: rows.before(end) };
  }

  /** Runs of `n` new rows that leave the shards as even as they can be. */
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

  append(parts: readonly Part[]): void {
    for (const { shard, n } of parts) {
      const length = this.#length + n;
      this.#shard = grown(this.#shard, length);
      this.#local = grown(this.#local, length);
      this.#saved = grown(this.#saved, length);
      for (; this.#length < length; this.#length++) {
        this.#shard[this.#length] = shard;
        this.#local[this.#length] = this.#shards[shard].push(this.#length);
        this.#saved[this.#length] = 0;
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
      this.#saved[to] = this.#saved[row];
      to++;
    }
    this.#length = to;
    this.#shards = shards;
  }

  /** Says that the file holds every row as it is. */
  setSaved(): void {
    for (let row = 0; row < this.#length; row++) this.#saved[row] = row + 1;
  }

  /** Says that a row is not as in the file. */
  setChanged(row: number): void {
    this.#saved[row] = 0;
  }

  /** The row of the file that holds this one as it is, or -1. */
  savedRow(row: number): number {
    return this.#saved[row] - 1;
  }
}
