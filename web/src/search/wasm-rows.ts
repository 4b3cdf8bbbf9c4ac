// The rows of an index file in WebAssembly memory, to be searched.

import { checkFinite } from '../reader/input.js';
import type { Found, SearchedRows } from '../reader/opened-index.js';
import { queriesAtOnce } from '../vectors/candidates.js';
import type { Contents } from '../vectors/file-contents.js';
import type { NativeSearch } from '../vectors/native-search.js';

export class WasmRows implements SearchedRows {
  readonly contents: Contents;
  readonly sizes: Readonly<Record<string, number>>;
  readonly #index: NativeSearch;

  /** @param index filled with the rows of the file */
  constructor(index: NativeSearch, contents: Contents) {
    this.#index = index;
    this.contents = contents;
    this.sizes = { ...index.rowSizes };
  }

  find(
    x: Float32Array,
    name: string,
    wanted: number,
    count: number,
    allowed: Uint32Array | null,
  ): Found[][] {
    const { dims, metric } = this.contents.settings;
    const values = metric === 'hamming' ? packed(x, name, dims) : x;
    const { width } = this.#index;
    const candidates = Math.max(1, Math.min(count, this.contents.rows));
    const k = Math.min(wanted, candidates);
    // As many queries at once as candidates allow.
    const step = queriesAtOnce(candidates) * width;
    const all: Found[][] = [];
    for (let start = 0; start < values.length; start += step) {
      const part = values.subarray(start, start + step);
      const hits = this.#index.search(part, k, candidates, allowed, name, start);
      const { rows, scores, estimates, found } = hits;
      found.forEach((end, q) => {
        const at = (i: number) => ({ row: rows[i], score: scores[i], estimate: estimates[i] });
        all.push(Array.from({ length: end }, (_, i) => at(q * k + i)));
      });
    }
    return all;
  }

  dispose(): void {
    this.#index.dispose();
  }
}

/** A bit for each number, 1 for those above zero, the first in the highest bit of a byte. */
function packed(x: Float32Array, name: string, dims: number): Uint8Array {
  checkFinite(x, name);
  const width = (dims + 7) >> 3;
  const bits = new Uint8Array((x.length / dims) * width);
  x.forEach((value, i) => {
    const at = i % dims;
    if (value > 0) bits[Math.floor(i / dims) * width + (at >> 3)] |= 128 >> (at & 7);
  });
  return bits;
}
