// The C++ functions of the uniform family, bound in cpp/bindings/uniform.cpp. Numbers are addresses, counts,
// enumerators that names.ts translates or, as `format`, the number from formatNumber().

import type { Outcome } from '../../core/core.js';

/** The addresses of the smallest and the largest value of each block. */
export interface RangesAt {
  readonly min: number;
  readonly max: number;
}

/** The addresses of the parameters of blocks. */
export interface BlocksAt {
  readonly scales: number;
  readonly minima: number;
  readonly zeroPoints: number;
}

export interface UniformFunctions {
  uniform_block_ranges(
    x: number,
    n: number,
    phase: number,
    block: number,
    min: number,
    max: number,
  ): Outcome;
  uniform_choose_blocks(
    min: number,
    max: number,
    count: number,
    format: number,
    scales: number,
    minima: number,
    zeroPoints: number,
  ): Outcome;
  uniform_encode(
    x: number,
    n: number,
    phase: number,
    block: number,
    scales: number,
    minima: number,
    zeroPoints: number,
    format: number,
    codes: number,
  ): void;
  uniform_quantize_blocks(
    x: number,
    n: number,
    block: number,
    format: number,
    scales: number,
    minima: number,
    zeroPoints: number,
    codes: number,
  ): Outcome;
  uniform_decode(
    codes: number,
    n: number,
    phase: number,
    block: number,
    scales: number,
    minima: number,
    zeroPoints: number,
    format: number,
    out: number,
  ): void;
  uniform_column_ranges(
    x: number,
    n: number,
    phase: number,
    cols: number,
    min: number,
    max: number,
  ): Outcome;
  uniform_encode_columns(
    x: number,
    n: number,
    phase: number,
    cols: number,
    scales: number,
    minima: number,
    zeroPoints: number,
    format: number,
    codes: number,
  ): void;
  uniform_decode_columns(
    codes: number,
    n: number,
    phase: number,
    cols: number,
    scales: number,
    minima: number,
    zeroPoints: number,
    format: number,
    out: number,
  ): void;
}
