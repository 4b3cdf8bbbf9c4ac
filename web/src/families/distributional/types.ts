// The public types of the distributional family: its names are those of the Python package distquant.

import type { FloatArray } from '../../core/arguments.js';
import type { DISTS, LEVELS, METHODS } from './names.js';

/**
 * What the data are taken to be distributed as. Without suffix: cells of the density that is best
 * for the error asked for; with `_cdf`: equally likely cells. 'laplace' is for method 'lloyd-max'.
 */
export type DistributionName = (typeof DISTS)[number] | 'laplace';
/**
 * formula: cells from a distribution function. lloyd-max: the least squared error possible on a
 * Gaussian or Laplace distribution. kmeans: the least squared error on these very values.
 */
export type DistributionalMethod = (typeof METHODS)[number];
/** How a cell is decoded: by the formula, or to its conditional mean (p 2) or median (p 1). */
export type CellLevels = (typeof LEVELS)[number];

/** The code of x is the number of thresholds <= x, and decodes to the level of that number. */
export interface DistributionalCodebook {
  /** n - 1, ascending. */
  readonly thresholds: Float32Array;
  /** n. */
  readonly levels: Float32Array;
}

export interface DistributionalOptions {
  /** Bits a value, 1 to 16 (lloyd-max and kmeans: to 8). This, `k` or `n`. */
  bits?: number | undefined;
  /** The same, as the Python package calls it. */
  k?: number | undefined;
  /** Cells, 2 to 65536 (lloyd-max and kmeans: to 256). */
  n?: number | undefined;
  /** Default 'gaussian'; null tries all nine and takes the best. Not for kmeans. */
  dist?: DistributionName | null | undefined;
  /** Stretches the range of the levels, > 0; null (default) finds the best. lloyd-max: default 1. */
  beta?: number | null | undefined;
  /** Where the cells are centred (exponential: where they begin) instead of where the data say. */
  zero?: number | null | undefined;
  /** 64-bit words of floor(64 / k) codes (default), else one code an element. */
  packbits?: boolean | undefined;
  /** 'reference': what the Python package returns, wherever that is sound. */
  mode?: 'reference' | undefined;
  /** Order of the error that is made least: 1 absolute (default), 2 squared. */
  p?: 1 | 2 | undefined;
  /** Default 'midpoint'. */
  levels?: CellLevels | undefined;
  /** Default 'formula'. */
  method?: DistributionalMethod | undefined;
  /** Encode with this one: nothing is fitted. With `n` or `k` only if they agree with it. */
  codebook?: DistributionalCodebook | undefined;
  /** Values that share loc and scale; dist and beta remain common to all. Default: all values. */
  block?: number | undefined;
  /** 0, with a `shape` of two: each row has its own loc and scale. */
  axis?: 0 | undefined;
  /** Goes into `info.shape`; its product is the number of values. Default [x.length]. */
  shape?: readonly number[] | undefined;
}

/**
 * All that decoding takes. The names of the first nine are those of the Python package, whose
 * dequantize accepts an info of method 'formula', p 1, levels 'midpoint' and one block.
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
  /** With blocks: values in each, and what each has instead of loc and scale. */
  readonly block?: number | undefined;
  readonly locs?: Float32Array | undefined;
  readonly scales?: Float32Array | undefined;
  /** With kmeans or a codebook that was passed. */
  readonly codebook?: DistributionalCodebook | undefined;
}

/** Words, or codes where `packbits` is false: bytes up to 256 cells, else 16 bits. */
export type DistributionalData = BigInt64Array | BigUint64Array | Uint8Array | Uint16Array;

/** Plain data, fit for structured cloning. */
export interface DistributionalQuantized {
  readonly kind: 'distributional';
  /** BigInt64Array with packbits; else Uint8Array up to 256 cells, Uint16Array above. */
  readonly data: BigInt64Array | Uint8Array | Uint16Array;
  readonly info: DistributionalInfo;
  /** Values: info.n_elems. */
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
 * Quantizers that are optimal for a known distribution: cells by the distribution function of the
 * best point density g^(1/(p+1)), levels by its inverse (Bennett 1948, Panter and Dite 1951, Zador
 * 1982; Petersen and Sutter, Distributional Quantization, 2021-2023, and their Python package
 * distquant, whose names and arguments these are), and the Lloyd-Max and k-means quantizers beside
 * them. Values are encoded by comparison with thresholds that agree with the formula for every
 * float (up to 256 cells), the same on every engine.
 */
export interface Distributional {
  /**
   * Quantizes finite values. loc and scale come from mean and unbiased deviation (Cauchy: from
   * median and quartiles; exponential: loc is the least value if that is negative, else 0); values
   * beyond the outermost cells saturate. With `beta` null the best beta of the Python package's grid
   * and of a search between its points is taken. `mode: 'reference'` repeats the package's float32
   * arithmetic instead, and forgets beta with `dist: null` as it does.
   *
   * @param x the values, never changed; empty is fine
   * @param options bits or n, and see DistributionalOptions
   * @param out for the codes, instead of a new array: of the type and length of `data`; written in
   *   part when a value is refused
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity, INVALID_ARGUMENT for the
   *   rest
   */
  quantize(
    x: FloatArray,
    options: DistributionalOptions,
    out?: DistributionalQuantized['data'],
  ): DistributionalQuantized;

  /**
   * The values behind the codes. `data` is not changed.
   *
   * @param info as quantize or the Python package gave it
   * @param out a Float32Array of info.n_elems to write to
   * @throws FewbitsError CORRUPT_DATA where a code is no cell, INVALID_ARGUMENT for the rest
   */
  dequantize(data: DistributionalData, info: DistributionalInfo, out?: Float32Array): Float32Array;

  /** The same for all that quantize returned. */
  dequantize(q: DistributionalQuantized, out?: Float32Array): Float32Array;

  /**
   * Thresholds and levels of a quantizer, from its options or from an info. An info with blocks has
   * a codebook a block: pass loc and scale of one.
   */
  codebook(options: DistributionalCodebookOptions | DistributionalInfo): DistributionalCodebook;

  /**
   * Mean squared error of a codebook on the Gaussian or Laplace distribution of mean 0 and variance
   * 1: the integral, in closed form.
   */
  meanSquaredError(codebook: DistributionalCodebook, dist?: 'gaussian' | 'laplace'): number;
}
