// A shard: the part of an index that a worker holds.

import { isWhole } from '../core/build.js';
import { Core } from '../core/core.js';
import { instantiatePlain } from '../core/plain.js';
import type { CompiledModule } from '../core/platform.js';
import { instantiate } from '../core/wasm.js';
import { VECTORS_BUILD } from '../vectors/builds.js';
import type { Fit, RowSizes, Settings, Values } from '../vectors/functions.js';
import type { NativeIndex } from '../vectors/native.js';
import { type Hits, ROW_ARRAYS, type RowArrays } from '../vectors/native-search.js';
import { createEmpty, type Transform, transformOf } from '../vectors/transform.js';

/** The memory of a worker in bytes, and the fit of its vectors. */
export interface ShardStats {
  /** WebAssembly memory held by its part of the index. */
  readonly byteLength: number;
  /** All WebAssembly memory of the worker; it never shrinks. */
  readonly memoryBytes: number;
  /** The fit of its vectors to what was learned. */
  readonly fit: Fit;
}

/** Some rows of the index, by number. Each method is called by a message. */
export class Shard {
  #core: Core | undefined;
  #index: NativeIndex | undefined;
  /** Rows before the last replace(). */
  #before: { rows: readonly number[]; arrays: RowArrays; fit: Fit } | undefined;
  /** The fit before the last add(). */
  #fit: Fit | undefined;

  /** The first call. */
  open(module: CompiledModule, settings: Settings, transform: Transform): void {
    this.#core = new Core(
      isWhole(module) ? instantiate(module) : instantiatePlain(VECTORS_BUILD, module),
    );
    this.#index = createEmpty(this.#core, settings, transform);
  }

  get #open(): { core: Core; index: NativeIndex } {
    if (this.#core === undefined || this.#index === undefined) throw new Error('not open');
    return { core: this.#core, index: this.#index };
  }

  /** Replaces the index by one without rows. */
  configure(settings: Settings, transform: Transform): void {
    const { core, index } = this.#open;
    this.#index = createEmpty(core, settings, transform);
    index.dispose();
  }

  /** Learns from a sample in a separate index, and returns the result. */
  learn(sample: Float32Array, method: 'axes' | 'mean'): Transform {
    const { core, index } = this.#open;
    const { settings } = index;
    // Starts from what was learned before, which stays where the sample does not change it.
    const pupil = createEmpty(core, settings, transformOf(index));
    try {
      pupil.calibrate(sample, method === 'axes');
      return transformOf(pupil);
    } finally {
      pupil.dispose();
    }
  }

  /** Appends vectors to the existing `rows` rows, and returns their memory. */
  add(vectors: Values, rows: number): Values {
    const { index } = this.#open;
    this.#fit = index.fit;
    index.add(vectors, rows);
    return vectors;
  }

  /** Appends rows in the layout of a file. */
  import(arrays: RowArrays, n: number): void {
    this.#open.index.importRows(arrays, n);
  }

  /** Removes the rows from `rows` on. */
  truncate(rows: number): void {
    const { index } = this.#open;
    index.truncate(rows);
    if (this.#fit !== undefined) index.fit = this.#fit;
  }

  /** Replaces vectors; `keep` stores the old ones for undo(). */
  replace(vectors: Values, rows: readonly number[], keep: boolean): void {
    const { index } = this.#open;
    this.#before = undefined;
    const arrays = keep ? this.#arrays(rows.map((row) => [row, row + 1])) : undefined;
    const { fit } = index;
    index.replace(vectors, rows);
    if (arrays !== undefined) this.#before = { rows, arrays, fit };
  }

  /** Undoes the last replace(). All rows from the first replaced one on are written again. */
  undo(end: number, removed: readonly number[]): void {
    const { index } = this.#open;
    const before = this.#before;
    this.#before = undefined;
    if (before === undefined) throw new Error('nothing to take back');
    const start = before.rows.reduce((a, b) => Math.min(a, b), end);
    const arrays = this.#arrays([[start, end]]);
    const sizes = index.rowSizes;
    for (const name of ROW_ARRAYS) {
      const size = sizes[name];
      before.rows.forEach((row, i) => {
        const was = before.arrays[name].subarray(i * size, (i + 1) * size);
        arrays[name].set(was, (row - start) * size);
      });
    }
    index.truncate(start);
    index.importRows(arrays, end - start);
    for (const row of removed) if (row >= start) index.remove(row);
    index.fit = before.fit;
  }

  removeMany(rows: readonly number[]): void {
    for (const row of rows) this.#open.index.remove(row);
  }

  compact(): void {
    this.#open.index.compact();
  }

  search(queries: Values, candidates: number, allowed: Uint32Array | null): Hits {
    return this.#open.index.search(queries, candidates, candidates, allowed);
  }

  reconstruct(row: number): Float32Array {
    return this.#open.index.reconstruct(row);
  }

  /** Reads an array of the rows from `start` to `end`. */
  export(array: keyof RowSizes, start: number, end: number): Uint8Array {
    return this.#rows(array, [[start, end]]);
  }

  stats(): ShardStats {
    const { core, index } = this.#open;
    return { byteLength: index.byteLength, memoryBytes: core.memory.byteLength, fit: index.fit };
  }

  /** Reads an array of the rows in several ranges. */
  #rows(array: keyof RowSizes, ranges: readonly (readonly [number, number])[]): Uint8Array {
    const { index } = this.#open;
    const size = index.rowSizes[array];
    const bytes = new Uint8Array(
      ranges.reduce((sum, [start, end]) => sum + (end - start) * size, 0),
    );
    let at = 0;
    for (const [start, end] of size === 0 ? [] : ranges) {
      for (const piece of index.exportRows(array, end, start)) {
        bytes.set(piece, at);
        at += piece.length;
      }
    }
    return bytes;
  }

  #arrays(ranges: readonly (readonly [number, number])[]): RowArrays {
    const arrays = {} as RowArrays;
    for (const name of ROW_ARRAYS) arrays[name] = this.#rows(name, ranges);
    return arrays;
  }
}
