// The public types of the linear family.

import type { FloatArray } from '../../core/arguments.js';

export interface MatmulShape {
  /** Rows of a and of the result. */
  readonly m: number;
  /** Rows of b and columns of the result. */
  readonly n: number;
  /** Length of the rows of a and b, at most 65536. */
  readonly k: number;
}

export interface LinearOptions {
  /** Row-major, with one row per output. */
  weights: FloatArray;
  /** [outputs, inputs]. */
  shape: readonly [number, number];
  /** One value per output. */
  bias?: FloatArray | undefined;
  /** Default 8. */
  weightBits?: 8 | 4 | undefined;
  /** Default 8, the only one. */
  activationBits?: 8 | undefined;
  /** How each row of the input is quantized: signed, or unsigned with a zero point. Default 'symmetric'. */
  activations?: 'symmetric' | 'asymmetric' | undefined;
  /** One scale per output (default), or one for all weights. */
  perChannel?: boolean | undefined;
}

/** A quantized linear layer y = x W^T + b. */
export interface LinearLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** Bytes of codes, scales and bias. */
  readonly byteLength: number;
  /** The codes of the weights, one per byte. */
  readonly weights: Int8Array;
  /** One scale per output. */
  readonly weightScales: Float32Array;

  /**
   * Quantizes each row of x, multiplies integers and scales the sums; the bias is added as an integer in
   * units of the scale of its row.
   *
   * @param x `batch` rows of `inputs` values
   * @param batch default 1
   * @returns `batch` rows of `outputs` values
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity
   */
  forward(x: FloatArray, batch?: number, out?: Float32Array): Float32Array;
}

/** Integer matrix products, and the quantized linear layer. */
export interface Linear {
  /**
   * Exact integer product: out[i*n+j] = sum over l of a[i*k+l] * b[j*k+l]. Both factors are row-major, and
   * the sum runs along their rows, as weights are stored.
   *
   * @param a m rows of k, int8 or uint8
   * @param b n rows of k
   * @returns m * n accumulators
   */
  matmul(a: Int8Array | Uint8Array, b: Int8Array, shape: MatmulShape): Int32Array;

  /** The same product in float32, by kernels of the same build, for comparing speed. */
  matmulFloat(a: Float32Array, b: Float32Array, shape: MatmulShape): Float32Array;

  /**
   * Creates a linear layer with quantized weights, whose activations are quantized on each call (Jacob et
   * al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, 2018).
   *
   * @throws FewbitsError INVALID_ARGUMENT, or NON_FINITE with the index of a weight
   */
  create(options: LinearOptions): LinearLayer;
}
