// What names a vector, and which values may.

import { describe, invalid } from '../core/arguments.js';
import { hasLoneSurrogate } from '../core/text.js';

/**
 * What names a vector: a string (of whole characters), a safe integer or a bigint. `1` and `1n` are
 * different ids.
 */
export type Id = string | number | bigint;

export function checkId(name: string, id: unknown): Id {
  if (isId(id)) return plain(id);
  // In a file, two ids could become one.
  if (typeof id === 'string') throw invalid(`${name} holds half of a surrogate pair`);
  throw invalid(`${name} must be a string, a safe integer or a bigint, got ${describe(id)}`);
}

/** Whether a value can be an id; -0 is 0 then. */
export function isId(id: unknown): id is Id {
  if (typeof id === 'number') return Number.isSafeInteger(id);
  return typeof id === 'bigint' || (typeof id === 'string' && !hasLoneSurrogate(id));
}

/** 0 for -0, which is the same id. */
export const plain = (id: Id): Id => (id === 0 ? 0 : id);
