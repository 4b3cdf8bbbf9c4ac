// The first vectors of an 'l2' index, kept as floats while they are too few to decide whether to subtract a
// mean.

import type { Values } from './functions.js';
import { FEW_ROWS, farMean, MANY_ROWS, type NativeIndex } from './native.js';

/** Vectors of the rows from 0 on, as floats; empty once the decision was made, or can no longer be made. */
export class FirstRows {
  #x: Float32Array | undefined;

  /**
   * The kept vectors together with x, if they show that all lie far from the origin: then all rows must be
   * coded again with the mean subtracted. Otherwise null.
   */
  farWith(index: NativeIndex, x: Values, rows: number): Float32Array | null {
    const { dims } = index.settings;
    const first = this.#x;
    if (first === undefined || rows === 0 || first.length !== rows * dims) return null;
    if (x instanceof Uint8Array || !index.isOpen) return null;
    const some = joined(first, x.subarray(0, (MANY_ROWS - rows) * dims));
    return farMean(some, dims) === null ? null : some;
  }

  /** Records vectors that were added after the first `rows` rows. */
  note(index: NativeIndex, x: Values, rows: number): void {
    const { dims } = index.settings;
    const before = rows === 0 && index.isOpen ? new Float32Array() : this.#x;
    const after = rows * dims + x.length;
    const few = index.isOpen && before?.length === rows * dims && after < FEW_ROWS * dims;
    this.#x = few && x instanceof Float32Array ? joined(before, x) : undefined;
  }

  /** Replaces the vectors of rows[i] by vector i. */
  replace(x: Values, rows: readonly number[]): void {
    const first = this.#x;
    if (first === undefined) return;
    const width = x.length / rows.length;
    rows.forEach((row, i) => {
      first.set(x.subarray(i * width, (i + 1) * width), row * width);
    });
  }

  /** Forgets the vectors: rows were removed, or must keep their codes. */
  forget(): void {
    this.#x = undefined;
  }

  /** The kept vectors, as floats. */
  get values(): Float32Array {
    return this.#x ?? new Float32Array();
  }
}

function joined(a: Float32Array, b: Float32Array): Float32Array {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
