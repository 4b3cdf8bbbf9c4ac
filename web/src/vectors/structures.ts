// What the exports of the builds for indexes do not tell: the structs that functions return, and the numbers of
// enumerators.

import type { Layout } from '../core/plain.js';

/** The structs of the functions that searching calls. */
export const SEARCH_STRUCTURES: Readonly<Record<string, Layout>> = {
  vectors_create: { status: [0, 'u32'], index: [4, 'u32'] },
  vectors_row_sizes: {
    codes: [0, 'u32'],
    factors: [4, 'u32'],
    norms: [8, 'u32'],
    mean_products: [12, 'u32'],
    tails: [16, 'u32'],
    refine_codes: [20, 'u32'],
    refine_factors: [24, 'u32'],
  },
};

/** The structs of all functions of an index. */
export const STRUCTURES: Readonly<Record<string, Layout>> = {
  ...SEARCH_STRUCTURES,
  vectors_fit: { expected: [0, 'f64'], seen: [8, 'f64'], count: [16, 'u32'] },
};

/** The names of cpp/bindings/numbers.cpp that searching uses. */
export const SEARCH_NUMBERS: Readonly<Record<string, number>> = {
  vectors_metric_cosine: 0,
  vectors_metric_dot: 1,
  vectors_metric_l2: 2,
  vectors_metric_hamming: 3,
};

/** The names that an index uses. */
export const NUMBERS: Readonly<Record<string, number>> = {
  ...SEARCH_NUMBERS,
  vectors_kMaxDims: 16384,
  vectors_kMaxQueries: 64,
  vectors_kMaxSegments: 512,
};
