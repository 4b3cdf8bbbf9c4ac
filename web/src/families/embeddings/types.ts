// The public types of embeddings in a byte or a bit a dimension.

import type { FloatArray } from '../../core/arguments.js';

export const PRECISIONS = ['int8', 'uint8', 'binary', 'ubinary'] as const;
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
  ranges?: EmbeddingRanges | undefined;
  /**
   * What becomes of values outside of the ranges: by default they are clamped; 'reference' wraps
   * them around, as the conversion to a byte does in the original (on x86-64; elsewhere it may
   * differ).
   */
  mode?: 'reference' | undefined;
}

/** The same with what the data need: `quantizeEmbeddings(x, { dims, precision, ... })`. */
export interface EmbeddingOptions<P extends EmbeddingPrecision = EmbeddingPrecision>
  extends QuantizeEmbeddingsOptions {
  /** Values in a vector; for binary and ubinary a multiple of 8. */
  readonly dims: number;
  readonly precision: P;
}

/** Embeddings and all that decoding them takes: plain data, fit for structured cloning. */
export interface EmbeddingData<P extends EmbeddingPrecision = EmbeddingPrecision> {
  readonly kind: 'embeddings';
  readonly codes: QuantizedEmbeddings<P>;
  readonly dims: number;
  readonly precision: P;
  /** Those that the codes were made by, for int8 and uint8; else null. */
  readonly ranges: {
    readonly min: Float32Array | Float64Array;
    readonly max: Float32Array | Float64Array;
  } | null;
  /** Values: n * dims. */
  readonly length: number;
  /** Bytes of the codes and the ranges. */
  readonly byteLength: number;
}

/** An Int8Array for int8 and binary, a Uint8Array for uint8 and ubinary. */
export type QuantizedEmbeddings<P extends EmbeddingPrecision> = P extends 'int8' | 'binary'
  ? Int8Array<ArrayBuffer>
  : Uint8Array<ArrayBuffer>;
