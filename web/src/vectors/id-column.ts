// The ids of all rows in order, in chunks of typed arrays: 8 bytes for a number or a 64-bit bigint, none for
// consecutive numbers. A chunk that holds anything else is a plain array.

import type { Id } from './id.js';

const CHUNK_BITS = 16;
const CHUNK_ROWS = 1 << CHUNK_BITS;
const MASK = CHUNK_ROWS - 1;
const FIRST_ROWS = 64;

/** A chunk; a number is the first of consecutive ids. */
type Chunk = number | Float64Array | BigInt64Array | BigUint64Array | Id[];

const isSigned64 = (id: bigint) => BigInt.asIntN(64, id) === id;
const isUnsigned64 = (id: bigint) => BigInt.asUintN(64, id) === id;

/** Whether a chunk can hold an id without conversion. */
function fits(chunk: Chunk, id: Id): boolean {
  if (Array.isArray(chunk)) return true;
  if (chunk instanceof Float64Array) return typeof id === 'number';
  if (typeof id !== 'bigint') return false;
  if (chunk instanceof BigInt64Array) return isSigned64(id);
  return chunk instanceof BigUint64Array && isUnsigned64(id);
}

export class IdColumn {
  readonly #chunks: Chunk[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(row: number): Id {
    const chunk = this.#chunks[row >>> CHUNK_BITS];
    return typeof chunk === 'number' ? chunk + (row & MASK) : chunk[row & MASK];
  }

  push(id: Id): void {
    const row = this.#length;
    this.#writable(row, id)[row & MASK] = id;
    this.#length = row + 1;
  }

  /** Appends `n` consecutive numbers. */
  pushRange(first: number, n: number): void {
    let id = first;
    for (const end = this.#length + n; this.#length < end; ) {
      const slot = this.#length & MASK;
      const last = this.#chunks[this.#length >>> CHUNK_BITS];
      if (slot === 0) this.#chunks.push(id);
      if (slot === 0 || (typeof last === 'number' && last + slot === id)) {
        const take = Math.min(CHUNK_ROWS - slot, end - this.#length);
        this.#length += take;
        id += take;
      } else {
        this.push(id++);
      }
    }
  }

  /** Allocates the rows from `first` to `end`, so that set() can put ids of other rows there. */
  makeWritable(first: number, end: number): void {
    for (let start = first - (first & MASK); start < end; start += CHUNK_ROWS) {
      if (typeof this.#chunks[start >>> CHUNK_BITS] === 'number') this.#writable(start, 0);
    }
  }

  set(row: number, id: Id): void {
    this.#writable(row, id)[row & MASK] = id;
  }

  /** Removes the rows from `length` on. */
  truncate(length: number): void {
    if (length >= this.#length) return;
    this.#length = length;
    this.#chunks.length = Math.ceil(length / CHUNK_ROWS);
    const last = this.#chunks[length >>> CHUNK_BITS];
    if (Array.isArray(last)) last.length = length & MASK;
  }

  /** The first row from `low` to `high`, where ids ascend, whose id is not less than `id`. */
  search(id: number | bigint, low: number, high: number): number {
    let [first, end] = [low, high];
    while (first < end) {
      const middle = Math.floor((first + end) / 2);
      if ((this.at(middle) as number) < id) first = middle + 1;
      else end = middle;
    }
    return first;
  }

  /** Whether all ids are numbers. */
  get isNumeric(): boolean {
    return this.#chunks.every(
      (chunk) =>
        typeof chunk === 'number' ||
        chunk instanceof Float64Array ||
        (Array.isArray(chunk) && chunk.every((id) => typeof id === 'number')),
    );
  }

  /** The chunk of a row as an array that can hold the id. */
  #writable(row: number, id: Id): Id[] {
    const at = row >>> CHUNK_BITS;
    let chunk = this.#chunks[at];
    const held = Math.min(this.#length - (row - (row & MASK)), CHUNK_ROWS);
    if (chunk === undefined || typeof chunk === 'number' || !fits(chunk, id)) {
      chunk = converted(chunk, held, id);
    }
    if (!Array.isArray(chunk) && (row & MASK) >= chunk.length) chunk = enlarged(chunk, at);
    this.#chunks[at] = chunk;
    // Typed arrays of numbers and bigints accept what `fits`.
    return chunk as Id[];
  }
}

/** Copies the first `held` ids of a chunk to one that can hold this id too. */
function converted(chunk: Chunk | undefined, held: number, id: Id): Exclude<Chunk, number> {
  if (chunk === undefined || held === 0) return chunkFor(id);
  if (typeof chunk === 'number') {
    const numbers = Float64Array.from({ length: roomFor(held) }, (_, i) => chunk + i);
    return typeof id === 'number' ? numbers : Array.from(numbers.subarray(0, held));
  }
  const ids = Array.from<Id>(chunk.slice(0, held) as ArrayLike<Id>);
  const isUnsigned = typeof id === 'bigint' && isUnsigned64(id) && chunk instanceof BigInt64Array;
  if (!isUnsigned || !ids.every((other) => (other as bigint) >= 0n)) return ids;
  return new BigUint64Array(chunk);
}

/** The rows to allocate for a chunk that holds `held`: small for small indexes. */
const roomFor = (held: number): number => {
  let rows = FIRST_ROWS;
  while (rows < held) rows *= 2;
  return Math.min(rows, CHUNK_ROWS);
};

/** An empty chunk for ids of the type of this one. */
function chunkFor(id: Id): Exclude<Chunk, number> {
  if (typeof id === 'number') return new Float64Array(FIRST_ROWS);
  if (typeof id === 'bigint' && isSigned64(id)) return new BigInt64Array(FIRST_ROWS);
  if (typeof id === 'bigint' && isUnsigned64(id)) return new BigUint64Array(FIRST_ROWS);
  return [];
}

/** A larger chunk: doubled for the first, which is the only one in small indexes. */
function enlarged<T extends Float64Array | BigInt64Array | BigUint64Array>(chunk: T, at: number) {
  const rows = at === 0 ? Math.min(2 * chunk.length, CHUNK_ROWS) : CHUNK_ROWS;
  const larger = new (chunk.constructor as new (rows: number) => T)(rows);
  larger.set(chunk as never);
  return larger;
}
