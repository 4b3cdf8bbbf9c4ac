// The C++ functions of the uniform family, bound in cpp/bindings/uniform.cpp. Numbers are addresses, counts,
// or enumerators that names.ts translates.

import type { Outcome } from '../../core/core.js';

export interface Format {
  readonly bits: number;
  readonly scheme: number;
  readonly rounding: number;
  readonly scale_type: number;
}

export interface RangesAt {
  readonly min: number;
  readonly max: number;
}

export interface BlocksAt {
  readonly scales: number;
  readonly minima: number;
  readonly zero_points: number;
}

export interface UniformFunctions {
  uniform_block_ranges(
    x: number,
    n: number,
    phase: number,
    block: number,
    ranges: RangesAt,
  ): Outcome;
  uniform_choose_blocks(ranges: RangesAt, count: number, format: Format, blocks: BlocksAt): Outcome;
  uniform_encode(
    x: number,
    n: number,
    phase: number,
    block: number,
    blocks: BlocksAt,
    format: Format,
    codes: number,
  ): void;
  uniform_quantize_blocks(
    x: number,
    n: number,
    block: number,
    format: Format,
    blocks: BlocksAt,
    codes: number,
  ): Outcome;
  uniform_decode(
    codes: number,
    n: number,
    phase: number,
    block: number,
    blocks: BlocksAt,
    format: Format,
    out: number,
  ): void;
  uniform_column_ranges(
    x: number,
    n: number,
    phase: number,
    cols: number,
    ranges: RangesAt,
  ): Outcome;
  uniform_encode_columns(
    x: number,
    n: number,
    phase: number,
    cols: number,
    blocks: BlocksAt,
    format: Format,
    codes: number,
  ): void;
  uniform_decode_columns(
    codes: number,
    n: number,
    phase: number,
    cols: number,
    blocks: BlocksAt,
    format: Format,
    out: number,
  ): void;
}
