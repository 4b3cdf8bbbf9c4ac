// The features of this engine, found by testing it.

import { relaxedFault } from './relaxed.js';

/** The features of this engine. */
export interface Support {
  /** WebAssembly SIMD, which fewbits needs. */
  readonly simd128: boolean;
  /** Relaxed SIMD, which makes some kernels faster. */
  readonly relaxedSimd: boolean;
  /** Whether every relaxed instruction that fewbits uses was tested here and gave the correct result. */
  readonly relaxedSimdExact: boolean;
  /** The fault that was found; without one, `load()` takes the relaxed build. */
  readonly relaxedSimdFault?: string | undefined;
}

// (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt)
const SIMD128 = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
];
// (func (result v128) i32.const 1 i8x16.splat i32.const 2 i8x16.splat i8x16.relaxed_swizzle)
const RELAXED = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15,
  65, 2, 253, 15, 253, 128, 2, 11,
];

const validates = (bytes: number[]): boolean =>
  typeof WebAssembly === 'object' && WebAssembly.validate(new Uint8Array(bytes));

/**
 * Detects the features of this engine. Synchronous, safe on a server, and keeps only a module of two
 * kilobytes. Relaxed instructions are executed, in less than a millisecond, since some engines accept them
 * but compute wrong results.
 */
export function support(): Support {
  const simd128 = validates(SIMD128);
  const relaxedSimd = validates(RELAXED);
  const fault = relaxedSimd ? relaxedFault() : undefined;
  return {
    simd128,
    relaxedSimd,
    relaxedSimdExact: relaxedSimd && fault === undefined,
    ...(fault === undefined ? {} : { relaxedSimdFault: fault }),
  };
}

/** Whether WebAssembly with SIMD can be compiled here: some engines lack it, and policies can forbid it. */
export function compiles(): boolean {
  try {
    return validates(SIMD128) && new WebAssembly.Module(new Uint8Array(SIMD128)) !== undefined;
  } catch {
    return false;
  }
}
