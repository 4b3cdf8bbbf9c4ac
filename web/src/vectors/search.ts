// Searches over the rows of an index: from options to a plan, and from hits to ids and scores.

import { options } from '../core/arguments.js';
import { checkCandidates, checkK, SEARCH_OPTIONS, type SearchOptions } from './arguments.js';
import { queriesAtOnce } from './candidates.js';
import { allowedRows } from './filter.js';
import { type Values, widthOf } from './functions.js';
import type { Id } from './id.js';
import type { Hits } from './native-search.js';
import { asResult, type Candidates, forJson, type SearchResult, scoresOf } from './results.js';
import type { Rows } from './rows.js';

/** The parameters shared by all queries of a call. */
export interface SearchPlan {
  readonly k: number;
  readonly candidates: number;
  readonly allowed: Uint32Array | null;
}

export function planSearch(
  { native, ids, size }: Rows,
  given: SearchOptions | undefined,
): SearchPlan {
  const o = options<SearchOptions>('options', given, SEARCH_OPTIONS);
  const k = Math.max(1, Math.min(checkK(o, size), size));
  return {
    k,
    candidates: Math.max(k, Math.min(checkCandidates(o, size, native.settings), size)),
    allowed: o.filter === undefined ? null : allowedRows(o.filter, ids),
  };
}

/** The result for each query. */
export function search(rows: Rows, queries: Values, plan: SearchPlan): SearchResult[] {
  const { settings } = rows.native;
  const width = widthOf(settings);
  const { k, candidates, allowed } = plan;
  const results: SearchResult[] = [];
  if (queries.length > width) rows.native.check(queries, 'queries');
  const step = queriesAtOnce(candidates) * width;
  for (let start = 0; start < queries.length; start += step) {
    const part = queries.subarray(start, start + step);
    const hits = rows.native.search(part, k, candidates, allowed);
    for (let q = 0; q < part.length / width; q++) {
      results.push(asResult(idsOf(rows, hits, q, k), ownScores(rows, hits, q, k), settings.metric));
    }
  }
  return results;
}

/** The candidates for one query. */
export function candidates(
  rows: Rows,
  query: Values,
  count: number,
  filter: SearchOptions['filter'],
): Candidates {
  const allowed = filter === undefined ? null : allowedRows(filter, rows.ids);
  const n = Math.max(1, Math.min(count, rows.size));
  const hits = rows.native.search(query, n, n, allowed);
  const estimates = hits.estimates.slice(0, hits.found[0]);
  return {
    ids: idsOf(rows, hits, 0, n),
    scores: forJson(ownScores(rows, hits, 0, n)),
    estimates: forJson(estimates),
  };
}

/** The ids of query q, whose hits have k slots. */
function idsOf({ ids }: Rows, { rows, found }: Hits, q: number, k: number): Id[] {
  const list: Id[] = [];
  for (let i = q * k; i < q * k + found[q]; i++) list.push(ids.at(rows[i]));
  return list;
}

function ownScores({ native }: Rows, { scores, found }: Hits, q: number, k: number): Float32Array {
  return scoresOf(scores.slice(q * k, q * k + found[q]), native.settings.metric);
}
