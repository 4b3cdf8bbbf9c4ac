// The range of each dimension, and the steps that it is divided into.

import {
  type FloatArray,
  integer,
  invalid,
  isKind,
  toFloat32,
  typedArray,
} from '../../core/arguments.js';
import { FewbitsError } from '../../core/errors.js';
import type { EmbeddingPrecision, EmbeddingRanges } from './types.js';

export type Values = Float32Array | Float64Array;

const { fround } = Math;
export const same = (value: number) => value;

/** Rounding as in numpy: float64 if any of the arrays is float64, else float32. */
export const rounding = (...all: readonly Values[]) =>
  all.some((one) => isKind(one, 'Float64Array')) ? same : fround;

export function finite(name: string, given: FloatArray, dims: number): Values {
  const x = isKind(given, 'Float64Array')
    ? typedArray(name, given, ['Float64Array'])
    : toFloat32(name, given);
  if (x.length % dims !== 0) {
    throw invalid(`${name} must hold vectors of ${dims} values each, got ${x.length} values`);
  }
  const bad = x.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new FewbitsError('NON_FINITE', `${name}[${bad}] is NaN or infinite`);
  return x;
}

/**
 * The smallest and largest value of each dimension of n * dims values, n at least 1, for the option `ranges`
 * of quantizeEmbeddings(). Keep them with the codes.
 *
 * @throws FewbitsError INVALID_ARGUMENT; NON_FINITE with the index of a NaN or infinity
 */
export function embeddingRanges(x: FloatArray, dims: number): EmbeddingRanges {
  integer('dims', dims, 1, 2 ** 24);
  const values = finite('x', x, dims);
  if (values.length === 0) throw invalid('x must hold at least one vector');
  const min = values.slice(0, dims);
  const max = values.slice(0, dims);
  for (let i = dims; i < values.length; i++) {
    const d = i % dims;
    if (values[i] < min[d]) min[d] = values[i];
    if (values[i] > max[d]) max[d] = values[i];
  }
  return { min, max };
}

export function bounds(ranges: EmbeddingRanges, dims: number) {
  const min = finite('ranges.min', ranges.min, dims);
  const max = finite('ranges.max', ranges.max, dims);
  if (min.length !== dims || max.length !== dims) {
    throw invalid(`ranges must have ${dims} values each, got ${min.length} and ${max.length}`);
  }
  const round = rounding(min, max);
  return {
    min,
    step: Float64Array.from(max, (value, d) => round(round(value - min[d]) / 255)),
    round,
  };
}

export const isBinary = (precision: EmbeddingPrecision) =>
  precision === 'binary' || precision === 'ubinary';

export const kindOfCodes = (precision: EmbeddingPrecision) =>
  precision === 'binary' || precision === 'int8' ? 'Int8Array' : 'Uint8Array';

/** Bytes per vector. */
export function bytesOf(dims: number, precision: EmbeddingPrecision): number {
  if (!isBinary(precision)) return dims;
  if (dims % 8 !== 0) throw invalid(`dims must be a multiple of 8, got ${dims}`);
  return dims / 8;
}
