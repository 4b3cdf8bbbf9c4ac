// What callers give to an index, checked: the same for one in memory and for one in workers.

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
const MAX_QUERIES = 64;
/** Candidates of a search, which are at most half as many more. */
export const MAX_COUNT = 1 << 21;

/** Candidates of all queries of a call together, some 40 bytes each while it runs. */
const MAX_HITS = 1 << 19;

/** How many queries to search at once: memory that a call has grown is never given back to the system. */
export const queriesAtOnce = (candidates: number): number =>
  Math.max(1, Math.min(MAX_QUERIES, Math.floor(MAX_HITS / Math.max(1, candidates))));

export interface IndexOptions {
  /** Dimensions of the vectors, 1 to 16384. */
  dims: number;
  /**
   * Bits a dimension: 1, 2, 4 or 8. Default 4; 1 for 'hamming', whose vectors take dims / 8 bytes and
   * no more. Of other metrics a vector takes dims * bits / 8 bytes and 4 more;
   * another 4 for 'l2', or where a mean comes off, and another 4 at 4 bits with quality 'best' and no
   * finer code. Below 16 dimensions there are few directions that 1, 2 or 4 bits tell apart: take 8,
   * and `refine: 8` beside it where the order of near neighbours matters.
   */
  bits?: 1 | 2 | 4 | 8 | undefined;
  /**
   * What scores measure: 'cosine', for which vectors need not be normalised, 'dot', the inner
   * product, 'l2', the squared distance, or 'hamming', how many bits differ. Default 'cosine'.
   *
   * For 'hamming' vectors are bits: as packed in bytes by quantizeEmbeddings(), sentence-transformers
   * or numpy.packbits (a Uint8Array of 'ubinary', an Int8Array of 'binary' embeddings, ceil(dims / 8)
   * bytes a vector, the first dimension in the highest bit; bits beyond the last dimension count for
   * nothing), or as numbers, dims a vector, of which those above zero are 1. They are kept as they
   * are, and what is found is exact: `quality` and `seed` change nothing, and there is no `mean`, no
   * `refine` and nothing to calibrate.
   *
   * Codes say in which direction from the mean, or without one from the origin, a vector lies. With
   * 'l2', vectors that lie far from the origin on one side of it need their mean taken off: the first
   * 8 vectors or more do that by themselves, however they are added, unless some of
   * them are removed or saved before.
   */
  metric?: Metric | undefined;
  /**
   * 'best' chooses a scale for each vector that brings its code closest in direction; 'fast' takes
   * the scale of the codebook and adds several times as fast. Default 'best'.
   */
  quality?: 'best' | 'fast' | undefined;
  /**
   * Bits of a second, finer code that scores the candidates of a search: 4 or 8, in
   * dims * refine / 8 and 4 bytes more a vector. Default none.
   */
  refine?: 4 | 8 | undefined;
  /**
   * Seed of the random rotation, below 2^32. Default 0. Vectors have the same codes in every index
   * with the same seed.
   */
  seed?: number | undefined;
  /**
   * The mean of the vectors (of the normalised ones for 'cosine'), if it is known, dims values:
   * taking it off makes codes of crowded embeddings finer. calibrate() learns it from a sample.
   */
  mean?: FloatArray | undefined;
}

export const INDEX_OPTIONS = ['dims', 'bits', 'metric', 'quality', 'refine', 'seed', 'mean'];

export interface SearchOptions {
  /**
   * How many neighbours, 1 to 2^20; where there are fewer vectors, fewer. Infinity is all of up to
   * 2^20 vectors, and 0 is taken of an empty index. Default 10.
   */
  k?: number | undefined;
  /**
   * Which vectors may be found: their ids (others count for nothing), a function of the id, or, for
   * ids that are small integers, a bitmap with bit id % 8 of byte id >> 3. Default all.
   */
  filter?: Iterable<Id> | ((id: Id) => boolean) | Uint8Array | undefined;
  /**
   * The best rescore * k of the scan, 1 or more, are scored again with the query in full precision
   * and the finer code, if there is one. Default 10 with `refine` and below 16 dimensions; else half
   * of k more than k are, at least 16 more.
   */
  rescore?: number | undefined;
}

export interface CalibrateOptions {
  /**
   * 'axes' learns the mean and the axes; 'mean' the mean alone, which costs nothing later. Default
   * 'axes'.
   */
  method?: 'axes' | 'mean' | undefined;
}

export const SEARCH_OPTIONS = ['k', 'filter', 'rescore'];

/** The settings and the mean of a new index. */
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
  const bits = width('bits', o.bits ?? (metric === 'hamming' ? 1 : 4), [1, 2, 4, 8]);
  const quality = oneOf('quality', o.quality ?? 'best', QUALITIES);
  const refine = o.refine === undefined ? 0 : width('refine', o.refine, [4, 8]);
  const seed = integer('seed', o.seed ?? 0, 0, 2 ** 32 - 1);
  // With the norms of l2 that would be 12 bytes beside the codes.
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

/** Options that say nothing of bits. */
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

/** The bytes of a file that was given to `name`. */
export function bytesOf(name: string, file: unknown): Uint8Array {
  if (!isBytes(file)) throw invalid(`${name} takes the bytes of a file, got ${describe(file)}`);
  return toBytes('file', file);
}

/** How calibrate() or recalibrate() of an index with these settings is to learn. */
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

/** What is given as a sample of how many vectors to an index that holds `rows` rows. */
export function checkSample(sample: Float32Array, rows: number): void {
  if (rows > 0) {
    throw invalid('calibrate() works on an empty index; recalibrate() is for one with vectors');
  }
  if (sample.length === 0) throw invalid('sample must hold at least one vector');
}

/** How many neighbours a search of `size` vectors is for; Infinity is all of them. */
export function checkK(o: SearchOptions, size: number): number {
  const { k = 10 } = o;
  if (k === Number.POSITIVE_INFINITY && size <= MAX_CANDIDATES) return Math.max(size, 1);
  // As index.size says it of an empty index.
  if (k === 0 && size === 0) return 1;
  if (typeof k === 'number' && Number.isInteger(k) && k >= 1 && k <= MAX_CANDIDATES) return k;
  throw invalid(
    `k must be an integer from 1 to ${MAX_CANDIDATES}, or Infinity for all of as many vectors, ` +
      `got ${describe(k)}`,
  );
}

/** How many candidates a search of `size` vectors with these options has, if there are as many. */
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

/** Whether removed rows take so much room that an index drops them by itself. */
export const isSparse = (ids: Ids): boolean => ids.removed > 256 && ids.removed > ids.length / 8;
