// What this engine can run, asked of the engine itself.

import { relaxedFault } from './relaxed.js';

/** What this engine can run. */
export interface Support {
  /** WebAssembly SIMD, which fewbits needs. */
  readonly simd128: boolean;
  /** Relaxed SIMD, which makes some of it faster. */
  readonly relaxedSimd: boolean;
  /** Whether every relaxed instruction that fewbits runs was tried here and gave the right result. */
  readonly relaxedSimdExact: boolean;
  /** What was found when it did not; without it, `load()` takes the relaxed build. */
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
 * Synchronous, safe on a server, keeps nothing but a module of two kilobytes: relaxed instructions
 * are run, in less than a millisecond, for there are engines that accept them and compute otherwise.
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

/** Whether WebAssembly with SIMD may be compiled here: there are engines without, and policies against it. */
export function compiles(): boolean {
  try {
    return validates(SIMD128) && new WebAssembly.Module(new Uint8Array(SIMD128)) !== undefined;
  } catch {
    return false;
  }
}
