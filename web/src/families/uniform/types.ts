// The public types of the uniform family.

import type { FloatArray } from '../../core/arguments.js';
import type { ROUNDINGS, SCALE_TYPES, SCHEMES } from './names.js';

/** symmetric: signed codes. asymmetric: integer zero point. affine: float minimum. */
export type Scheme = (typeof SCHEMES)[number];
/** nearest: ties to even. */
export type Rounding = (typeof ROUNDINGS)[number];
export type ScaleType = (typeof SCALE_TYPES)[number];

export interface UniformOptions {
  /** Bits per code, 2 to 8. Default 8. */
  bits?: number | undefined;
  /** Default 'symmetric'. */
  scheme?: Scheme | undefined;
  /** Values per block, which share a scale; the last block may be shorter. Default: all values. */
  block?: number | undefined;
  /** With `shape`: one scale per row (0) or per column (1) of a row-major array. */
  axis?: 0 | 1 | undefined;
  /** [rows, columns], for `axis`. */
  shape?: readonly [number, number] | undefined;
  /** Default 'nearest'. */
  rounding?: Rounding | undefined;
  /** The precision of stored scales and minima. Default 'f32'. */
  scaleType?: ScaleType | undefined;
  /**
   * 'reference' computes codes with the scale and minimum before they are rounded to f16, as the affine demo
   * does. By default codes are computed with the scale that is stored.
   */
  mode?: 'reference' | undefined;
}

/** Quantized values with everything that decoding needs: plain data, suitable for structured cloning. */
export interface UniformQuantized {
  readonly kind: 'uniform';
  /** Packed codes, ceil(length * bits / 8) bytes, the first value in the lowest bits. */
  readonly codes: Uint8Array;
  readonly bits: number;
  readonly scheme: Scheme;
  readonly length: number;
  /** Values per block; null where each column is a block. */
  readonly block: number | null;
  /** The number of columns where each column is a block; else null. */
  readonly columns: number | null;
  readonly scaleType: ScaleType;
  /** One per block. */
  readonly scales: Float32Array;
  /** One per block for 'asymmetric', else null. */
  readonly zeroPoints: Int32Array | null;
  /** The smallest value of each block for 'affine', else null. */
  readonly minima: Float32Array | null;
  /** Bytes of codes, scales (2 each for f16), zero points and minima. */
  readonly byteLength: number;
}

/** Uniform quantization: equally spaced levels, 2 to 8 bits per value. */
export interface Uniform {
  /**
   * Quantizes finite values:
   *
   *     code = clamp(round((x - minimum) / scale) + zeroPoint)
   *
   * symmetric: codes -2^(b-1) to 2^(b-1)-1, scale = max|x| / (2^(b-1)-1);
   * asymmetric: codes 0 to 2^b-1, scale = (max-min) / (2^b-1), zeroPoint = round(-min/scale);
   * affine: codes 0 to 2^b-1, the same scale, minimum = min. With f32 scales the last two reproduce
   * constant input exactly.
   *
   * Sources: Jacob et al., Quantization and Training of Neural Networks for Efficient
   * Integer-Arithmetic-Only Inference, 2018; affine is the form of ggml's Q4_1.
   *
   * @param x the values; may be empty
   * @param options see UniformOptions
   * @param out a Uint8Array for the packed codes, of exactly their length, instead of a new one; partly
   *   written when a value is refused
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity, UNSUPPORTED when a scale
   *   is too large for scaleType 'f16', INVALID_ARGUMENT for anything else
   */
  quantize(x: FloatArray, options?: UniformOptions, out?: Uint8Array): UniformQuantized;

  /**
   * Decodes to values: (code - zeroPoint) * scale + minimum.
   *
   * @param out a Float32Array of q.length to write to
   */
  dequantize(q: UniformQuantized, out?: Float32Array): Float32Array;

  /** The unpacked integers: Int8Array for 'symmetric', else Uint8Array. */
  codes(q: UniformQuantized): Int8Array | Uint8Array;
}
