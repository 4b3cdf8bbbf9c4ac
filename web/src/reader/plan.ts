// The options of a search, checked as for an index, with shorter messages.

import { invalid, reading } from '../core/errors.js';
import type { SearchOptions } from '../vectors/arguments.js';
import { candidatesFor, MAX_CANDIDATES } from '../vectors/candidates.js';
import type { Settings } from '../vectors/functions.js';
import { type Id, isId } from '../vectors/id.js';
import type { FileIds } from './ids.js';

/** The tag by Object.prototype.toString, for values of any realm; '' where that throws. */
export function tagOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value).slice(8, -1);
  } catch {
    return '';
  }
}

/** The number of neighbours and candidates that options request, among a number of vectors. */
export function countsOf(o: SearchOptions | undefined, length: number, settings: Settings) {
  const { k, rescore, filter } = reading('options', () => optionsOf(o));
  // In an empty index, k of Infinity or of its size counts as 1.
  const wanted = k === Infinity || k === length ? Math.max(length, 1) : k;
  checkCount('k', wanted, MAX_CANDIDATES);
  const isMore = typeof rescore === 'number' && rescore >= 1 && rescore <= MAX_CANDIDATES;
  if (rescore !== undefined && !isMore) throw invalid('rescore must be a number from 1 up');
  return { k: wanted, count: candidatesFor(wanted, rescore, settings), filter };
}

export function checkCount(name: string, count: number, most: number): void {
  if (!(Number.isInteger(count) && count > 0 && count <= most)) {
    throw invalid(`${name} must be an integer from 1 to ${most}`);
  }
}

export function checkId(id: unknown): Id {
  if (!isId(id)) throw invalid('an id is a string, a safe integer or a bigint');
  return id;
}

function optionsOf(given: SearchOptions = {}) {
  const { k = 10, rescore, filter, ...others } = given;
  const names = Object.keys(others);
  // Objects that inherit from arrays have a method with the name `filter`.
  if (tagOf(given) !== 'Object' || 'copyWithin' in given || names.length > 0) {
    throw invalid(`options are k, filter and rescore, not ${names}`);
  }
  return { k, rescore, filter };
}

/** One bit per row, set where the filter accepts the row; null without a filter. */
export function allowedRows(given: SearchOptions['filter'], ids: FileIds): Uint32Array | null {
  if (given === undefined) return null;
  const bits = new Uint32Array(Math.ceil(ids.length / 32));
  const allow = (row: number) => {
    bits[row >>> 5] |= 1 << (row & 31);
  };
  const hasAny = (is: (id: Id) => boolean) => {
    for (let row = 0; row < ids.length; row++) if (is(ids.at(row))) return true;
    return ids.length === 0;
  };
  const tag = tagOf(given);
  let filter: Iterable<unknown> | ((id: Id) => unknown) = given;
  if (tag === 'Uint8Array') {
    if (!hasAny(isPlace)) throw invalid('filter is a bitmap, and no id is a number');
    filter = reading('filter', () => testOf(given as Uint8Array));
  }
  if (typeof filter === 'function') {
    for (let row = 0; row < ids.length; row++) {
      const answer = filter(ids.at(row)) as Partial<PromiseLike<unknown>> | undefined;
      if (typeof answer?.then === 'function' || /Async|Generator/.test(tag)) {
        // The promise is dropped here, so its rejection must not stay unhandled.
        Promise.resolve(answer).catch(() => {});
        throw invalid('filter must answer at once');
      }
      if (answer) allow(row);
    }
    return bits;
  }
  if (typeof filter !== 'object')
    throw invalid(`filter must be ids, a function or a bitmap, got ${tag}`);
  const others = new Set<string>();
  reading('filter', () => {
    for (const id of filter as Iterable<unknown>) {
      const row = ids.row(checkId(id));
      if (row === undefined) others.add(typeof id);
      else allow(row);
    }
  });
  if (others.size > 0 && !bits.some(Boolean) && !hasAny((id) => others.has(typeof id))) {
    throw invalid(`filter holds ${[...others]}s alone, and no id is one`);
  }
  return bits;
}

const isPlace = (id: Id): id is number => typeof id === 'number' && id >= 0;

function testOf(bitmap: Uint8Array): (id: Id) => unknown {
  // Throws for a detached bitmap, which would otherwise pass for an empty one.
  new Uint8Array(bitmap.buffer);
  return (id) => isPlace(id) && (bitmap[Math.floor(id / 8)] >> (id % 8)) & 1;
}
