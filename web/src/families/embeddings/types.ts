// The public types of embeddings with a byte or a bit per dimension.

import type { FloatArray } from '../../core/arguments.js';

export const PRECISIONS = ['int8', 'uint8', 'binary', 'ubinary'] as const;
/**
 * binary and ubinary: one bit per dimension, the first in the highest bit; binary is ubinary - 128, as int8.
 */
export type EmbeddingPrecision = (typeof PRECISIONS)[number];

/** Ranges are float32 as number[], Float32Array and Float16Array, and float64 as Float64Array. */
export interface EmbeddingRanges {
  /** The smallest value of each dimension. */
  readonly min: FloatArray;
  /** The largest value of each dimension. */
  readonly max: FloatArray;
}

export interface QuantizeEmbeddingsOptions {
  /**
   * The result of embeddingRanges() on a calibration set, for int8 and uint8. Default: the ranges of `x`
   * itself, which differ from one batch to the next.
   */
  ranges?: EmbeddingRanges | undefined;
  /**
   * The treatment of values outside the ranges: by default they are clamped; 'reference' wraps them around,
   * like the conversion to a byte in the original (on x86-64; elsewhere it may differ).
   */
  mode?: 'reference' | undefined;
}

/**
 * The options with the shape and precision of the data: `quantizeEmbeddings(x, { dims, precision, ... })`.
 */
export interface EmbeddingOptions<P extends EmbeddingPrecision = EmbeddingPrecision>
  extends QuantizeEmbeddingsOptions {
  /** Values per vector; for binary and ubinary a multiple of 8. */
  readonly dims: number;
  readonly precision: P;
}

/** Quantized embeddings with everything that decoding needs: plain data, suitable for structured cloning. */
export interface EmbeddingData<P extends EmbeddingPrecision = EmbeddingPrecision> {
  readonly kind: 'embeddings';
  readonly codes: QuantizedEmbeddings<P>;
  readonly dims: number;
  readonly precision: P;
  /** The ranges that the codes were made with, for int8 and uint8; else null. */
  readonly ranges: {
    readonly min: Float32Array | Float64Array;
    readonly max: Float32Array | Float64Array;
  } | null;
  /** The number of values: n * dims. */
  readonly length: number;
  /** Bytes of the codes and the ranges. */
  readonly byteLength: number;
}

/** Int8Array for int8 and binary, Uint8Array for uint8 and ubinary. */
export type QuantizedEmbeddings<P extends EmbeddingPrecision> = P extends 'int8' | 'binary'
  ? Int8Array<ArrayBuffer>
  : Uint8Array<ArrayBuffer>;
