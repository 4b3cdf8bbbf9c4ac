import { type FloatArray, integer, invalid, oneOf, options, toFloat32 } from './core/arguments.js';
import { FewbitsError } from './core/errors.js';

const PRECISIONS = ['int8', 'uint8', 'binary', 'ubinary'] as const;
/** binary and ubinary: a bit a dimension, the first in the highest; binary is less 128, as int8. */
export type EmbeddingPrecision = (typeof PRECISIONS)[number];

export interface EmbeddingRanges {
  /** The smallest value of each dimension. */
  readonly min: FloatArray;
  /** The largest. */
  readonly max: FloatArray;
}

export interface QuantizeEmbeddingsOptions {
  /** For int8 and uint8. Default: those of the embeddings themselves. */
  ranges?: EmbeddingRanges;
  /**
   * What becomes of values outside of the ranges: by default they are clamped; 'reference' wraps
   * them around, as the conversion to a byte in the originals does.
   */
  mode?: 'reference';
}

const { fround } = Math;

function finite(name: string, given: FloatArray, dims: number): Float32Array {
  const x = toFloat32(name, given);
  if (x.length % dims !== 0) {
    throw invalid(`${name} must hold vectors of ${dims} values each, got ${x.length} values`);
  }
  const bad = x.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new FewbitsError('NON_FINITE', `${name}[${bad}] is NaN or infinite`);
  return x;
}

/** Smallest and largest value of each dimension of n * dims values. */
export function embeddingRanges(x: FloatArray, dims: number): EmbeddingRanges {
  integer('dims', dims, 1, 2 ** 24);
  const values = finite('x', x, dims);
  const min = new Float32Array(dims).fill(Infinity);
  const max = new Float32Array(dims).fill(-Infinity);
  for (let i = 0; i < values.length; i++) {
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
  return { min, step: Float32Array.from(max, (value, d) => fround(fround(value - min[d]) / 255)) };
}

/**
 * The bytes that sentence-transformers and transformers.js make of embeddings. int8 and uint8 cut
 * each dimension's range in 255 steps and drop fractions; binary and ubinary keep the signs.
 *
 * @param x n * dims values
 * @param dims a multiple of 8 for binary and ubinary
 */
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
  const { min, step } = bounds(o.ranges ?? embeddingRanges(values, dims), dims);
  const signed = precision === 'int8';
  const out = signed ? new Int8Array(values.length) : new Uint8Array(values.length);
  const [low, high] = signed ? [-128, 127] : [0, 255];
  for (let i = 0; i < values.length; i++) {
    const d = i % dims;
    const scaled = fround(fround(values[i] - min[d]) / step[d]); // NaN where all values are equal
    const code = Math.trunc(signed ? fround(scaled - 128) : scaled) || 0;
    out[i] = o.mode === 'reference' ? code : Math.max(low, Math.min(high, code));
  }
  return out;
}

/**
 * Values for quantized embeddings, ready for an index: the middle of each step of the ranges, or
 * +1 and -1 for signs.
 *
 * @param codes what quantizeEmbeddings, sentence-transformers or transformers.js returned
 * @param ranges needed for int8 and uint8
 */
export function dequantizeEmbeddings(
  codes: Int8Array | Uint8Array,
  dims: number,
  precision: EmbeddingPrecision,
  ranges?: EmbeddingRanges,
): Float32Array {
  integer('dims', dims, 1, 2 ** 24);
  oneOf('precision', precision, PRECISIONS);
  const binary = precision === 'binary' || precision === 'ubinary';
  const signed = precision === 'binary' || precision === 'int8';
  const type = signed ? Int8Array : Uint8Array;
  if (!(codes instanceof type)) throw invalid(`codes must be a ${type.name} for '${precision}'`);
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
  const offset = (signed ? 128 : 0) + 0.5;
  return Float32Array.from(codes, (code, i) => min[i % dims] + (code + offset) * step[i % dims]);
}
