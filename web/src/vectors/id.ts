// Ids of vectors, and the values that are accepted as ids.

import { describe, invalid } from '../core/arguments.js';
import { hasLoneSurrogate } from '../core/text.js';

/**
 * The id of a vector: a string without unpaired surrogates, a safe integer or a bigint. `1` and `1n` are
 * different ids.
 */
export type Id = string | number | bigint;

export function checkId(name: string, id: unknown): Id {
  if (isId(id)) return plain(id);
  // In a file, two such ids could become equal.
  if (typeof id === 'string') throw invalid(`${name} holds half of a surrogate pair`);
  throw invalid(`${name} must be a string, a safe integer or a bigint, got ${describe(id)}`);
}

/** Whether a value can be an id; -0 counts as 0. */
export function isId(id: unknown): id is Id {
  if (typeof id === 'number') return Number.isSafeInteger(id);
  return typeof id === 'bigint' || (typeof id === 'string' && !hasLoneSurrogate(id));
}

/** Turns -0 into 0, which is the same id. */
export const plain = (id: Id): Id => (id === 0 ? 0 : id);
