// The public types of the ggml family.

import type { FloatArray } from '../../core/arguments.js';
import type { GgmlTargetType, GgmlType } from '../../core/ggml-types.js';

/** The ggml types that arrays are quantized to and dequantized from. */
export type GgmlQuantizedType = Exclude<GgmlTargetType, 'F32'>;

export interface GgmlOptions {
  /** Values in a row of the tensor, a multiple of the type's block size. Default: all are one row. */
  readonly rowLength?: number | undefined;
  /**
   * An importance matrix's weights: one for each of the `rowLength` columns, finite and not
   * negative. Types that take none (Q8_0, the ternary, the 4-bit float and the half types) ignore
   * it, as in the native tool.
   */
  readonly importance?: FloatArray | undefined;
  /**
   * Take what is written as it is, as the native tool does before it checks: infinite where scales
   * overflow, zeros where they vanish. By default both are refused.
   */
  readonly allowLoss?: boolean | undefined;
}

/** What a type keeps of values. */
export interface GgmlLoss {
  /**
   * The share of the values' energy (of the sum of their squares) that went where scales are too
   * small to be kept: 0 for most arrays, 1 where all became zeros.
   */
  readonly lost: number;
}

/** The same with the type: `quantize(x, { type, ... })`. */
export interface GgmlTypedOptions extends GgmlOptions {
  readonly type: GgmlQuantizedType;
}

/** Blocks and what decoding them takes: plain data, fit for structured cloning. */
export interface GgmlQuantized {
  readonly kind: 'ggml';
  readonly type: GgmlQuantizedType;
  /** The bytes that a GGUF file holds. */
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly byteLength: number;
}

/**
 * The block formats of ggml: the bytes that a GGUF file holds, equal to those of the native
 * reference quantizer.
 */
export interface Ggml {
  /**
   * The blocks of `x`, row after row.
   *
   * @param x finite values; F16 and BF16 also hold NaN and infinities, where x has them
   * @param out a Uint8Array of `x.length / blockSize * bytesPerBlock`, written in part when a later
   *   value turns out not to be finite
   * @throws FewbitsError NON_FINITE with the index of the first such value, or of one that is too large
   *   for the type or for the scale of its block; UNSUPPORTED where x is too small for the type's
   *   scales and would be lost (see allowLoss for both); INVALID_ARGUMENT for a length that is not of
   *   whole rows or a row that is not of whole blocks
   */
  quantize(
    x: FloatArray,
    type: GgmlQuantizedType,
    options?: GgmlOptions,
    out?: Uint8Array,
  ): Uint8Array;

  /** The same blocks with their type and length, as dequantize takes them. */
  quantize(x: FloatArray, options: GgmlTypedOptions, out?: Uint8Array): GgmlQuantized;

  /**
   * The values of blocks, equal to ggml's to the bit.
   *
   * @param length how many; `bytes` must hold just as many
   * @throws FewbitsError INVALID_ARGUMENT when it does not
   */
  dequantize(
    bytes: Uint8Array,
    type: GgmlQuantizedType,
    length: number,
    out?: Float32Array,
  ): Float32Array;

  /** The same of what quantize returned with its type. */
  dequantize(q: GgmlQuantized, out?: Float32Array): Float32Array;

  /**
   * Throws unless `bytes` are blocks that ggml loads: CORRUPT_DATA with the index of the first value
   * whose scale (of F16 and BF16: which itself) is NaN or infinite.
   */
  validate(bytes: Uint8Array, type: GgmlQuantizedType, length: number): void;

  /**
   * What blocks have lost of the values that they were made of, where scales are at the lower end.
   *
   * @throws FewbitsError NON_FINITE with the index of a value that is too large for them
   */
  loss(x: FloatArray, bytes: Uint8Array, type: GgmlQuantizedType): GgmlLoss;

  /** Block size, bytes, bits per weight and number in GGUF of each type that quantize accepts. */
  readonly types: Readonly<Record<GgmlQuantizedType, GgmlType>>;
}
