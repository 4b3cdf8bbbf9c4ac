// The number of candidates, rows of a scan that are scored again, and of queries that are searched together.

import type { Settings } from './functions.js';

/** The most neighbours of a search, and the most candidates that a caller may ask for. */
export const MAX_CANDIDATES = 1 << 20;

const MAX_QUERIES = 64;
/** The most candidates of a search with the extra ones that the default adds. */
export const MAX_COUNT = 1 << 21;

/** Candidates of all queries in a call; each takes some 40 bytes during the call. */
const MAX_HITS = 1 << 19;

/**
 * The number of queries per call, limited because WebAssembly memory that has grown is never returned to the
 * system.
 */
export const queriesAtOnce = (candidates: number): number =>
  Math.max(1, Math.min(MAX_QUERIES, Math.floor(MAX_HITS / Math.max(1, candidates))));

/**
 * Below this number of dimensions vectors lie so densely that the scan, which rounds the query, needs more
 * candidates.
 */
const FEW_DIMS = 16;

/** The candidates for k neighbours: `rescore` * k, or by default what codes with these settings need. */
export function candidatesFor(
  k: number,
  rescore: number | undefined,
  { dims, refine }: Pick<Settings, 'dims' | 'refine'>,
): number {
  const few = k + Math.max(16, k >> 1);
  if (rescore === undefined && refine === 0) {
    return dims < FEW_DIMS ? Math.max(few, Math.min(10 * k, MAX_CANDIDATES)) : few;
  }
  return Math.min(Math.ceil(k * (rescore ?? 10)), MAX_CANDIDATES);
}
