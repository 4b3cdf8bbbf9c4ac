// Arguments of index calls, checked alike for an index in memory and an index in workers.

import {
  describe,
  type FloatArray,
  integer,
  invalid,
  isBytes,
  oneOf,
  options,
  toBytes,
  toFloat32,
} from '../core/arguments.js';
import { candidatesFor, MAX_CANDIDATES } from './candidates.js';
import { isDistance, METRICS, type Metric, QUALITIES, type Settings } from './functions.js';
import type { Id } from './id.js';
import type { Ids } from './ids.js';

const MAX_DIMS = 16384;
export interface IndexOptions {
  /** Dimensions of the vectors, 1 to 16384. */
  dims: number;
  /**
   * Bits per dimension: 1, 2, 3, 4, 6 or 8. Default 4; 1 for 'hamming', whose vectors take exactly
   * ceil(dims / 8) bytes. With other metrics a vector takes dims * bits / 8 + 4 bytes, another 4 for 'l2' or
   * with a mean, and another 4 with 4 bits, quality 'best' and no finer code (except for 'l2'). Below 16
   * dimensions, up to 4 bits can tell few directions apart: use 8, with `refine: 8` where the order of near
   * neighbours matters.
   */
  bits?: 1 | 2 | 3 | 4 | 6 | 8 | undefined;
  /**
   * The measure of scores: 'cosine', for which vectors need not be normalised; 'dot', the inner product;
   * 'l2', the squared distance; or 'hamming', the number of differing bits. Default 'cosine'.
   *
   * For 'hamming' vectors are bits: packed in bytes by quantizeEmbeddings(), sentence-transformers or
   * numpy.packbits (a Uint8Array of 'ubinary', an Int8Array of 'binary' embeddings, ceil(dims / 8) bytes per
   * vector, the first dimension in the highest bit; bits beyond the last dimension are ignored), or numbers,
   * dims per vector, where those above zero are 1. They are stored unchanged, and results are exact:
   * `quality` and `seed` have no effect, and there is no `mean`, no `refine` and nothing to calibrate.
   *
   * Codes store the direction of a vector from the mean, or without one from the origin. With 'l2', vectors
   * that lie far from the origin on one side of it need their mean subtracted: an index does this by itself
   * from its first 8 or more vectors, however they are added, unless some of them are removed or saved
   * before.
   */
  metric?: Metric | undefined;
  /**
   * 'best' chooses a scale for each vector that brings its code closest in direction; 'fast' takes the scale
   * of the codebook and adds vectors several times as fast. Default 'best'.
   */
  quality?: 'best' | 'fast' | undefined;
  /**
   * Bits of a second, finer code that scores the candidates of a search: 4 or 8. It takes dims * refine / 8 +
   * 4 more bytes per vector. Default none.
   */
  refine?: 4 | 8 | undefined;
  /**
   * The seed of the random rotation, below 2^32. Default 0. Indexes with the same seed give vectors the same
   * codes.
   */
  seed?: number | undefined;
  /**
   * The mean of the vectors (of the normalised ones for 'cosine'), if known, dims values. Subtracting it
   * gives finer codes for embeddings that crowd together. calibrate() learns it from a sample.
   */
  mean?: FloatArray | undefined;
}

export const INDEX_OPTIONS = ['dims', 'bits', 'metric', 'quality', 'refine', 'seed', 'mean'];

export interface SearchOptions {
  /**
   * The number of neighbours, 1 to 2^20; fewer are returned if there are fewer vectors. Infinity means all,
   * up to 2^20 vectors, and 0 is accepted for an empty index. Default 10.
   */
  k?: number | undefined;
  /**
   * The vectors that may be found: their ids (unknown ones are ignored), a function of the id, or, for ids
   * that are small integers, a bitmap with bit id % 8 of byte id >> 3. Default all.
   */
  filter?: Iterable<Id> | ((id: Id) => boolean) | Uint8Array | undefined;
  /**
   * The best rescore * k of the scan, with rescore >= 1, are scored again with the query in full precision
   * and the finer code, if there is one. Default 10 with `refine` or below 16 dimensions; otherwise k +
   * max(16, k / 2) candidates.
   */
  rescore?: number | undefined;
}

export interface CalibrateOptions {
  /**
   * 'axes' learns the mean and the axes; 'mean' learns the mean only, at no cost for later calls. Default
   * 'axes'.
   */
  method?: 'axes' | 'mean' | undefined;
}

export const SEARCH_OPTIONS = ['k', 'filter', 'rescore'];

