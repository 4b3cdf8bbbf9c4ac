// The public types of the distributional family: its names are those of the Python package distquant.

import type { FloatArray } from '../../core/arguments.js';
import type { DISTS, LEVELS, METHODS } from './names.js';

/**
 * The distribution that the data are assumed to have. Without suffix: cells from the density that is optimal
 * for the chosen error; with `_cdf`: equally likely cells. 'laplace' is for method 'lloyd-max'.
 */
export type DistributionName = (typeof DISTS)[number] | 'laplace';
/**
 * formula: cells from a distribution function. lloyd-max: the least possible squared error on a Gaussian or
 * Laplace distribution. kmeans: the least squared error on the given values.
 */
export type DistributionalMethod = (typeof METHODS)[number];
/** The level of a cell: by the formula, or its conditional mean (p 2) or median (p 1). */
export type CellLevels = (typeof LEVELS)[number];

/** The code of x is the number of thresholds <= x, and decodes to the level with that index. */
export interface DistributionalCodebook {
  /** n - 1 values, ascending. */
  readonly thresholds: Float32Array;
  /** n values. */
  readonly levels: Float32Array;
}

export interface DistributionalOptions {
  /** Bits per value, 1 to 16 (lloyd-max and kmeans: to 8). Give one of this, `k` and `n`. */
  bits?: number | undefined;
  /** The same as `bits`, under the name of the Python package. */
  k?: number | undefined;
  /** The number of cells, 2 to 65536 (lloyd-max and kmeans: to 256). */
  n?: number | undefined;
  /** Default 'gaussian'; null tries all nine and takes the best. Not for kmeans. */
  dist?: DistributionName | null | undefined;
  /** Stretches the range of the levels, > 0; null (default) searches for the best. lloyd-max: default 1. */
  beta?: number | null | undefined;
  /** The centre of the cells (exponential: where they begin), instead of one taken from the data. */
  zero?: number | null | undefined;
  /** True (default) packs floor(64 / bits) codes into each 64-bit word; false gives one code per element. */
  packbits?: boolean | undefined;
  /** 'reference': the results of the Python package, wherever they are sound. */
  mode?: 'reference' | undefined;
  /** The order of the error to minimize: 1 absolute (default for formula), 2 squared. */
  p?: 1 | 2 | undefined;
  /** Default 'midpoint'. */
  levels?: CellLevels | undefined;
  /** Default 'formula'. */
  method?: DistributionalMethod | undefined;
  /**
   * The codebook to encode with; nothing is fitted. `n`, `bits` or `k` may be given if they agree with it.
   */
  codebook?: DistributionalCodebook | undefined;
  /** The number of values that share loc and scale; dist and beta are common to all. Default: all values. */
  block?: number | undefined;
  /** 0, with a two-dimensional `shape`: each row has its own loc and scale. */
  axis?: 0 | undefined;
  /** The shape for `info.shape`; its product is the number of values. Default [x.length]. */
  shape?: readonly number[] | undefined;
}

/**
 * Everything that decoding needs. The first nine names are those of the Python package, whose dequantize
 * accepts an info of method 'formula', p 1, levels 'midpoint' and one block.
 */
export interface DistributionalInfo {
  readonly dist: DistributionName | null;
  readonly scale: number;
  readonly loc: number;
  readonly n: number;
  readonly packbits: boolean;
  readonly beta: number;
  /** Mean absolute error. */
  readonly abs_error: number;
  readonly shape: readonly number[];
  readonly n_elems: number;
  /** Mean squared error. */
  readonly mse?: number | undefined;
  readonly p?: 1 | 2 | undefined;
  readonly levels?: CellLevels | undefined;
  readonly method?: DistributionalMethod | undefined;
  readonly mode?: 'reference' | undefined;
  /** With blocks: the values in each, and arrays that replace loc and scale. */
  readonly block?: number | undefined;
  readonly locs?: Float32Array | undefined;
  readonly scales?: Float32Array | undefined;
  /** With kmeans, or a codebook that was passed. */
  readonly codebook?: DistributionalCodebook | undefined;
}

