// An index in WebAssembly memory that is built and changed. Long because every call of the bindings has its checked
// form here.

import { check, indexOf, type Outcome } from '../core/core.js';
import { number } from '../core/numbers.js';
import { ROWS_BYTES, withRows } from '../core/windows.js';
import type { Fit, RowSizes, Segment, Values } from './functions.js';
import { inOrder, NativeSearch, ROW_ARRAYS } from './native-search.js';
import { checkVectorsOutcome } from './norms.js';

/** The number of vectors needed to decide on a mean, and the most that are considered. */
export const FEW_ROWS = 8;
export const MANY_ROWS = 1024;

/** The mean of the first vectors, if its square is well above their variance; otherwise null. */
export function farMean(x: Float32Array, dims: number): Float32Array | null {
  const rows = Math.min(MANY_ROWS, Math.floor(x.length / dims));
  if (rows < FEW_ROWS) return null;
  const first = x.subarray(0, rows * dims);
  const sum = new Float64Array(dims);
  for (let i = 0; i < first.length; i++) sum[i % dims] += first[i];
  const mean = Float32Array.from(sum, (value) => value / rows);
  let far = 0;
  for (const value of mean) far += value * value;
  let around = 0;
  for (let i = 0; i < first.length; i++) around += (first[i] - mean[i % dims]) ** 2;
  return far > FAR * (around / rows) && far < Infinity ? mean : null;
}

/**
 * Shared by indexes with the same codes: the mean of the first vectors added to any of them, null without
 * one, undefined before that.
 */
interface Common {
  mean: Float32Array | null | undefined;
}

/** The ratio of the mean's square to the variance above which it is worth subtracting the mean. */
const FAR = 4;

/** The index in WebAssembly memory: rows by number, without ids. Each method makes one call. */
export class NativeIndex extends NativeSearch {
  /** Whether the mean was found by centreOn(). */
  #meanFound = false;
  /** Whether learned axes are final; not so after calibrate(), until vectors are added. */
  #settled = true;
  /** Whether a file, or an index that continues from it, holds rows with the codes of this index. */
  #saved = false;
  /** Shared by all indexes that must give the same vectors the same codes. */
  #common: Common | undefined;

  override checkOutcome(outcome: Outcome, what: string, x: Values, base = 0): void {
    checkVectorsOutcome(outcome, what, x, this.width, base);
  }

  /** Appends all vectors or, when it throws, none; `rows` is the current number of rows. */
  add(x: Values, rows: number): void {
    const { address, width } = this;
    check(this.wasm.vectors_reserve(address, rows + x.length / width), 'vectors');
    const { fit } = this;
    try {
      withRows(this.core.memory, x, width, (at, first, n) =>
        this.checkOutcome(this.wasm.vectors_add(address, at, n), 'vectors', x, first * width),
      );
    } catch (error) {
      this.wasm.vectors_truncate(address, rows);
      this.fit = fit;
      throw error;
    }
  }

  /** Throws for vectors that add(), replace() and search() would refuse. */
  check(x: Values, name = 'vectors'): void {
    const { address, width } = this;
    if (x instanceof Uint8Array) return; // bits are always valid
    withRows(this.core.memory, x, width, (at, first, n) =>
      this.checkOutcome(this.wasm.vectors_check(address, at, n), name, x, first * width),
    );
  }

  /** Removes the rows from `rows` on. */
  truncate(rows: number): void {
    this.wasm.vectors_truncate(this.address, rows);
  }

  /** Replaces row rows[i] by vector i: all or, when it throws, none. */
  replace(x: Values, rows: readonly number[]): void {
    const { address, width } = this;
    const bytes = width * x.BYTES_PER_ELEMENT;
    this.check(x);
    withRows(this.core.memory, x, width, (at, first, n) => {
      for (let i = 0; i < n; i++) {
        this.checkOutcome(
          this.wasm.vectors_replace(address, rows[first + i], at + i * bytes),
          'vectors',
          x,
          (first + i) * width,
        );
      }
    });
  }

  remove(row: number): void {
    check(this.wasm.vectors_remove(this.address, row), 'row');
  }

  /**
   * Moves the rows that are not removed, among `rows` rows from `from` on, to row `to` and up. All rows from
   * `to` to `from` must be removed; afterwards the rows that moved are marked as removed.
   */
  compactSome(from: number, to: number, rows: number): void {
    this.wasm.vectors_compact_some(this.address, from, to, rows);
  }

  compact(): void {
    this.wasm.vectors_compact(this.address);
  }

  reconstruct(row: number): Float32Array {
    const { memory } = this.core;
    const { dims } = this.settings;
    const { address } = this;
    return memory.withScratch([dims * 4], (at) => {
      check(this.wasm.vectors_reconstruct(address, row, at), 'row');
      return memory.f32(at, dims).slice();
    });
  }

