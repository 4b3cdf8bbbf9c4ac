// Lists of ids from callers: read once, checked, and looked up.

import { describe, invalid, reading, tagOf } from '../core/arguments.js';
import { checkId, isId } from './id.js';
import type { Ids } from './ids.js';
import type { Expected } from './input.js';
import { RowSet } from './row-set.js';

/** A list of ids as it is, or a single id as a list. */
export function idList(given: unknown): ArrayLike<unknown> {
  if (isId(given)) return [given];
  const length =
    typeof given === 'object' && given !== null ? reading('ids', () => lengthOf(given)) : -1;
  if (length >= 0) return given as ArrayLike<unknown>;
  const remedy = tagOf(given) === 'Set' ? '; make an array of it: [...ids]' : '';
  throw invalid(`ids must be an array of ids, or one id, got ${describe(given)}${remedy}`);
}

/** Like idList(), but a copy that the caller cannot change. */
export function copyOfIds(given: unknown): unknown[] {
  const list = idList(given);
  return reading('ids', () => Array.from(list));
}

/** The expectation of one vector per id. */
export function oneEach(ids: ArrayLike<unknown>): Expected {
  return { count: ids.length, because: `one for each of ${ids.length} ids` };
}

/** The row of an id, which must exist. */
export function checkRow(name: string, id: unknown, ids: Ids): number {
  const row = ids.row(checkId(name, id));
  if (row === undefined) throw invalid(`${name}: no vector has the id ${describe(id)}`);
  return row;
}

/** The rows of `n` ids, which must exist. */
export function checkRows(given: unknown, n: number, ids: Ids): number[] {
  const list = idList(given);
  if (list.length !== n) {
    throw invalid(`ids must be ${n} ids, one a vector, got ${describe(given)}`);
  }
  return reading('ids', () => Array.from(list, (id, i) => checkRow(`ids[${i}]`, id, ids)));
}

/** The distinct rows of those ids that exist. */
export function checkRemoved(given: unknown, ids: Ids): number[] {
  if (typeof given !== 'object' || given === null) {
    throw invalid(`ids must be a list of ids, got ${describe(given)}`);
  }
  const names = reading('ids', () => {
    if (!(Symbol.iterator in given) && lengthOf(given) < 0) {
      throw invalid(`ids must be a list of ids, got ${describe(given)}`);
    }
    return Array.from(given as Iterable<unknown>, (id, i) => checkId(`ids[${i}]`, id));
  });
  const seen = new RowSet();
  seen.reserve(ids.length);
  return names.flatMap((id) => {
    const row = ids.row(id);
    if (row === undefined || seen.has(row)) return [];
    seen.add(row);
    return [row];
  });
}

function lengthOf(list: object): number {
  const { length } = list as { length?: unknown };
  return Number.isSafeInteger(length) ? (length as number) : -1;
}
