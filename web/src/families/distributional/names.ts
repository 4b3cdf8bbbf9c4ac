// The names of the distributional family, and the numbers that C++ uses for them.

import type { Core } from '../../core/core.js';
import { numbers } from '../../core/numbers.js';
import type { DistributionalMethod, DistributionName } from './types.js';

export const DISTS = [
  'gaussian',
  'gaussian_cdf',
  'logistic',
  'logistic_cdf',
  'cauchy_cdf',
  'gumbel',
  'gumbel_cdf',
  'exponential',
  'exponential_cdf',
] as const;
export const LLOYD_DISTS = ['gaussian', 'laplace'] as const;
export const METHODS = ['formula', 'lloyd-max', 'kmeans'] as const;
export const LEVELS = ['midpoint', 'centroid'] as const;

/** The most values in a block or row with its own scale. */
export const MAX_BLOCK = 2 ** 28;

/** The names in C++ of the optimum for a distribution, which no formula gives. */
const LLOYD_NAMES = ['lloyd_gaussian', 'lloyd_laplace'] as const;

/** The numbers in one module. */
export interface Numbers {
  /** The number of a distribution; -1 if C++ is to choose it. */
  distribution(method: DistributionalMethod, dist: DistributionName | null): number;
  /** The name of a distribution that C++ chose. */
  nameOf(distribution: number): DistributionName;
  readonly levels: Readonly<Record<(typeof LEVELS)[number], number>>;
  readonly sources: Readonly<Record<(typeof LLOYD_DISTS)[number], number>>;
}

export function numbersOf(core: Core): Numbers {
  const enumeration = 'distributional_distribution';
  const distributions: Record<string, number> = {
    ...numbers(core, enumeration, DISTS),
    ...numbers(core, enumeration, LLOYD_NAMES),
  };
  return {
    distribution: (method, dist) =>
      dist === null ? -1 : distributions[method === 'lloyd-max' ? `lloyd_${dist}` : dist],
    nameOf: (distribution) =>
      DISTS.find((name) => distributions[name] === distribution) as DistributionName,
    levels: numbers(core, 'distributional_levels', LEVELS),
    sources: numbers(core, 'distributional_source', LLOYD_DISTS),
  };
}
