// Searches in all workers in parallel.

import { queriesAtOnce } from '../vectors/candidates.js';
import { allowedRows } from '../vectors/filter.js';
import type { Values } from '../vectors/functions.js';
import { asResult, type SearchResult, scoresOf } from '../vectors/results.js';
import { merge, type ShardHits } from './merge.js';
import { countsOf, type SearchPlan } from './options.js';
import type { RemoteShard } from './shards.js';
import type { PoolState } from './state.js';

/** Neighbours, best first; among equal ones those added earlier. */
export interface PoolSearchResult extends SearchResult {
  /** With `partial`: the number of vectors that could not be searched because their worker is missing. */
  readonly missing?: number | undefined;
}

/** The neighbours of any number of queries. */
export async function search(
  state: PoolState,
  x: Values,
  plan: SearchPlan,
): Promise<PoolSearchResult[]> {
  state.check();
  if (!plan.partial) state.shards.checkAll();
  const { width } = state.empty;
  const { settings } = state.empty;
  // Computed after all earlier calls, as k may be Infinity.
  const size = state.ids.length - state.ids.removed;
  const { k, count } = countsOf(plan, size, settings);
  const allowed = plan.filter === undefined ? null : allowedRows(plan.filter, state.ids);
  const filters = Array.from({ length: state.shards.count }, (_, shard) =>
    allowed === null ? null : allowedIn(state.places.rowsOf(shard), allowed),
  );
  const results: PoolSearchResult[] = [];
  state.empty.check(x, x.length > width ? 'queries' : 'query');
  const step = queriesAtOnce(Math.min(count, size)) * width;
  for (let start = 0; start < x.length; start += step) {
    plan.signal?.throwIfAborted();
    const part = x.subarray(start, start + step);
    const { found, missing } = await candidates(state, part, count, plan.partial, filters);
    state.check();
    for (let q = 0; q < part.length / width; q++) {
      const { rows, scores } = merge(found, q, k, count);
      const ids = rows.map((row) => state.ids.at(row));
      const result = asResult(ids, scoresOf(scores, settings.metric), settings.metric);
      results.push(plan.partial ? { ...result, missing } : result);
    }
  }
  return results;
}

/** The candidates of all shards for queries that are searched together. */
async function candidates(
  state: PoolState,
  x: Values,
  count: number,
  partial: boolean,
  filters: readonly (Uint32Array | null)[],
): Promise<{ found: ShardHits[]; missing: number }> {
  const { places } = state;
  let missing = 0;
  const ask = async (remote: RemoteShard, shard: number): Promise<ShardHits[]> => {
    const rows = places.rowsOf(shard);
    const alive = places.aliveIn(shard);
    const stride = Math.max(1, Math.min(count, alive));
    try {
      const queries = x.slice();
      const hits = await remote.call('search', [queries, stride, filters[shard]], {
        transfer: [queries.buffer as ArrayBuffer],
      });
      return [{ hits, stride, rows }];
    } catch (error) {
      if (!partial || !remote.ended) throw error;
      missing += alive;
      return [];
    }
  };
  const found = (await state.everywhere(ask)).flat();
  return { found, missing };
}

/** One bit per row of a shard, from the bits of all rows. */
function allowedIn(rows: Uint32Array, allowed: Uint32Array): Uint32Array {
  const bits = new Uint32Array(Math.ceil(rows.length / 32));
  for (let local = 0; local < rows.length; local++) {
    const row = rows[local];
    if ((allowed[row >>> 5] >>> (row & 31)) & 1) bits[local >>> 5] |= 1 << (local & 31);
  }
  return bits;
}
