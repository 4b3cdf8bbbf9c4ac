// The quantizers to choose from, and the distributions that each may assume.

import type { DistributionalOptions, DistributionName } from 'fewbits';

/** The methods that a visitor can choose. */
export const METHODS = {
  absolute: 'for the absolute error, p = 1',
  squared: 'for the squared error, p = 2',
  centroid: 'p = 2, decoded to the mean of the cell',
  cdf: 'equally likely cells',
  'lloyd-max': 'Lloyd-Max',
  kmeans: 'k-means, fitted to these values',
  uniform: 'evenly spaced',
} as const;
export type MethodName = keyof typeof METHODS;

const FORMULA = ['auto', 'gaussian', 'logistic', 'gumbel', 'exponential'] as const;

/** The distributions that each method can assume. */
export const ASSUMED: Record<MethodName, readonly string[]> = {
  absolute: FORMULA,
  squared: FORMULA,
  centroid: FORMULA,
  cdf: ['gaussian', 'logistic', 'gumbel', 'exponential', 'cauchy'],
  'lloyd-max': ['gaussian', 'laplace'],
  kmeans: [],
  uniform: [],
};

/** The assumption itself, or the first that the method supports. */
export const assumedOf = (method: MethodName, assumed: string): string =>
  ASSUMED[method].includes(assumed) ? assumed : (ASSUMED[method][0] ?? '');

/** Equally spaced levels from the smallest to the largest value, with cells that end half-way. */
export function evenCodebook(n: number, least: number, largest: number) {
  const step = (largest - least) / (n - 1);
  return {
    thresholds: Float32Array.from({ length: n - 1 }, (_, i) => least + (i + 0.5) * step),
    levels: Float32Array.from({ length: n }, (_, i) => least + i * step),
  };
}

/** The library's options for a visitor's choice; the range is that of the values. */
export function optionsOf(
  method: MethodName,
  chosen: string,
  k: number,
  bestBeta: boolean,
  [least, largest]: readonly [number, number],
): DistributionalOptions {
  const assumed = assumedOf(method, chosen);
  const dist = assumed === 'auto' ? null : (assumed as DistributionName);
  const beta = bestBeta ? null : 1;
  switch (method) {
    case 'absolute':
      return { k, dist, beta, p: 1 };
    case 'squared':
      return { k, dist, beta, p: 2 };
    case 'centroid':
      return { k, dist, beta, p: 2, levels: 'centroid' };
    case 'cdf':
      return { k, dist: `${assumed}_cdf` as DistributionName, beta };
    case 'lloyd-max':
      return { k, dist, beta, method: 'lloyd-max' };
    case 'kmeans':
      return { k, method: 'kmeans' };
    case 'uniform':
      return { k, codebook: evenCodebook(2 ** k, least, largest) };
  }
}
