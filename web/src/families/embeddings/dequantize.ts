// Decoding of quantized embeddings from bytes or bits.

import { integer, invalid, oneOf, output, typedArray } from '../../core/arguments.js';
import { apart } from '../../core/windows.js';
import { arrayField, fieldsOf } from '../quantized.js';
import { bounds, bytesOf, isBinary, kindOfCodes } from './ranges.js';
import {
  type EmbeddingData,
  type EmbeddingPrecision,
  type EmbeddingRanges,
  PRECISIONS,
} from './types.js';

/**
 * The position of a code on the scale of 255 steps: the middle of the values that got this code, since
 * fractions were truncated towards zero. The ends of the range have their own codes (apart from rounding).
 */
function position(code: number, signed: boolean): number {
  if (!signed) return code === 255 ? 255 : code + 0.5;
  if (code === -128 || code === 127) return code + 128;
  return code + 128 + Math.sign(code) / 2;
}

/**
 * Decodes quantized embeddings to values for an index: the middle of the values that got each code, within
 * half a step of the original (one step where an int8 is 0), or +1 and -1 for signs.
 *
 * @param codes the result of quantizeEmbeddings, sentence-transformers or transformers.js
 * @param dims values per vector, not bytes
 * @param ranges the ranges that the codes were made with: needed for int8 and uint8
 * @throws FewbitsError INVALID_ARGUMENT; NON_FINITE when the ranges are not finite
 */
export function dequantizeEmbeddings(
  codes: Int8Array | Uint8Array,
  dims: number,
  precision: EmbeddingPrecision,
  ranges?: EmbeddingRanges,
  out?: Float32Array,
): Float32Array<ArrayBuffer>;
/** Decodes the result of quantizeEmbeddings(x, options). */
export function dequantizeEmbeddings(
  q: EmbeddingData,
  out?: Float32Array,
): Float32Array<ArrayBuffer>;
export function dequantizeEmbeddings(
  given: unknown,
  second?: unknown,
  precision?: unknown,
  ranges?: unknown,
  out?: unknown,
): Float32Array {
  if (ArrayBuffer.isView(given) || typeof given !== 'object' || given === null) {
    const named = oneOf('precision', precision, PRECISIONS);
    return decodeEmbeddings('codes', given, second, named, ranges as EmbeddingRanges, out);
  }
  const q = fieldsOf<EmbeddingData>(
    'embeddings',
    given,
    ({ codes, dims, precision, ranges, length }) => ({ codes, dims, precision, ranges, length }),
  );
  const named = oneOf('q.precision', q.precision, PRECISIONS);
  const dims = integer('q.dims', q.dims, 1, 2 ** 24);
  const length = integer('q.length', q.length, 0, Number.MAX_SAFE_INTEGER);
  const kind = kindOfCodes(named);
  const codes = arrayField('q.codes', q.codes, kind, (length / dims) * bytesOf(dims, named));
  return decodeEmbeddings('q.codes', codes, dims, named, q.ranges ?? undefined, second);
}

function decodeEmbeddings(
  name: string,
  given: unknown,
  givenDims: unknown,
  precision: EmbeddingPrecision,
  ranges: EmbeddingRanges | undefined,
  givenOut: unknown,
): Float32Array {
  const dims = integer('dims', givenDims, 1, 2 ** 24);
  const rowBytes = bytesOf(dims, precision);
  const asked: Int8Array | Uint8Array = typedArray(name, given, [kindOfCodes(precision)]);
  if (asked.length % rowBytes !== 0) {
    throw invalid(`codes must hold rows of ${rowBytes} bytes, got ${asked.length}`);
  }
  const out = output(Float32Array, (asked.length / rowBytes) * dims, givenOut);
  const codes = apart(asked, out, givenOut);
  if (isBinary(precision)) {
    const flip = precision === 'binary' ? 0x80 : 0;
    for (let i = 0; i < out.length; i++) {
      out[i] = ((codes[i >> 3] ^ flip) << (i & 7)) & 0x80 ? 1 : -1;
    }
    return out;
  }
  if (ranges === undefined) throw invalid(`'${precision}' codes need the ranges they were made by`);
  const { min, step } = bounds(ranges, dims);
  const signed = precision === 'int8';
  for (let i = 0; i < codes.length; i++) {
    out[i] = min[i % dims] + position(codes[i], signed) * step[i % dims];
  }
  return out;
}