/** Checks the settings and the mean of a new index. */
export function checkSettings(o: IndexOptions): { settings: Settings; mean: Float32Array | null } {
  const width = <T extends number>(name: string, value: T, accepted: readonly T[]): T => {
    if (!accepted.includes(value)) {
      throw invalid(`${name} must be one of ${accepted.join(', ')}, got ${describe(value)}`);
    }
    return value;
  };
  const dims = integer('dims', o.dims, 1, MAX_DIMS);
  const metric = oneOf('metric', o.metric ?? 'cosine', METRICS);
  if (metric === 'hamming') checkOfBits(o);
  const bits = width('bits', o.bits ?? (metric === 'hamming' ? 1 : 4), [1, 2, 3, 4, 6, 8]);
  const quality = oneOf('quality', o.quality ?? 'best', QUALITIES);
  const refine = o.refine === undefined ? 0 : width('refine', o.refine, [4, 8]);
  const seed = integer('seed', o.seed ?? 0, 0, 2 ** 32 - 1);
  // Tails together with the norms of l2 would take 12 bytes in addition to the codes.
  const tails = bits === 4 && quality === 'best' && refine === 0 && metric !== 'l2';
  const settings: Settings = {
    ...{ dims, bits, metric, quality, refine, seed, tails },
    meanProducts: !isDistance(metric),
  };
  const mean = o.mean === undefined ? null : toFloat32('mean', o.mean);
  if (mean !== null && mean.length !== dims) {
    throw invalid(`mean must have ${dims} values, got ${mean.length}`);
  }
  return { settings, mean };
}

/** Refuses options that do not apply to bits. */
function checkOfBits(o: IndexOptions): void {
  const bits = "for vectors of more than bits take metric 'cosine', 'dot' or 'l2'";
  if (o.bits !== undefined && o.bits !== 1) {
    throw invalid(`bits must be 1 for metric 'hamming', got ${describe(o.bits)}; ${bits}`);
  }
  for (const name of ['refine', 'mean'] as const) {
    if (o[name] === undefined) continue;
    throw invalid(`there is no ${name} for metric 'hamming', whose distances are exact; ${bits}`);
  }
}

/** Checks the bytes of a file that was passed to `name`. */
export function bytesOf(name: string, file: unknown): Uint8Array {
  if (!isBytes(file)) throw invalid(`${name} takes the bytes of a file, got ${describe(file)}`);
  return toBytes('file', file);
}

/** Checks the options of calibrate() and recalibrate(), and returns the method. */
export function checkCalibration(given: CalibrateOptions | undefined, { metric }: Settings) {
  if (metric === 'hamming') {
    throw invalid(
      "there is nothing to calibrate for metric 'hamming', which compares bits as they are; an index of " +
        "the floats that they were made of, with metric 'cosine' and bits: 1, can be calibrated",
    );
  }
  const o = options<CalibrateOptions>('options', given, ['method']);
  return oneOf('method', o.method ?? 'axes', ['axes', 'mean']);
}

/** Checks a sample for an index that holds `rows` rows. */
export function checkSample(sample: Float32Array, rows: number): void {
  if (rows > 0) {
    throw invalid('calibrate() works on an empty index; recalibrate() is for one with vectors');
  }
  if (sample.length === 0) throw invalid('sample must hold at least one vector');
}

/** Checks the number of neighbours for a search of `size` vectors; Infinity means all of them. */
export function checkK(o: SearchOptions, size: number): number {
  const { k = 10 } = o;
  if (k === Number.POSITIVE_INFINITY && size <= MAX_CANDIDATES) return Math.max(size, 1);
  // k: index.size is 0 for an empty index.
  if (k === 0 && size === 0) return 1;
  if (typeof k === 'number' && Number.isInteger(k) && k >= 1 && k <= MAX_CANDIDATES) return k;
  throw invalid(
    `k must be an integer from 1 to ${MAX_CANDIDATES}, or Infinity for all of as many vectors, ` +
      `got ${describe(k)}`,
  );
}

/** The number of candidates of a search of `size` vectors with these options, if there are that many. */
export function checkCandidates(
  o: SearchOptions,
  size: number,
  settings: Pick<Settings, 'dims' | 'refine'>,
): number {
  const k = checkK(o, size);
  const { rescore } = o;
  if (
    rescore !== undefined &&
    !(typeof rescore === 'number' && rescore >= 1 && rescore <= MAX_CANDIDATES)
  ) {
    throw invalid(`rescore must be a number from 1 up, got ${describe(rescore)}`);
  }
  return candidatesFor(k, rescore, settings);
}

/** Whether removed rows take enough memory that an index drops them by itself. */
export const isSparse = (ids: Ids): boolean => ids.removed > 256 && ids.removed > ids.length / 8;
