// What the shards of a pool found, as one index with all their rows finds it.

import { type Ranked, rank } from '../vectors/merge.js';
import type { Hits } from '../vectors/native.js';

/** What one shard found for some queries. */
export interface ShardHits {
  readonly hits: Hits;
  /** How many places a query has in `hits`. */
  readonly stride: number;
  /** The row in the pool of each row in the shard. */
  readonly rows: Uint32Array;
}

/**
 * What one index with the rows of all shards finds for query `q`: of the candidates of all, as many
 * as it would have by estimate, then the best by score; of equal ones the earlier rows.
 */
export function merge(
  found: readonly ShardHits[],
  q: number,
  k: number,
  candidates: number,
): { rows: number[]; scores: Float32Array } {
  const all: Ranked[] = [];
  for (const { hits, stride, rows } of found) {
    for (let at = q * stride; at < q * stride + hits.found[q]; at++) {
      const order = rows[hits.rows[at]];
      all.push({ order, score: hits.scores[at], estimate: hits.estimates[at] });
    }
  }
  const best = rank(all, k, candidates);
  return {
    rows: best.map(({ order }) => order),
    scores: Float32Array.from(best, ({ score }) => score),
  };
}
