// The functions of an index that the WebAssembly has.

import type { Outcome } from '../core/core.js';

/** The C++ of this family, as bound by cpp/bindings/vectors.cpp. Numbers are addresses or counts. */
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
  /** Its index is 1 where axes went. */
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

/** Bytes a row of each array that holds an index outside of it. */
export interface RowSizes {
  readonly codes: number;
  readonly factors: number;
  readonly norms: number;
  readonly mean_products: number;
  readonly tails: number;
  readonly refine_codes: number;
  readonly refine_factors: number;
}

/** How well codes fit the vectors: which part of a vector's square they leave on average. */
export interface Fit {
  /** Of vectors like those of the sample that calibrate() learned from; 0 without. */
  readonly expected: number;
  /** Of those that were added or put in place of others since. */
  readonly seen: number;
  /** How many those are. */
  readonly count: number;
}

/** One piece of a learned transform. */
export interface Segment {
  readonly dims: number;
  readonly bits: number;
  readonly scale: number;
}

export const METRICS = ['cosine', 'dot', 'l2', 'hamming'] as const;
/**
 * Similarity (cosine, dot: larger is nearer), squared distance (l2) or how many bits differ (hamming:
 * smaller is nearer for both).
 */
export type Metric = (typeof METRICS)[number];

/** Whether scores fall with nearness. */
export const isDistance = (metric: Metric) => metric === 'l2' || metric === 'hamming';

/**
 * Vectors as they go into an index, one after the other: floats, or for 'hamming' bits, packed as
 * quantizeEmbeddings() packs 'ubinary'.
 */
export type Values = Float32Array | Uint8Array;

/** How many elements of Values a vector has. */
export const widthOf = ({ dims, metric }: Pick<Settings, 'dims' | 'metric'>) =>
  metric === 'hamming' ? Math.ceil(dims / 8) : dims;

/** The largest norm of a vector for 'dot' and 'l2', as kLargestNorm in vectors.h. */
export const LARGEST_NORM = 1e18;

export const QUALITIES = ['best', 'fast'] as const;

/** How an index was made; all of it is in its file. */
export interface Settings {
  readonly dims: number;
  readonly bits: 1 | 2 | 4 | 8;
  readonly metric: Metric;
  readonly quality: (typeof QUALITIES)[number];
  readonly refine: 0 | 4 | 8;
  readonly seed: number;
  /**
   * Whether four more bytes a vector say more about its outermost values, which makes the scores of
   * 4-bit codes finer: for quality 'best' without `refine`, unless calibrated or for 'l2'.
   */
  readonly tails: boolean;
  /**
   * Whether four more bytes a vector let queries be centred as vectors are, where a mean comes off
   * for 'cosine' or 'dot'. Not so in files of before.
   */
  readonly meanProducts: boolean;
}
