// The public types of the ggml family.

import type { FloatArray } from '../../core/arguments.js';
import type { GgmlTargetType, GgmlType } from '../../core/ggml-types.js';

/** The ggml types that arrays can be quantized to and dequantized from. */
export type GgmlQuantizedType = Exclude<GgmlTargetType, 'F32'>;

export interface GgmlOptions {
  /** Values per row of the tensor, a multiple of the type's block size. Default: all values are one row. */
  readonly rowLength?: number | undefined;
  /**
   * The weights of an importance matrix: one for each of the `rowLength` columns, finite and not negative.
   * Types that use none (Q8_0, the ternary, the 4-bit float and the half types) ignore it, as the native tool
   * does.
   */
  readonly importance?: FloatArray | undefined;
  /**
   * Whether to accept lossy blocks, which the native tool writes before it checks: infinite where scales
   * overflow, zeros where they underflow. By default both are refused.
   */
  readonly allowLoss?: boolean | undefined;
}

/** The loss of values in blocks. */
export interface GgmlLoss {
  /**
   * The share of the values' energy (the sum of their squares) that was lost because scales were too small to
   * be stored: 0 for most arrays, 1 where all values became zero.
   */
  readonly lost: number;
}

/** The options with the type: `quantize(x, { type, ... })`. */
export interface GgmlTypedOptions extends GgmlOptions {
  readonly type: GgmlQuantizedType;
}

/** Blocks with everything that decoding needs: plain data, suitable for structured cloning. */
export interface GgmlQuantized {
  readonly kind: 'ggml';
  readonly type: GgmlQuantizedType;
  /** The bytes as they are in a GGUF file. */
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly byteLength: number;
}

/** The block formats of ggml: the bytes of a GGUF file, equal to those of the native reference quantizer. */
export interface Ggml {
  /**
   * Quantizes `x` to blocks, row after row.
   *
   * @param x finite values; F16 and BF16 also hold NaN and infinities
   * @param out a Uint8Array of `x.length / blockSize * bytesPerBlock`; partly written when a later value is
   *   refused
   * @throws FewbitsError NON_FINITE with the index of the first value that is not finite, or that is too
   *   large for the type or for the scale of its block; UNSUPPORTED where x is too small for the type's
   *   scales and would be lost (see allowLoss for both); INVALID_ARGUMENT for a length that is not of whole
   *   rows or a row that is not of whole blocks
   */
  quantize(
    x: FloatArray,
    type: GgmlQuantizedType,
    options?: GgmlOptions,
    out?: Uint8Array,
  ): Uint8Array;

  /** Quantizes to blocks with their type and length, as dequantize takes them. */
  quantize(x: FloatArray, options: GgmlTypedOptions, out?: Uint8Array): GgmlQuantized;

  /**
   * Decodes blocks to values, bit for bit as ggml does.
   *
   * @param length the number of values; `bytes` must hold exactly that many
   * @throws FewbitsError INVALID_ARGUMENT when it does not
   */
  dequantize(
    bytes: Uint8Array,
    type: GgmlQuantizedType,
    length: number,
    out?: Float32Array,
  ): Float32Array;

  /** Decodes the result of quantize(x, options). */
  dequantize(q: GgmlQuantized, out?: Float32Array): Float32Array;

  /**
   * Throws unless `bytes` are blocks that ggml loads: CORRUPT_DATA with the index of the first value that has
   * a NaN or infinite scale (in F16 and BF16: that is itself NaN or infinite).
   */
  validate(bytes: Uint8Array, type: GgmlQuantizedType, length: number): void;

  /**
   * Measures how much of `x` was lost in its blocks because scales were too small to be stored.
   *
   * @throws FewbitsError NON_FINITE with the index of a value that is too large for the type
   */
  loss(x: FloatArray, bytes: Uint8Array, type: GgmlQuantizedType): GgmlLoss;

  /** Block size, bytes, bits per weight and GGUF number of each type that quantize accepts. */
  readonly types: Readonly<Record<GgmlQuantizedType, GgmlType>>;
}