/** Words; or codes where `packbits` is false: bytes up to 256 cells, else 16 bits each. */
export type DistributionalData = BigInt64Array | BigUint64Array | Uint8Array | Uint16Array;

/** Plain data, suitable for structured cloning. */
export interface DistributionalQuantized {
  readonly kind: 'distributional';
  /** BigInt64Array with packbits; otherwise Uint8Array up to 256 cells, Uint16Array above. */
  readonly data: BigInt64Array | Uint8Array | Uint16Array;
  readonly info: DistributionalInfo;
  /** The number of values: info.n_elems. */
  readonly length: number;
  /** Bytes of data, of the blocks' locs and scales, and of a codebook in info. */
  readonly byteLength: number;
}

export interface DistributionalCodebookOptions {
  bits?: number | undefined;
  k?: number | undefined;
  n?: number | undefined;
  dist?: DistributionName | undefined;
  /** Default 1. */
  beta?: number | undefined;
  /** Default 0. */
  loc?: number | undefined;
  /** Default 1. */
  scale?: number | undefined;
  p?: 1 | 2 | undefined;
  levels?: CellLevels | undefined;
  method?: 'formula' | 'lloyd-max' | undefined;
  mode?: 'reference' | undefined;
}

/**
 * Quantizers that are optimal for a known distribution: cells from the distribution function of the optimal
 * point density g^(1/(p+1)), levels from its inverse (Bennett 1948, Panter and Dite 1951, Zador 1982;
 * Petersen and Sutter, Distributional Quantization, 2021-2023, and their Python package distquant, whose
 * names and arguments these are). The Lloyd-Max and k-means quantizers are here as well. Values are encoded
 * by comparison with thresholds that agree with the formula for every float (up to 256 cells), so that every
 * engine gives the same codes.
 */
export interface Distributional {
  /**
   * Quantizes finite values. loc and scale come from mean and unbiased deviation (Cauchy: from median and
   * quartiles; exponential: loc is the minimum if that is negative, else 0); values beyond the outermost
   * cells saturate. With `beta` null the best beta is taken from the Python package's grid and a search
   * between its points. `mode: 'reference'` repeats the package's float32 arithmetic instead, and like the
   * package loses beta with `dist: null`.
   *
   * @param x the values, never changed; may be empty
   * @param options bits or n, and others; see DistributionalOptions
   * @param out an array for the codes, of the type and length of `data`; partly written when a value is
   *   refused
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity, INVALID_ARGUMENT for anything else
   */
  quantize(
    x: FloatArray,
    options: DistributionalOptions,
    out?: DistributionalQuantized['data'],
  ): DistributionalQuantized;

  /**
   * Decodes codes to values. `data` is not changed.
   *
   * @param info as returned by quantize or the Python package
   * @param out a Float32Array of info.n_elems to write to
   * @throws FewbitsError CORRUPT_DATA for a code without a cell, INVALID_ARGUMENT for anything else
   */
  dequantize(data: DistributionalData, info: DistributionalInfo, out?: Float32Array): Float32Array;

  /** Decodes the result of quantize. */
  dequantize(q: DistributionalQuantized, out?: Float32Array): Float32Array;

  /**
   * The thresholds and levels of a quantizer, from its options or an info. In an info with blocks each block
   * has its own codebook: pass the loc and scale of one block.
   */
  codebook(options: DistributionalCodebookOptions | DistributionalInfo): DistributionalCodebook;

  /**
   * The mean squared error of a codebook on the Gaussian or Laplace distribution of mean 0 and variance 1:
   * the integral in closed form.
   */
  meanSquaredError(codebook: DistributionalCodebook, dist?: 'gaussian' | 'laplace'): number;
}
