// The functions of an index in WebAssembly.

import type { Outcome } from '../core/core.js';

/** The C++ functions of this family, bound in cpp/bindings/vectors.cpp. Numbers are addresses or counts. */
export interface VectorsFunctions {
  vectors_create(
    dims: number,
    bits: number,
    metric: number,
    scaleSearch: boolean,
    refineBits: number,
    seed: number,
    tails: boolean,
    meanProducts: boolean,
  ): { status: number; index: number };
  vectors_destroy(index: number): void;
  vectors_reserve(index: number, rows: number): Outcome;
  vectors_check(index: number, x: number, n: number): Outcome;
  vectors_add(index: number, x: number, n: number): Outcome;
  vectors_replace(index: number, row: number, x: number): Outcome;
  vectors_remove(index: number, row: number): Outcome;
  vectors_truncate(index: number, rows: number): void;
  vectors_compact(index: number): void;
  vectors_compact_some(index: number, from: number, to: number, rows: number): void;
  vectors_bytes(index: number): number;
  vectors_search(
    index: number,
    queries: number,
    count: number,
    k: number,
    candidates: number,
    allowed: number,
    hits: number,
    found: number,
  ): Outcome;
  vectors_reconstruct(index: number, row: number, x: number): Outcome;
  vectors_set_mean(index: number, mean: number): Outcome;
  vectors_set_transform(index: number, matrix: number, segments: number, count: number): Outcome;
  vectors_calibrate(index: number, sample: number, n: number, axes: boolean): Outcome;
  /** The `index` of the outcome is 1 where the learned axes were dropped. */
  vectors_settle(index: number, x: number, n: number): Outcome;
  vectors_fit(index: number): Fit;
  vectors_set_fit(index: number, expected: number, seen: number, count: number): void;
  vectors_mean(index: number): number;
  vectors_matrix(index: number): number;
  vectors_segments(index: number, out: number): number;
  vectors_rotation_signs(index: number, out: number): number;
  vectors_levels(bits: number, out: number): void;
  vectors_row_sizes(index: number): RowSizes;
  vectors_export_rows(
    index: number,
    first: number,
    n: number,
    codes: number,
    factors: number,
    norms: number,
    meanProducts: number,
    tails: number,
    refineCodes: number,
    refineFactors: number,
  ): void;
  vectors_import_rows(
    index: number,
    n: number,
    codes: number,
    factors: number,
    norms: number,
    meanProducts: number,
    tails: number,
    refineCodes: number,
    refineFactors: number,
  ): Outcome;
  vectors_checksum(crc: number, data: number, n: number): number;
}

/** Bytes per row of each array that holds the rows outside of an index. */
export interface RowSizes {
  readonly codes: number;
  readonly factors: number;
  readonly norms: number;
  readonly mean_products: number;
  readonly tails: number;
  readonly refine_codes: number;
  readonly refine_factors: number;
}

/** The fit of codes to vectors: the average share of a vector's square that codes leave out. */
export interface Fit {
  /** For vectors like the sample of calibrate(); 0 without calibration. */
  readonly expected: number;
  /** For the vectors that were added or replaced since. */
  readonly seen: number;
  /** The number of those vectors. */
  readonly count: number;
}

/** A segment of a learned transform. */
export interface Segment {
  readonly dims: number;
  readonly bits: number;
  readonly scale: number;
}

export const METRICS = ['cosine', 'dot', 'l2', 'hamming'] as const;
/**
 * The measure of scores: similarity (cosine, dot: larger is nearer), squared distance (l2) or the number of
 * differing bits (hamming: smaller is nearer for both).
 */
export type Metric = (typeof METRICS)[number];

/** Whether smaller scores are nearer. */
export const isDistance = (metric: Metric) => metric === 'l2' || metric === 'hamming';

/**
 * Vectors one after another, as they go into an index: floats, or for 'hamming' bits, packed like the
 * 'ubinary' of quantizeEmbeddings().
 */
export type Values = Float32Array | Uint8Array;

/** The elements of Values per vector. */
export const widthOf = ({ dims, metric }: Pick<Settings, 'dims' | 'metric'>) =>
  metric === 'hamming' ? Math.ceil(dims / 8) : dims;

/** The largest norm of a vector for 'dot' and 'l2': kLargestNorm in vectors.h. */
export const LARGEST_NORM = 1e18;

export const QUALITIES = ['best', 'fast'] as const;

/** The settings of an index, all of which are stored in its file. */
export interface Settings {
  readonly dims: number;
  readonly bits: 1 | 2 | 3 | 4 | 6 | 8;
  readonly metric: Metric;
  readonly quality: (typeof QUALITIES)[number];
  readonly refine: 0 | 4 | 8;
  readonly seed: number;
  /**
   * Whether four more bytes per vector refine its outermost values, which improves the scores of 4-bit codes:
   * for quality 'best' without `refine`, unless calibrated or for 'l2'.
   */
  readonly tails: boolean;
  /**
   * Whether four more bytes per vector allow queries to be centred like vectors, where a mean is subtracted
   * for 'cosine' or 'dot'. False in files of earlier versions.
   */
  readonly meanProducts: boolean;
}
