// The results of searches and stats().

import { isDistance, type Metric, type Settings } from './functions.js';
import type { Id } from './id.js';
import type { NativeIndex } from './native.js';

/** Neighbours, best first; among equal ones those added earlier. */
export interface SearchResult {
  readonly ids: Id[];
  /**
   * Cosine (-1 to 1) or inner product, descending; for 'l2' the squared distance (0 or more) and for
   * 'hamming' the number of differing bits, ascending. JSON.stringify() makes an array of them; a structured
   * clone has a plain Float32Array.
   */
  readonly scores: Float32Array;
}

/** Candidates of a search with the estimates that selected them, for mergeResults(). */
export interface Candidates {
  readonly ids: Id[];
  /** Like those of a SearchResult, but not clamped to the range of the metric. */
  readonly scores: Float32Array;
  /**
   * The estimates of the scan, which selected the candidates: larger is nearer for every metric, without a
   * unit.
   */
  readonly estimates: Float32Array;
}

export interface IndexStats extends Settings {
  /** The number of vectors. */
  readonly size: number;
  /** Rows of removed vectors that still take memory. */
  readonly removed: number;
  /** Bytes per vector: codes, factors and the finer code. */
  readonly bytesPerVector: number;
  /** Bytes of WebAssembly memory held. */
  readonly byteLength: number;
  /** Whether a mean is subtracted, and whether calibrate() has learned a transform. */
  readonly centred: boolean;
  readonly calibrated: boolean;
  /**
   * The fit of added vectors to the sample of calibrate(): the average share of a vector's square that codes
   * leave out, as expected from the sample and as seen on the `count` vectors that were added or replaced
   * since. If `seen` is well above `expected`, the vectors are unlike the sample: call recalibrate(). Null
   * without calibrate().
   */
  readonly fit: { readonly expected: number; readonly seen: number; readonly count: number } | null;
  /** Segments of the transformed vector, with their bits. */
  readonly segments: readonly { readonly dims: number; readonly bits: number }[];
}

/** The stats of an index, or of an empty one like the parts of a pool. */
export function statsOf(
  native: NativeIndex,
  { size, removed }: { readonly size: number; readonly removed: number },
): IndexStats {
  return {
    ...native.settings,
    size,
    removed,
    bytesPerVector: Object.values(native.rowSizes).reduce((sum, bytes) => sum + bytes, 0),
    byteLength: native.byteLength,
    centred: native.mean !== null,
    calibrated: native.matrix !== null,
    fit: native.fit.expected > 0 ? { ...native.fit } : null,
    segments: native.segments.map(({ dims, bits }) => ({ dims, bits })),
  };
}

/** Converts scores for ranking, where larger is nearer, to those of the metric: distances are negated. */
export function scoresOf(ranked: Float32Array, metric: Metric): Float32Array {
  return isDistance(metric) ? ranked.map((score) => 0 - score) : ranked;
}

/** JSON.stringify() turns scores into an array, like the ids, and not into an object of numbers. */
function toJSON(this: Float32Array): number[] {
  return Array.from(this);
}

const AS_ARRAY = { value: toJSON, configurable: true } as const;

/** A result from ranked scores, clamped to the range of the metric, which estimates may exceed. */
export function asResult(ids: Id[], scores: Float32Array, metric: Metric): SearchResult {
  return { ids, scores: forJson(inRange(scores, metric)) };
}

/** The same array, with a toJSON() method. */
export function forJson(scores: Float32Array): Float32Array {
  // Not a subclass, which structuredClone() would not preserve.
  return Object.defineProperty(scores, 'toJSON', AS_ARRAY);
}

/** Ranked scores clamped to the range of the metric; a copy if any was outside. */
function inRange(scores: Float32Array, metric: Metric): Float32Array {
  if (metric === 'dot') return scores;
  const low = isDistance(metric) ? 0 : -1;
  const high = isDistance(metric) ? Infinity : 1;
  let kept = scores;
  for (let i = 0; i < scores.length; i++) {
    if (scores[i] >= low && scores[i] <= high) continue;
    if (kept === scores) kept = scores.slice();
    kept[i] = Math.max(low, Math.min(high, scores[i]));
  }
  return kept;
}
