import {
  describe,
  type FloatArray,
  integer,
  invalid,
  oneOf,
  options,
  toFloat32,
} from '../core/arguments.js';
import { FewbitsError } from '../core/errors.js';

const PRECISIONS = ['int8', 'uint8', 'binary', 'ubinary'] as const;
/** binary and ubinary: a bit a dimension, the first in the highest; binary is less 128, as int8. */
export type EmbeddingPrecision = (typeof PRECISIONS)[number];

/** As number[], Float32Array and Float16Array they are float32 here, as Float64Array float64. */
export interface EmbeddingRanges {
  /** The smallest value of each dimension. */
  readonly min: FloatArray;
  /** The largest. */
  readonly max: FloatArray;
}

export interface QuantizeEmbeddingsOptions {
  /**
   * For int8 and uint8: what embeddingRanges() returned for a calibration set. Default: the ranges
   * of `x` itself, which differ from one batch to the next.
   */
  ranges?: EmbeddingRanges;
  /**
   * What becomes of values outside of the ranges: by default they are clamped; 'reference' wraps
   * them around, as the conversion to a byte does in the original (on x86-64; elsewhere it may
   * differ).
   */
  mode?: 'reference';
}

/** An Int8Array for int8 and binary, a Uint8Array for uint8 and ubinary. */
export type QuantizedEmbeddings<P extends EmbeddingPrecision> = P extends 'int8' | 'binary'
  ? Int8Array<ArrayBuffer>
  : Uint8Array<ArrayBuffer>;

type Values = Float32Array | Float64Array;

const { fround } = Math;
const same = (value: number) => value;

/** float64 where one of them is, as in numpy. */
const rounding = (...all: readonly Values[]) =>
  all.some((one) => one instanceof Float64Array) ? same : fround;

function finite(name: string, given: FloatArray, dims: number): Values {
  const x = given instanceof Float64Array ? given : toFloat32(name, given);
  if (x.length % dims !== 0) {
    throw invalid(`${name} must hold vectors of ${dims} values each, got ${x.length} values`);
  }
  const bad = x.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new FewbitsError('NON_FINITE', `${name}[${bad}] is NaN or infinite`);
  return x;
}

/**
 * Smallest and largest value of each dimension of n * dims values, n at least 1: what
 * quantizeEmbeddings() takes as `ranges`. Keep them with the codes.
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

function bounds(ranges: EmbeddingRanges, dims: number) {
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

/** What remains of a truncated number in a byte; numpy goes by way of 32 bits. */
const wrapped = (code: number) => (Math.abs(code) < 2 ** 31 ? code : 0);

/**
 * The bytes that sentence-transformers and transformers.js make of embeddings. int8 and uint8 cut
 * each dimension's range in 255 steps and drop fractions, in float32 or, where x or the ranges are
 * Float64Arrays, in float64 (a Float16Array counts as float32, where numpy would stay in float16);
 * a dimension whose range is empty becomes 0. binary and ubinary keep whether values are above zero.
 *
 * @param x n * dims finite values
 * @param dims values in a vector; for binary and ubinary a multiple of 8
 * @returns n * dims bytes, or n * dims / 8 for binary and ubinary
 * @throws FewbitsError INVALID_ARGUMENT; NON_FINITE with the index of a NaN or infinity
 */
