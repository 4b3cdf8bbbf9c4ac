// The plain data that every family's quantize() returns, checked when dequantize() takes them.

import { attached, describe, invalid, kindOf, ownView } from '../core/arguments.js';
import type { ArrayKind, TypedArrays } from '../core/kinds.js';

/** Fields common to the data of all families, which are suitable for structured cloning. */
export interface Quantized {
  /** The family whose dequantize() accepts the data. */
  readonly kind: string;
  /** The number of values. */
  readonly length: number;
  /** Bytes when stored. */
  readonly byteLength: number;
}

/**
 * The fields of `q` that `read` takes, each once; they are still to be checked. Data without a kind, from
 * versions that had none, are accepted.
 */
export function fieldsOf<T extends Quantized>(
  kind: T['kind'],
  q: unknown,
  read: (q: T) => Partial<T>,
): T {
  const expected = () => `what ${kind}.quantize returns`;
  if (typeof q !== 'object' || q === null || ArrayBuffer.isView(q)) {
    throw invalid(`q must be ${expected()}, got ${describe(q)}`);
  }
  let own: unknown;
  let fields: Partial<T>;
  try {
    own = (q as T).kind;
    fields = read(q as T);
  } catch (cause) {
    throw invalid(`q must be ${expected()}, and cannot be read: ${describe(cause)}`);
  }
  if (own !== undefined && own !== kind) {
    throw invalid(`q must be ${expected()}, got one of kind ${describe(own)}`);
  }
  return fields as T;
}

/** Checks a field of `q` that must be a typed array of `length` elements. */
export function arrayField<K extends ArrayKind>(
  name: string,
  value: unknown,
  kind: K,
  length: number,
  what?: () => string,
): TypedArrays[K] {
  if (kindOf(value) === kind && attached(name, value as Uint8Array).length === length) {
    return ownView(kind, value as Uint8Array) as TypedArrays[K];
  }
  const parsed = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
  const remedy = parsed
    ? '; JSON has no typed arrays: keep what is quantized by structured cloning'
    : '';
  const wanted = `${kind}(${length})${what ? ` for ${what()}` : ''}`;
  const article = kind.startsWith('I') ? 'an' : 'a';
  throw invalid(`${name} must be ${article} ${wanted}, got ${describe(value)}${remedy}`);
}
