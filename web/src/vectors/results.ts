// What searches and stats() give.

import { isDistance, type Metric, type Settings } from './functions.js';
import type { Id } from './id.js';
import type { NativeIndex } from './native.js';

/** Neighbours, best first; of equal ones the earlier added. */
export interface SearchResult {
  readonly ids: Id[];
  /**
   * Cosine (-1 to 1) or inner product, falling; rising for 'l2', the squared distance (0 or more), and
   * for 'hamming', how many bits differ. An array in JSON; in a structured clone a Float32Array like
   * any other.
   */
  readonly scores: Float32Array;
}

/** Candidates of a search with what they are chosen by, for mergeResults(). */
export interface Candidates {
  readonly ids: Id[];
  /** As of a SearchResult, but as they are estimated: they may leave the range by a little. */
  readonly scores: Float32Array;
  /** What the scan chose them by: rising with nearness, for every metric, and of no unit. */
  readonly estimates: Float32Array;
}

export interface IndexStats extends Settings {
  /** Vectors that can be found. */
  readonly size: number;
  /** Rows that remove() emptied and that still take room. */
  readonly removed: number;
  /** Bytes a vector by design: codes, factors and the finer code. */
  readonly bytesPerVector: number;
  /** Bytes of WebAssembly memory held. */
  readonly byteLength: number;
  /** Whether a mean is taken off, and whether calibrate() has learned a transform. */
  readonly centred: boolean;
  readonly calibrated: boolean;
  /**
   * How well vectors that were added fit what calibrate() learned: which part of a vector's square
   * the codes leave, as expected from the sample and as seen on the `count` vectors that were added or
   * replaced since. `seen` well above `expected` says that the vectors are unlike the sample:
   * recalibrate(). Null without calibrate().
   */
  readonly fit: { readonly expected: number; readonly seen: number; readonly count: number } | null;
  /** Pieces of the transformed vector with the bits of each. */
  readonly segments: readonly { readonly dims: number; readonly bits: number }[];
}

/** The stats of an index, or of the one like the parts of a pool. */
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

/** Scores as they are ranked, which rise with nearness, as those of a metric: distances turned round. */
export function scoresOf(ranked: Float32Array, metric: Metric): Float32Array {
  return isDistance(metric) ? ranked.map((score) => 0 - score) : ranked;
}

/** What JSON makes of scores: an array, as of the ids beside them, and not an object of numbers. */
function toJSON(this: Float32Array): number[] {
  return Array.from(this);
}

const AS_ARRAY = { value: toJSON, configurable: true } as const;

/** Scores of a result, once they are ranked: without what estimating took beyond the metric's range. */
export function asResult(ids: Id[], scores: Float32Array, metric: Metric): SearchResult {
  return { ids, scores: forJson(inRange(scores, metric)) };
}

/** The array, as it was but for JSON. */
export function forJson(scores: Float32Array): Float32Array {
  // Not a subclass, which would not come out of structuredClone() as what it was.
  return Object.defineProperty(scores, 'toJSON', AS_ARRAY);
}

/** Scores of a metric without what estimating took beyond its range, once they are ranked. */
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