export function quantizeEmbeddings<P extends EmbeddingPrecision>(
  x: FloatArray,
  dims: number,
  precision: P,
  givenOptions?: QuantizeEmbeddingsOptions,
): QuantizedEmbeddings<P>;
export function quantizeEmbeddings(
  x: FloatArray,
  dims: number,
  precision: EmbeddingPrecision,
  givenOptions?: QuantizeEmbeddingsOptions,
): Int8Array | Uint8Array {
  const o = options<QuantizeEmbeddingsOptions>('options', givenOptions, ['ranges', 'mode']);
  integer('dims', dims, 1, 2 ** 24);
  oneOf('precision', precision, PRECISIONS);
  if (o.mode !== undefined) oneOf('mode', o.mode, ['reference']);
  const values = finite('x', x, dims);
  if (precision === 'binary' || precision === 'ubinary') {
    if (dims % 8 !== 0) throw invalid(`dims must be a multiple of 8, got ${dims}`);
    const bits = new Uint8Array(values.length / 8);
    for (let i = 0; i < values.length; i++) {
      if (values[i] > 0) bits[i >> 3] |= 0x80 >> (i & 7);
    }
    return precision === 'ubinary' ? bits : Int8Array.from(bits, (byte) => byte - 128);
  }
  const signed = precision === 'int8';
  const out = signed ? new Int8Array(values.length) : new Uint8Array(values.length);
  if (values.length === 0) return out;
  const { min, step, round: roundStep } = bounds(o.ranges ?? embeddingRanges(values, dims), dims);
  const round = roundStep === same ? same : rounding(values);
  const [low, high] = signed ? [-128, 127] : [0, 255];
  for (let i = 0; i < values.length; i++) {
    const d = i % dims;
    const scaled = round(round(values[i] - min[d]) / step[d]); // NaN where the range is empty
    const code = Math.trunc(signed ? round(scaled - 128) : scaled) || 0;
    out[i] = o.mode === 'reference' ? wrapped(code) : Math.max(low, Math.min(high, code));
  }
  return out;
}

/**
 * Where in its 255 steps a value was that got this code: on average, since fractions were dropped
 * towards zero. The ends of the range get codes of their own (but for rounding).
 */
function position(code: number, signed: boolean): number {
  if (!signed) return code === 255 ? 255 : code + 0.5;
  if (code === -128 || code === 127) return code + 128;
  return code + 128 + Math.sign(code) / 2;
}

/**
 * Values for quantized embeddings, ready for an index: the middle of what became each code, within
 * half a step of the ranges (a step where an int8 is 0), or +1 and -1 for signs.
 *
 * @param codes what quantizeEmbeddings, sentence-transformers or transformers.js returned
 * @param dims values in a vector, not bytes
 * @param ranges those that the codes were made by: needed for int8 and uint8
 * @throws FewbitsError INVALID_ARGUMENT; NON_FINITE when the ranges are not finite
 */
export function dequantizeEmbeddings(
  codes: Int8Array | Uint8Array,
  dims: number,
  precision: EmbeddingPrecision,
  ranges?: EmbeddingRanges,
): Float32Array<ArrayBuffer> {
  integer('dims', dims, 1, 2 ** 24);
  oneOf('precision', precision, PRECISIONS);
  const binary = precision === 'binary' || precision === 'ubinary';
  const signed = precision === 'binary' || precision === 'int8';
  const type = signed ? Int8Array : Uint8Array;
  if (!(codes instanceof type)) {
    throw invalid(`codes must be a ${type.name} for '${precision}', got ${describe(codes)}`);
  }
  if (binary && dims % 8 !== 0) throw invalid(`dims must be a multiple of 8, got ${dims}`);
  const rowBytes = binary ? dims / 8 : dims;
  if (codes.length % rowBytes !== 0) {
    throw invalid(`codes must hold rows of ${rowBytes} bytes, got ${codes.length}`);
  }
  if (binary) {
    const bytes = new Uint8Array(codes.buffer, codes.byteOffset, codes.length);
    const flip = signed ? 0x80 : 0;
    return Float32Array.from({ length: codes.length * 8 }, (_, i) =>
      ((bytes[i >> 3] ^ flip) << (i & 7)) & 0x80 ? 1 : -1,
    );
  }
  if (ranges === undefined) throw invalid(`'${precision}' codes need the ranges they were made by`);
  const { min, step } = bounds(ranges, dims);
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    values[i] = min[i % dims] + position(codes[i], signed) * step[i % dims];
  }
  return values;
}
