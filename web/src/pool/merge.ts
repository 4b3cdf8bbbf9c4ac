// Merges the hits of all shards, with the result of one index that has all their rows.

import { type Ranked, rank } from '../vectors/merge.js';
import type { Hits } from '../vectors/native-search.js';

/** The hits of one shard for some queries. */
export interface ShardHits {
  readonly hits: Hits;
  /** Slots per query in `hits`. */
  readonly stride: number;
  /** The row in the pool of each row in the shard. */
  readonly rows: Uint32Array;
}

/**
 * The neighbours that one index with the rows of all shards would find for query `q`: as many candidates as
 * it would have, by estimate, and then the best by score; among equal ones the earlier rows.
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
