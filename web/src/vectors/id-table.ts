// A hash table from ids to rows in a typed array, 5 to 8 bytes per row, as a Map is limited to 2^24 entries.

import type { Id } from './id.js';
import type { IdColumn } from './id-column.js';

/** The largest share of slots in use: more would make searches long. */
const LOAD = 0.75;
const GROWTH = 1.5;
const FIRST_SLOTS = 64;

const bits = new BigInt64Array(1);
const words = new Uint32Array(bits.buffer);

/**
 * Mixes both words so that each bit of the result depends on every bit: the finalizer of MurmurHash3, twice.
 */
function mix(low: number, high: number): number {
  let h = low;
  for (const word of [high, 0]) {
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= (h >>> 16) ^ word;
  }
  return h >>> 0;
}

function hash(id: Id, seed: number): number {
  if (typeof id === 'number') return mix(id ^ seed, Math.floor(id / 2 ** 32));
  if (typeof id === 'bigint') {
    bits[0] = id;
    return mix(words[0] ^ seed, ~words[1]);
  }
  let h = seed;
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193);
  return mix(h, id.length);
}

/** Rows of a column by id, with open addressing: each row is in the first free slot from its hash on. */
export class IdTable {
  readonly #column: IdColumn;
  /** Random, so that nobody can choose ids that all collide. */
  readonly #seed = Math.floor(Math.random() * 2 ** 32);
  /** The row + 1 in each slot; 0 for a free slot. */
  #slots = new Uint32Array(FIRST_SLOTS);
  #count = 0;

  constructor(column: IdColumn) {
    this.#column = column;
  }

  /** Allocates slots for `more` rows, so that put() cannot fail. */
  reserve(more: number): void {
    const count = this.#count + more;
    if (count <= this.#slots.length * LOAD) return;
    const before = this.#slots;
    this.#slots = new Uint32Array(Math.ceil(Math.max(count / LOAD, before.length * GROWTH)));
    for (const entry of before) if (entry !== 0) this.#place(entry);
  }

  /** Inserts a row; there must be a free slot. */
  put(row: number): void {
    this.#place(row + 1);
    this.#count++;
  }

  /** The row of an id, or undefined. */
  find(id: Id): number | undefined {
    for (let slot = this.#home(id); this.#slots[slot] !== 0; slot = this.#after(slot)) {
      const row = this.#slots[slot] - 1;
      if (this.#column.at(row) === id) return row;
    }
    return undefined;
  }

  /** Removes a row that is in the table. */
  take(row: number): void {
    let free = this.#slotOf(row);
    // Later entries of the same run move up, so that none is separated from its hash.
    for (let slot = this.#after(free); this.#slots[slot] !== 0; slot = this.#after(slot)) {
      const home = this.#home(this.#column.at(this.#slots[slot] - 1));
      const between = free < slot ? free < home && home <= slot : free < home || home <= slot;
      if (between) continue;
      this.#slots[free] = this.#slots[slot];
      free = slot;
    }
    this.#slots[free] = 0;
    this.#count--;
  }

  /** Records that the id of a row in the table moves to row `to`. */
  move(row: number, to: number): void {
    this.#slots[this.#slotOf(row)] = to + 1;
  }

  #place(entry: number): void {
    let slot = this.#home(this.#column.at(entry - 1));
    while (this.#slots[slot] !== 0) slot = this.#after(slot);
    this.#slots[slot] = entry;
  }

  #slotOf(row: number): number {
    let slot = this.#home(this.#column.at(row));
    while (this.#slots[slot] !== row + 1) slot = this.#after(slot);
    return slot;
  }

  #home(id: Id): number {
    return Math.floor((hash(id, this.#seed) / 2 ** 32) * this.#slots.length);
  }

  #after(slot: number): number {
    return slot + 1 === this.#slots.length ? 0 : slot + 1;
  }
}
