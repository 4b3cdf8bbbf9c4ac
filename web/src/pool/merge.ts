import type { Hits } from '../vectors/native.js';

/** What one shard found for some queries. */
export interface ShardHits {
  readonly hits: Hits;
  /** How many places a query has in `hits`. */
  readonly stride: number;
  /** The row in the pool of each row in the shard. */
  readonly rows: Uint32Array;
}

interface Hit {
  readonly row: number;
  readonly score: number;
  readonly estimate: number;
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
  const all: Hit[] = [];
  for (const { hits, stride, rows } of found) {
    for (let at = q * stride; at < q * stride + hits.found[q]; at++) {
      const row = rows[hits.rows[at]];
      all.push({ row, score: hits.scores[at], estimate: hits.estimates[at] });
    }
  }
  if (all.length > candidates) {
    all.sort((a, b) => b.estimate - a.estimate || a.row - b.row);
    all.length = candidates;
  }
  all.sort((a, b) => b.score - a.score || a.row - b.row);
  const best = all.slice(0, k);
  return {
    rows: best.map(({ row }) => row),
    scores: Float32Array.from(best, ({ score }) => score),
  };
}
