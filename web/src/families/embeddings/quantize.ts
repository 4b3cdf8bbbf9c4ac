// Quantization of embeddings to bytes or bits.

import { type FloatArray, integer, invalid, oneOf, options, output } from '../../core/arguments.js';
import { FewbitsError } from '../../core/errors.js';
import { apart } from '../../core/windows.js';
import {
  bounds,
  bytesOf,
  embeddingRanges,
  finite,
  isBinary,
  kindOfCodes,
  rounding,
  same,
  type Values,
} from './ranges.js';
import {
  type EmbeddingData,
  type EmbeddingOptions,
  type EmbeddingPrecision,
  type EmbeddingRanges,
  PRECISIONS,
  type QuantizedEmbeddings,
  type QuantizeEmbeddingsOptions,
} from './types.js';

/** A truncated number wrapped around to a byte; numpy converts it by way of 32 bits. */
const wrapped = (code: number) => (Math.abs(code) < 2 ** 31 ? code : 0);

/**
 * Throws where every range is empty, as for a single vector: all codes would be 0 for any vectors. The
 * original does return zeros.
 */
function checkRanges(step: Float64Array, vectors: number): void {
  const bad = step.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new FewbitsError('NON_FINITE', `the range of dimension ${bad} is too large for a float`);
  }
  if (step.some((value) => value !== 0)) return;
  throw invalid(
    `x is ${vectors === 1 ? '' : 'as good as '}one vector: its ranges are empty, and all codes would ` +
      'be 0. Pass as ranges what embeddingRanges() returns for a sample of many vectors, and keep ' +
      'them with the codes',
  );
}

/** One bit per value: whether it is above zero. */
function encodeSigns(values: Values, codes: Int8Array | Uint8Array, flip: number): void {
  const bits = new Uint8Array(codes.buffer, codes.byteOffset, codes.length);
  bits.fill(0);
  for (let i = 0; i < values.length; i++) {
    if (values[i] > 0) bits[i >> 3] |= 0x80 >> (i & 7);
  }
  for (let i = 0; flip !== 0 && i < bits.length; i++) bits[i] ^= flip;
}

function encodeSteps(
  values: Values,
  codes: Int8Array | Uint8Array,
  dims: number,
  ranges: EmbeddingRanges,
  { signed, wrap, own }: { signed: boolean; wrap: boolean; own: boolean },
): void {
  const { min, step, round: roundStep } = bounds(ranges, dims);
  if (own && !wrap) checkRanges(step, values.length / dims);
  const round = roundStep === same ? same : rounding(values);
  const [low, high] = signed ? [-128, 127] : [0, 255];
  for (let i = 0; i < values.length; i++) {
    const d = i % dims;
    const scaled = round(round(values[i] - min[d]) / step[d]); // NaN where the range is empty
    const code = Math.trunc(signed ? round(scaled - 128) : scaled) || 0;
    codes[i] = wrap ? wrapped(code) : Math.max(low, Math.min(high, code));
  }
}

const OPTIONS = ['ranges', 'mode'] as const;

function encodeEmbeddings(given: unknown, o: EmbeddingOptions, out: unknown) {
  const { precision } = o;
  const dims = integer('dims', o.dims, 1, 2 ** 24);
  oneOf('precision', precision, PRECISIONS);
  if (o.mode !== undefined) oneOf('mode', o.mode, ['reference']);
  const asked = finite('x', given as FloatArray, dims);
  const size = (asked.length / dims) * bytesOf(dims, precision);
  const type = kindOfCodes(precision) === 'Int8Array' ? Int8Array : Uint8Array;
  const codes = output<Int8Array | Uint8Array>(type, size, out);
  const values = apart(asked, codes, out);
  if (isBinary(precision)) {
    encodeSigns(values, codes, precision === 'binary' ? 0x80 : 0);
    return { codes, ranges: null, length: values.length };
  }
  if (values.length === 0) return { codes, ranges: o.ranges ?? null, length: 0 };
  const ranges = o.ranges ?? embeddingRanges(values, dims);
  const how = {
    signed: precision === 'int8',
    wrap: o.mode === 'reference',
    own: o.ranges === undefined,
  };
  encodeSteps(values, codes, dims, ranges, how);
  return { codes, ranges, length: values.length };
}

/**
 * Quantizes embeddings to the bytes of sentence-transformers and transformers.js. int8 and uint8 divide the
 * range of each dimension into 255 steps and truncate, in float32 or, if x or the ranges are Float64Arrays,
 * in float64 (a Float16Array counts as float32, where numpy would stay in float16). A dimension with an empty
 * range becomes 0; if all ranges are empty, as for a single vector, ranges must be passed. binary and ubinary
 * keep one bit per value: whether it is above zero.
 *
 * @param x n * dims finite values
 * @param dims values per vector; for binary and ubinary a multiple of 8
 * @param out an array for the codes, instead of a new one
 * @returns n * dims bytes, or n * dims / 8 for binary and ubinary
 * @throws FewbitsError INVALID_ARGUMENT; NON_FINITE with the index of a NaN or infinity
 */
export function quantizeEmbeddings<P extends EmbeddingPrecision>(
  x: FloatArray,
  dims: number,
  precision: P,
  givenOptions?: QuantizeEmbeddingsOptions,
  out?: QuantizedEmbeddings<P>,
): QuantizedEmbeddings<P>;
/** Quantizes embeddings to plain data that dequantizeEmbeddings() takes as a whole. */
export function quantizeEmbeddings<P extends EmbeddingPrecision>(
  x: FloatArray,
  givenOptions: EmbeddingOptions<P>,
  out?: QuantizedEmbeddings<P>,
): EmbeddingData<P>;
export function quantizeEmbeddings(
  x: FloatArray,
  second: unknown,
  third?: unknown,
  givenOptions?: unknown,
  out?: unknown,
): Int8Array | Uint8Array | EmbeddingData {
  if (typeof second !== 'object' || second === null) {
    const o = options<QuantizeEmbeddingsOptions>('options', givenOptions, OPTIONS);
    const all = { ...o, dims: second as number, precision: third as EmbeddingPrecision };
    return encodeEmbeddings(x, all, out).codes;
  }
  const o = options<EmbeddingOptions>('options', second, ['dims', 'precision', ...OPTIONS]);
  const { codes, ranges: used, length } = encodeEmbeddings(x, o, third);
  const { dims, precision } = o;
  const own = (values: FloatArray) => finite('ranges', values, dims).slice();
  const ranges = used && { min: own(used.min), max: own(used.max) };
  const byteLength = codes.length + (ranges ? ranges.min.byteLength + ranges.max.byteLength : 0);
  return {
    kind: 'embeddings',
    codes: codes as QuantizedEmbeddings<EmbeddingPrecision>,
    dims,
    precision,
    ranges,
    length,
    byteLength,
  };
}
