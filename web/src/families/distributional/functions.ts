// The C++ functions of the distributional family, bound in cpp/bindings/distributional.cpp. Numbers are
// addresses, counts, or enumerators that names.ts translates.

import type { Outcome } from '../../core/core.js';

export interface Formula {
  readonly distribution: number;
  readonly order: number;
  readonly n: number;
  readonly levels: number;
  readonly loc: number;
  readonly scale: number;
  readonly beta: number;
}

export interface FitOptions {
  readonly distribution: number;
  readonly order: number;
  readonly n: number;
  readonly levels: number;
  readonly beta: number;
  readonly has_zero: boolean;
  readonly zero: number;
  readonly reference: boolean;
  readonly block: number;
}

export interface DistributionalFunctions {
  distributional_fit_create(): number;
  distributional_fit_destroy(fit: number): void;
  distributional_fit_begin(fit: number, options: FitOptions): Outcome;
  distributional_fit_next_pass(fit: number): boolean;
  distributional_fit_accumulate(fit: number, x: number, n: number): Outcome;
  distributional_fit_status(fit: number): Outcome;
  distributional_fit_formula(fit: number): Formula;
  distributional_kmeans_create(): number;
  distributional_kmeans_destroy(kmeans: number): void;
  distributional_kmeans_begin(kmeans: number, n: number): Outcome;
  distributional_kmeans_next_pass(kmeans: number): boolean;
  distributional_kmeans_accumulate(kmeans: number, x: number, n: number): Outcome;
  distributional_kmeans_status(kmeans: number): Outcome;
  distributional_kmeans_codebook(kmeans: number, thresholds: number, levels: number): Outcome;
  distributional_coder_create(): number;
  distributional_coder_destroy(coder: number): void;
  distributional_coder_formula(coder: number, formula: Formula, reference: boolean): Outcome;
  distributional_coder_tables(
    coder: number,
    n: number,
    thresholds: number,
    levels: number,
  ): Outcome;
  distributional_coder_blocks(
    coder: number,
    formula: Formula,
    hasZero: boolean,
    zero: number,
  ): Outcome;
  distributional_coder_thresholds(coder: number): number;
  distributional_coder_levels(coder: number): number;
  distributional_coder_errors(coder: number): { absolute: number; squared: number };
  distributional_encode(coder: number, x: number, n: number, wide: boolean, codes: number): Outcome;
  distributional_decode(
    coder: number,
    codes: number,
    n: number,
    wide: boolean,
    out: number,
  ): Outcome;
  distributional_encode_blocks(
    coder: number,
    x: number,
    n: number,
    block: number,
    locs: number,
    scales: number,
    wide: boolean,
    codes: number,
  ): Outcome;
  distributional_decode_blocks(
    coder: number,
    codes: number,
    n: number,
    block: number,
    locs: number,
    scales: number,
    wide: boolean,
    out: number,
  ): Outcome;
  distributional_pack_words(
    codes: number,
    n: number,
    bits: number,
    wide: boolean,
    words: number,
  ): Outcome;
  distributional_unpack_words(
    words: number,
    n: number,
    bits: number,
    wide: boolean,
    codes: number,
  ): Outcome;
  distributional_mean_squared_error(
    source: number,
    n: number,
    thresholds: number,
    levels: number,
  ): number;
}
