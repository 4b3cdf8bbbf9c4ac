// Error measures between two arrays: `fb.compare`.

import { type FloatArray, invalid, toFloat32 } from '../core/arguments.js';
import type { Core } from '../core/core.js';
import { CHUNK, give, windows } from '../core/windows.js';

/** The error of a reconstruction against its original. */
export interface ErrorMeasures {
  /** Mean of the squared differences. */
  readonly mse: number;
  /** Mean of the absolute differences. */
  readonly mae: number;
  /** Largest absolute difference. */
  readonly maxAbs: number;
  /** Signal to quantization noise ratio, 10 log10(sum x^2 / sum (x-y)^2), in decibels. */
  readonly sqnrDb: number;
  /** Cosine of the angle between the arrays as vectors. */
  readonly cosine: number;
}

export interface CompareFunctions {
  compare_accumulate(x: number, y: number, n: number, sums: number): void;
}

/**
 * Compares an array with its reconstruction, in double precision.
 *
 * For empty arrays, and for arrays without a difference, the errors are 0 and sqnrDb is Infinity. The cosine
 * is 1 if both are all zeros, and 0 if one of them is. NaN and infinities propagate.
 *
 * @param x the original
 * @param y the reconstruction, as long as x
 * @throws FewbitsError INVALID_ARGUMENT when the lengths differ or a type is not accepted
 */
export type CompareFunction = (x: FloatArray, y: FloatArray) => ErrorMeasures;

export function createCompare(core: Core): CompareFunction {
  const wasm = core.functions<CompareFunctions>();
  return (xGiven, yGiven) => {
    const x = toFloat32('x', xGiven);
    const y = toFloat32('y', yGiven);
    if (x.length !== y.length) {
      throw invalid(`x and y must be of the same length, got ${x.length} and ${y.length}`);
    }
    const { memory } = core;
    return memory.withScratch([4 * CHUNK, 4 * CHUNK, 6 * 8], (xAt, yAt, sumsAt) => {
      memory.f64(sumsAt, 6).fill(0);
      windows(x.length, CHUNK, (start, n) => {
        give(memory, x, start, n, xAt);
        give(memory, y, start, n, yAt);
        wasm.compare_accumulate(xAt, yAt, n, sumsAt);
      });
      const [squared, absolute, maxAbs, xx, yy, xy] = memory.f64(sumsAt, 6);
      const n = Math.max(x.length, 1);
      return {
        mse: squared / n,
        mae: absolute / n,
        maxAbs,
        sqnrDb: squared === 0 ? Infinity : 10 * Math.log10(xx / squared),
        cosine: xx === 0 && yy === 0 ? 1 : xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy),
      };
    });
  };
}
