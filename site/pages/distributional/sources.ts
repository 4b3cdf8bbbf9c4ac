// Values drawn from each distribution, the same in every run.

import { Mt19937 } from '../../shared/mt19937.ts';

/** The distributions that values are drawn from, by the inverse of their distribution function. */
export const SOURCES = {
  gaussian: 'Gaussian',
  logistic: 'logistic',
  gumbel: 'Gumbel',
  exponential: 'exponential',
  laplace: 'Laplace',
  cauchy: 'Cauchy',
  uniform: 'uniform',
} as const;
export type SourceName = keyof typeof SOURCES;

/** Draws with location 0 and scale 1; `u` and `v` are uniform between 0 and 1. */
const DRAWS: Record<SourceName, (u: number, v: () => number) => number> = {
  gaussian: (u, v) => Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v()),
  logistic: (u) => Math.log(u / (1 - u)),
  gumbel: (u) => -Math.log(-Math.log(u)),
  exponential: (u) => -Math.log(u),
  laplace: (u) => (u < 0.5 ? Math.log(2 * u) : -Math.log(2 * (1 - u))),
  cauchy: (u) => Math.tan(Math.PI * (u - 0.5)),
  uniform: (u) => 2 * u - 1,
};

/** Draws `length` values, the same for the same seed. */
export function draw(
  name: SourceName,
  length: number,
  { loc = 0, scale = 1, seed = 6 } = {},
): Float32Array {
  const random = new Mt19937(seed);
  const unit = () => ((random.next() >>> 5) * 2 ** 26 + (random.next() >>> 6) + 0.5) * 2 ** -53;
  const value = DRAWS[name];
  const x = new Float32Array(length);
  for (let i = 0; i < length; i++) x[i] = loc + scale * value(unit(), unit);
  return x;
}
