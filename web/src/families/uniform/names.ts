// The names of the uniform family, and the numbers that C++ uses for them.

import type { Core } from '../../core/core.js';
import { numbers } from '../../core/numbers.js';

export const SCHEMES = ['symmetric', 'asymmetric', 'affine'] as const;
export const ROUNDINGS = ['nearest', 'truncate', 'floor'] as const;
export const SCALE_TYPES = ['f32', 'f16'] as const;

/** A format as C++ takes it: one number, taken apart by format_of() of cpp/bindings/uniform.cpp. */
export const formatNumber = (bits: number, scheme: number, rounding: number, scaleType: number) =>
  bits | (scheme << 4) | (rounding << 6) | (scaleType << 8);

export type Numbers = ReturnType<typeof numbersOf>;

export const numbersOf = (core: Core) => ({
  scheme: numbers(core, 'uniform_scheme', SCHEMES),
  rounding: numbers(core, 'uniform_rounding', ROUNDINGS),
  scaleType: numbers(core, 'uniform_scaleType', SCALE_TYPES),
});