  /**
   * Prepares for the first vectors before they are added: drops learned axes that would harm them, and
   * subtracts their mean where 'l2' would otherwise find little, since codes store directions from the origin
   * and the vectors lie far from it in one direction. A mean that was set stays. Returns whether anything
   * changed.
   */
  settleOn(x: Values): boolean {
    if (x instanceof Uint8Array) return false;
    if (this.#common !== undefined) return this.#centreAlike(this.#common, x);
    const before = this.#meanFound;
    this.#centreOn(x);
    const centred = this.#meanFound || before;
    return (!this.#settled && this.#settleOn(x)) || centred;
  }

  /**
   * Like centreOn(), with the mean of the first vectors that any of the indexes with the same codes receives.
   */
  #centreAlike(common: Common, x: Float32Array): boolean {
    const { metric, dims } = this.settings;
    if (common.mean === undefined) {
      common.mean = this.mean ?? (metric === 'l2' ? farMean(x, dims) : null);
    }
    if (common.mean === null) return false;
    this.setMean(common.mean);
    return true;
  }

  /** Keeps what was learned and the codes of the rows, since a file now contains them. */
  settle(rows: number): void {
    this.#settled = true;
    if (rows > 0) this.#saved = true;
  }

  /**
   * Whether the first vectors may still determine a mean: nothing was learned, and no other index shares the
   * codes.
   */
  get isOpen(): boolean {
    return (
      this.settings.metric === 'l2' &&
      this.#common === undefined &&
      !this.#saved &&
      this.wasm.vectors_mean(this.address) === 0 &&
      this.wasm.vectors_matrix(this.address) === 0
    );
  }

  /** Makes `other`, which was created from this index, give the same vectors the same codes from now on. */
  codeAlike(other: NativeIndex, rows: number): void {
    this.#common ??= { mean: rows > 0 ? this.mean : undefined };
    other.#common = this.#common;
    this.#settled = true;
  }

  /** Takes over the state of an index whose mean and axes this one was created with. */
  goOnFor(other: NativeIndex): void {
    this.#meanFound = other.#meanFound;
    this.#settled = other.#settled;
    this.#common = other.#common;
    this.#saved = other.#saved;
  }

  /** Allows the axes to be checked again, after calibrate() has learned a mean or axes. */
  unsettle(): void {
    this.#common = undefined;
    this.#meanFound = false;
    this.#settled = false;
  }

  #settleOn(x: Float32Array): boolean {
    const { dims } = this.settings;
    const { memory } = this.core;
    const rows = Math.min(MANY_ROWS, x.length / dims);
    return memory.withScratch([4 * rows * dims], (at) => {
      memory.f32(at, rows * dims).set(x.subarray(0, rows * dims));
      const outcome = this.wasm.vectors_settle(this.address, at, rows);
      check(outcome, 'vectors');
      return indexOf(outcome) === 1;
    });
  }

  #centreOn(x: Float32Array): void {
    const { metric, dims } = this.settings;
    if (metric !== 'l2' || (this.mean !== null && !this.#meanFound)) return;
    const mean = farMean(x, dims);
    if (mean !== null) this.setMean(mean);
    else if (this.#meanFound) this.#setNoMean();
    this.#meanFound = mean !== null;
  }

  #setNoMean(): void {
    check(this.wasm.vectors_set_mean(this.address, 0), 'mean');
    this.#meanFound = false;
  }

  /** Learns from a sample: the mean alone, or the axes too. */
  calibrate(sample: Float32Array, axes = true): void {
    const n = sample.length / this.settings.dims;
    const before = this.mean;
    try {
      // The comparison must be with what the index would do without calibration, which includes this mean.
      this.#centreOn(sample);
      this.give(sample, (at) =>
        this.checkOutcome(this.wasm.vectors_calibrate(this.address, at, n, axes), 'sample', sample),
      );
    } catch (error) {
      if (before === null) this.#setNoMean();
      throw error;
    }
    this.unsettle();
  }

  /** The average share of a vector's square that codes leave out: expected, and seen. */
  get fit(): Fit {
    return this.wasm.vectors_fit(this.address);
  }

  set fit({ expected, seen, count }: Fit) {
    this.wasm.vectors_set_fit(this.address, expected, seen, count);
  }

  get mean(): Float32Array | null {
    const at = this.wasm.vectors_mean(this.address) >>> 0;
    return at === 0 ? null : this.core.memory.f32(at, this.settings.dims).slice();
  }

  /** The learned transform, row-major, or null where the rotation is random. */
  get matrix(): Float32Array | null {
    const at = this.wasm.vectors_matrix(this.address) >>> 0;
    return at === 0 ? null : this.core.memory.f32(at, this.settings.dims ** 2).slice();
  }

  get segments(): Segment[] {
    const { memory } = this.core;
    const most = number(this.core, 'vectors_kMaxSegments');
    return memory.withScratch([most * 12], (at) => {
      const count = this.wasm.vectors_segments(this.address, at);
      const integers = memory.u32(at, count * 3);
      const floats = memory.f32(at, count * 3);
      return Array.from({ length: count }, (_, i) => ({
        dims: integers[3 * i],
        bits: integers[3 * i + 1],
        scale: floats[3 * i + 2],
      }));
    });
  }

  /** +1 and -1 for each pass and dimension of the random rotation. */
  get rotationSigns(): Int8Array {
    const { memory } = this.core;
    const passes = this.wasm.vectors_rotation_signs(this.address, 0);
    const length = passes * this.settings.dims;
    return memory.withScratch([length], (at) => {
      this.wasm.vectors_rotation_signs(this.address, at);
      return memory.i8(at, length).slice();
    });
  }

  levels(bits: number): Int8Array {
    const { memory } = this.core;
    return memory.withScratch([256], (at) => {
      this.wasm.vectors_levels(bits, at);
      return memory.i8(at, 2 ** bits).slice();
    });
  }

  /** Reads an array of the rows from `start` to `end`, in the layout of the file. */
  *exportRows(
    array: keyof RowSizes,
    end: number,
    start = 0,
  ): Generator<Uint8Array<ArrayBuffer>, void, void> {
    const size = this.rowSizes[array];
    const step = Math.max(1, Math.floor(ROWS_BYTES / size));
    const { memory } = this.core;
    for (let first = start; first < end; first += step) {
      const n = Math.min(step, end - first);
      yield memory.withScratch([n * size], (at) => {
        const addresses = ROW_ARRAYS.map((name) => (name === array ? at : 0));
        this.wasm.vectors_export_rows(this.address, first, n, ...inOrder(addresses));
        return memory.u8(at, n * size).slice();
      });
    }
  }
}
