// Filters of searches, as one bit per row that may be found.

import { attached, describe, invalid, peek, reading, tagOf } from '../core/arguments.js';
import { isKind } from '../core/kinds.js';
import type { SearchOptions } from './arguments.js';
import { isId } from './id.js';
import type { Ids } from './ids.js';

type Filter = NonNullable<SearchOptions['filter']>;

/** Throws for anything but a filter, and for functions that cannot answer synchronously. */
export function checkFilter(filter: unknown): void {
  if (typeof filter === 'function') {
    const tag = tagOf(filter);
    if (/Async|Generator/.test(tag)) {
      throw invalid(`filter must answer true or false at once, and is of the kind ${tag}`);
    }
  } else if (isKind(filter, 'Uint8Array')) {
    attached('filter', filter);
  } else if (!isIterable(filter)) {
    const remedy = /Promise|Async/.test(tagOf(filter)) ? '; await it first' : '';
    throw invalid(
      'filter must be ids, a function of an id or a Uint8Array bitmap, got ' +
        `${describe(filter)}${remedy}`,
    );
  }
}

/** A copy of a filter that later changes by the caller do not affect. */
export function copyOfFilter(filter: SearchOptions['filter']): SearchOptions['filter'] {
  if (filter === undefined) return undefined;
  checkFilter(filter);
  if (typeof filter === 'function') return filter;
  if (isKind(filter, 'Uint8Array')) return new Uint8Array(filter);
  return reading('filter', () => [...(filter as Iterable<unknown>)]) as Filter;
}

/**
 * One bit per row, set where the filter accepts the row.
 *
 * @throws FewbitsError INVALID_ARGUMENT for a filter that returns a promise, changes the ids while it runs,
 *   or has only ids of types that no vector has
 */
export function allowedRows(filter: Filter, ids: Ids): Uint32Array {
  checkFilter(filter);
  const bits = new Uint32Array(Math.ceil(ids.length / 32));
  const { changes } = ids;
  const check = () => {
    if (ids.changes !== changes) {
      throw invalid('filter changed the index while it ran: collect the ids first, then change it');
    }
  };
  const allow = (row: number) => {
    bits[row >>> 5] |= 1 << (row & 31);
  };
  if (typeof filter === 'function') byFunction(filter, ids, allow, check);
  else if (isKind(filter, 'Uint8Array')) byBitmap(filter, ids, allow);
  else byList(filter as Iterable<unknown>, ids, allow, check);
  return bits;
}

type Allow = (row: number) => void;

function byFunction(
  filter: (id: never) => unknown,
  ids: Ids,
  allow: Allow,
  check: () => void,
): void {
  for (let row = 0; row < ids.length; row++) {
    if (ids.isRemoved(row)) continue;
    const answer = filter(ids.at(row) as never);
    check();
    if (!answer) continue;
    if (isThenable(answer)) {
      // The promise is dropped here, so its rejection must not stay unhandled.
      Promise.resolve(answer).catch(() => {});
      throw invalid(
        'filter must answer true or false at once, got a promise: find out which ids may be found ' +
          'first, and pass them as a list',
      );
    }
    allow(row);
  }
}

function byBitmap(filter: Uint8Array, ids: Ids, allow: Allow): void {
  let numbers = 0;
  for (let row = 0; row < ids.length; row++) {
    const id = ids.at(row);
    if (typeof id !== 'number' || id < 0 || ids.isRemoved(row)) continue;
    numbers++;
    if ((filter[Math.floor(id / 8)] >> (id % 8)) & 1) allow(row);
  }
  if (numbers === 0 && ids.length > ids.removed) {
    throw invalid(
      'filter is a bitmap, for ids that are numbers from 0 up, and the index has no such id: pass ' +
        'a list of ids, or a function',
    );
  }
}

function byList(list: Iterable<unknown>, ids: Ids, allow: Allow, check: () => void): void {
  let i = 0;
  let found = 0;
  const types = new Set<string>();
  reading('filter', () => {
    for (const id of list) {
      if (!isId(id)) {
        throw invalid(
          `filter[${i}] must be a string, a safe integer or a bigint, got ${describe(id)}`,
        );
      }
      check();
      const row = ids.row(id);
      if (row !== undefined) {
        allow(row);
        found++;
      } else {
        types.add(typeof id);
      }
      i++;
    }
  });
  if (found > 0 || types.size === 0 || ids.length === ids.removed) return;
  const known = typesOf(ids);
  if ([...types].some((type) => known.has(type))) return;
  const words = (of: Set<string>) => [...of].map((type) => `${type}s`).join(' and ');
  throw invalid(
    `filter holds ${words(types)} and the ids of the index are ${words(known)}, so that none is the ` +
      'same: convert them',
  );
}

/** The types of the ids that are not removed. */
function typesOf(ids: Ids): Set<string> {
  const types = new Set<string>();
  for (let row = 0; row < ids.length && types.size < 3; row++) {
    if (!ids.isRemoved(row)) types.add(typeof ids.at(row));
  }
  return types;
}

/** A property of an object, or undefined where it cannot be read. */
const propertyOf = (x: unknown, key: PropertyKey): unknown =>
  typeof x === 'object' && x !== null ? peek(() => (x as never)[key]) : undefined;

function isIterable(x: unknown): x is Iterable<unknown> {
  return typeof propertyOf(x, Symbol.iterator) === 'function';
}

function isThenable(x: unknown): x is PromiseLike<unknown> {
  return typeof propertyOf(x, 'then') === 'function';
}
