// What callers pass, checked before any memory is touched: numbers, names and bags of options.

import { describe, tagOf } from './describe.js';
import { invalid, reasonOf } from './errors.js';

export {
  attached,
  type FloatArray,
  isBytes,
  output,
  toBytes,
  toFloat32,
  typedArray,
} from './arrays.js';
export { invalid, reading } from './errors.js';
export { isKind, kindOf } from './kinds.js';
export { describe, tagOf };

export function integer(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw invalid(`${name} must be an integer from ${min} to ${max}, got ${describe(value)}`);
  }
  return value;
}

export function oneOf<T extends string>(name: string, value: unknown, options: readonly T[]): T {
  if (!options.includes(value as T)) {
    const accepted = options.map((option) => `'${option}'`).join(', ');
    throw invalid(`${name} must be one of ${accepted}, got ${describe(value)}`);
  }
  return value as T;
}

/**
 * Whether a value can hold options: not a Map, an array or a promise, which have no own names and
 * would pass for no options at all, nor what inherits from arrays, whose methods are called `filter`.
 */
function isBag(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['Object', 'Module'].includes(tagOf(value)) &&
    peek(() => 'copyWithin' in value) === false
  );
}

/**
 * A bag of options, with unknown names refused: a typing error must not pass silently. What comes
 * back is a copy, read once, without those that are undefined: nothing of it can change or throw later.
 */
export function options<T extends object>(
  name: string,
  value: unknown,
  known: readonly string[],
): T {
  const copy: Record<string, unknown> = {};
  if (value === undefined) return copy as T;
  if (!isBag(value)) {
    throw invalid(`${name} must be an object, got ${describe(value)}`);
  }
  const unknown: string[] = [];
  try {
    unknown.push(...Object.keys(value).filter((key) => !known.includes(key)));
    for (const key of known) {
      const one = (value as Record<string, unknown>)[key];
      if (one !== undefined) copy[key] = one;
    }
  } catch (cause) {
    throw invalid(`${name} cannot be read: ${reasonOf(cause)}`, cause);
  }
  if (unknown.length > 0) {
    throw invalid(
      `${name} has no option ${describe(unknown[0])}; accepted are ${known.join(', ')}`,
    );
  }
  return copy as T;
}

/** A function to call back, or undefined. */
export function callback<F>(name: string, value: F): F {
  if (value === undefined || typeof value === 'function') return value;
  throw invalid(`${name} must be a function, got ${describe(value)}`);
}

/** What `look` finds in something that a caller passed, or undefined where looking at it throws. */
export function peek<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** A copy of an array of at most `most` elements, read once; undefined for what is none. */
export function listOf(value: unknown, most: number): unknown[] | undefined {
  return peek(() => (Array.isArray(value) && value.length <= most ? [...value] : undefined));
}
