// The names of the linear family with the numbers that C++ uses for them, and the check of a matrix's size.

import { invalid } from '../../core/arguments.js';
import type { Core } from '../../core/core.js';
import { number, numbers } from '../../core/numbers.js';

export type Numbers = ReturnType<typeof numbersOf>;

export const numbersOf = (core: Core) => ({
  activation: numbers(core, 'linear_activation', ['int8', 'uint8']),
  weight: numbers(core, 'linear_weight', ['int8', 'int4']),
  /** The longest rows whose sums fit an int32. */
  maxInner: number(core, 'linear_kMaxInner'),
});

/** Throws unless `values` are `rows` rows of k. */
export function rowsOf(name: string, values: { length: number }, rows: number, k: number): void {
  if (values.length !== rows * k) {
    throw invalid(`${name} must hold ${rows} rows of ${k} values, got ${values.length}`);
  }
}
