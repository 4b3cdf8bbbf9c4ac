// How many rows of a scan are scored again.

import type { Settings } from './functions.js';

/** Neighbours of a search, and candidates of one that says how many. */
export const MAX_CANDIDATES = 1 << 20;

/** With fewer dimensions vectors lie so densely that the scan, which rounds the query, needs more candidates. */
const FEW_DIMS = 16;

/** For k neighbours: `rescore` * k, or by default what codes of these settings need. */
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
