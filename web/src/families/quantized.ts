// What quantize() of every family returns: plain data, checked when it comes back to dequantize().

import { attached, describe, invalid, isKind, typedArray } from '../core/arguments.js';
import type { ArrayKind, TypedArrays } from '../core/kinds.js';

/** What the data of every family have in common; they are fit for structured cloning. */
export interface Quantized {
  /** The family whose dequantize() takes them. */
  readonly kind: string;
  /** How many values they stand for. */
  readonly length: number;
  /** Bytes that they take once stored. */
  readonly byteLength: number;
}

/**
 * The fields of `q`, each read once; what they hold is still to be checked. Data without a kind, as
 * they were made before there was one, pass.
 */
export function fieldsOf<T extends Quantized>(
  kind: T['kind'],
  q: unknown,
  names: readonly (keyof T & string)[],
): T {
  const expected = `what ${kind}.quantize returns`;
  if (typeof q !== 'object' || q === null || ArrayBuffer.isView(q)) {
    throw invalid(`q must be ${expected}, got ${describe(q)}`);
  }
  const fields: Record<string, unknown> = {};
  try {
    for (const name of ['kind', ...names]) fields[name] = (q as Record<string, unknown>)[name];
  } catch (cause) {
    throw invalid(`q must be ${expected}, and cannot be read: ${describe(cause)}`);
  }
  if (fields.kind !== undefined && fields.kind !== kind) {
    throw invalid(`q must be ${expected}, got one of kind ${describe(fields.kind)}`);
  }
  return fields as unknown as T;
}

/** A field of `q` that is a typed array of so many elements. */
export function arrayField<K extends ArrayKind>(
  name: string,
  value: unknown,
  kind: K,
  length: number,
  what = '',
): TypedArrays[K] {
  if (isKind(value, kind) && attached(name, value).length === length) {
    return typedArray(name, value, [kind]);
  }
  const parsed = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
  const remedy = parsed
    ? '; JSON has no typed arrays: keep what is quantized by structured cloning'
    : '';
  const wanted = `${kind}(${length})${what && ` for ${what}`}`;
  const article = kind.startsWith('I') ? 'an' : 'a';
  throw invalid(`${name} must be ${article} ${wanted}, got ${describe(value)}${remedy}`);
}
