// The first vectors of an index for 'l2', kept as they came while they are too few to tell where all lie.

import type { Values } from './functions.js';
import { FEW_ROWS, farMean, MANY_ROWS, type NativeIndex } from './native.js';

/** Rows from 0 on, as floats; nothing once they have told, or can no longer tell. */
export class FirstRows {
  #x: Float32Array | undefined;

  /**
   * What they and those that come after make together, where these vectors tell that all lie far from the
   * origin: then all rows are to be coded anew, with their mean off. Else null.
   */
  farWith(index: NativeIndex, x: Values, rows: number): Float32Array | null {
    const { dims } = index.settings;
    const first = this.#x;
    if (first === undefined || rows === 0 || first.length !== rows * dims) return null;
    if (x instanceof Uint8Array || !index.isOpen) return null;
    const some = joined(first, x.subarray(0, (MANY_ROWS - rows) * dims));
    return farMean(some, dims) === null ? null : some;
  }

  /** Vectors that have come to the `rows` there were. */
  note(index: NativeIndex, x: Values, rows: number): void {
    const { dims } = index.settings;
    const before = rows === 0 && index.isOpen ? new Float32Array() : this.#x;
    const after = rows * dims + x.length;
    const few = index.isOpen && before?.length === rows * dims && after < FEW_ROWS * dims;
    this.#x = few && x instanceof Float32Array ? joined(before, x) : undefined;
  }

  /** Vectors in place of others, that of row rows[i] first. */
  replace(x: Values, rows: readonly number[]): void {
    const first = this.#x;
    if (first === undefined) return;
    const width = x.length / rows.length;
    rows.forEach((row, i) => {
      first.set(x.subarray(i * width, (i + 1) * width), row * width);
    });
  }

  /** Rows have gone, or are to stay as they are coded. */
  forget(): void {
    this.#x = undefined;
  }

  /** Those that there are, of floats. */
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
