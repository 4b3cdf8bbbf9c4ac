// Candidates from parts of an index, ranked as one index with all their rows would rank them.

import { describe, integer, invalid, oneOf, options } from '../core/arguments.js';
import { reading } from '../core/errors.js';
import { checkK } from './arguments.js';
import { MAX_COUNT } from './candidates.js';
import { isDistance, METRICS, type Metric } from './functions.js';
import { type Id, isId } from './id.js';
import { asResult, type SearchResult } from './results.js';

/** A candidate with its keys for ranking. */
export interface Ranked {
  /** Larger is nearer, for `estimate` as well. */
  readonly score: number;
  readonly estimate: number;
  /** Among equal ones, the lowest comes first. */
  readonly order: number;
}

/** Selects by estimate as many candidates as one index would have, and returns the best of them by score. */
export function rank<T extends Ranked>(all: T[], k: number, candidates: number): T[] {
  if (all.length > candidates) {
    all.sort((a, b) => b.estimate - a.estimate || a.order - b.order);
    all.length = candidates;
  }
  all.sort((a, b) => b.score - a.score || a.order - b.order);
  return all.slice(0, k);
}

/** A list of neighbours: a SearchResult, Candidates, or either of them after JSON. */
export interface ResultList {
  readonly ids: ArrayLike<Id>;
  readonly scores: ArrayLike<number>;
  readonly estimates?: ArrayLike<number> | undefined;
}

export interface MergeOptions {
  /** The metric of the indexes, which tells whether larger scores are better. */
  metric: Metric;
  /** The number of neighbours, as in search(). Default 10. */
  k?: number | undefined;
  /**
   * The number of candidates that are ranked by score: candidateCount() of an index for the same search.
   * Required when all lists have `estimates`.
   */
  candidates?: number | undefined;
}

/**
 * Merges the lists that several indexes returned for the same query into one result.
 *
 * For indexes with the same settings and transform, as emptyLike() creates them, and their candidates(query,
 * candidateCount(o)), the result has the ids and scores that one index with all their vectors returns for
 * search(query, o). Results of search() can be merged too, by score alone.
 *
 * @param lists one per index, in the order in which one index would have received their vectors: equal
 *   neighbours from earlier lists come first. Ids that appear in several lists are not merged
 * @throws FewbitsError INVALID_ARGUMENT
 */
export function mergeResults(
  lists: readonly ResultList[],
  mergeOptions: MergeOptions,
): SearchResult {
  const o = options<MergeOptions>('options', mergeOptions, ['metric', 'k', 'candidates']);
  const metric = oneOf('metric', o.metric, METRICS);
  return reading('lists', () => merged(lists, o, metric));
}

function merged(lists: readonly ResultList[], o: MergeOptions, metric: Metric): SearchResult {
  if (!Array.isArray(lists)) throw invalid(`lists must be an array, got ${describe(lists)}`);
  // Not forEach(), which would visit all holes of a sparse array.
  for (let i = 0; i < lists.length; i++) checkList(lists[i], i);
  const size = lists.reduce((sum, { ids }) => sum + ids.length, 0);
  const k = checkK(o, size);
  const estimated = lists.length > 0 && lists.every(({ estimates }) => estimates !== undefined);
  if (estimated && o.candidates === undefined) {
    throw invalid(
      'candidates must be given for lists with estimates: index.candidateCount() of the search',
    );
  }
  const most =
    o.candidates === undefined ? Infinity : integer('candidates', o.candidates, k, MAX_COUNT);
  const sign = isDistance(metric) ? -1 : 1;
  const all: (Ranked & { id: Id })[] = [];
  for (const { ids, scores, estimates } of lists) {
    for (let i = 0; i < ids.length; i++) {
      const score = sign * scores[i];
      all.push({
        id: ids[i],
        score,
        estimate: estimated && estimates !== undefined ? estimates[i] : score,
        order: all.length,
      });
    }
  }
  const best = rank(all, k, estimated ? most : Infinity);
  const scores = Float32Array.from(best, ({ score }) => sign * score);
  return asResult(
    best.map(({ id }) => id),
    scores,
    metric,
  );
}

function checkList(list: ResultList, i: number): void {
  const name = `lists[${i}]`;
  if (typeof list !== 'object' || list === null) {
    throw invalid(`${name} must have ids and scores, got ${describe(list)}`);
  }
  const n = list.ids?.length;
  if (!Number.isInteger(n) || list.scores?.length !== n) {
    throw invalid(`${name} must have as many scores as ids`);
  }
  for (let j = 0; j < n; j++) {
    if (!isId(list.ids[j])) {
      throw invalid(`${name}.ids[${j}] must be an id, got ${describe(list.ids[j])}`);
    }
  }
  checkNumbers(`${name}.scores`, list.scores, n);
  if (list.estimates !== undefined) checkNumbers(`${name}.estimates`, list.estimates, n);
}

function checkNumbers(name: string, values: ArrayLike<unknown>, n: number): void {
  if (values?.length !== n) throw invalid(`${name} must be ${n} numbers, got ${describe(values)}`);
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(values[i])) {
      throw invalid(`${name}[${i}] must be a finite number, got ${describe(values[i])}`);
    }
  }
}
