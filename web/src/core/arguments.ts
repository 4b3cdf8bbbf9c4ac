// Checks of what callers pass, before any memory is touched: numbers, names and options objects.

import { describe, tagOf } from './describe.js';
import { invalid, reasonOf } from './errors.js';

export {
  attached,
  type FloatArray,
  isBytes,
  output,
  ownView,
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
 * Whether a value can hold options. A Map, an array or a promise has no own names and would pass for an
 * object without options; an object that inherits from an array has methods with the names of options, such
 * as `filter`.
 */
function isBag(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const tag = tagOf(value);
  return (tag === 'Object' || tag === 'Module') && peek(() => 'copyWithin' in value) === false;
}

/** Whether a value is a plain object literal, with only its own enumerable properties. */
function isLiteral(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    peek(() => Object.getPrototypeOf(value)) === Object.prototype &&
    peek(() => (value as Record<symbol, unknown>)[Symbol.toStringTag] === undefined) === true &&
    peek(() => Object.getOwnPropertyNames(value).length === Object.keys(value).length) === true
  );
}

/**
 * Copies an options object and refuses unknown names, so that a misspelt option does not pass silently. Each
 * option is read once, and undefined ones are left out: the copy can neither change nor throw later.
 */
export function options<T extends object>(
  name: string,
  value: unknown,
  known: readonly string[],
): T {
  const copy: Record<string, unknown> = {};
  if (value === undefined) return copy as T;
  const literal = isLiteral(value);
  if (!literal && !isBag(value)) {
    throw invalid(`${name} must be an object, got ${describe(value)}`);
  }
  const unknown: string[] = [];
  try {
    const own = Object.keys(value);
    for (const key of own) if (!known.includes(key)) unknown.push(key);
    // Of a literal only its own names are read, as most of the known ones are missing.
    for (const key of literal && unknown.length === 0 ? own : known) {
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

/** Checks for a function to call back, or undefined. */
export function callback<F>(name: string, value: F): F {
  if (value === undefined || typeof value === 'function') return value;
  throw invalid(`${name} must be a function, got ${describe(value)}`);
}

/** The result of `look` on something that a caller passed, or undefined where it throws. */
export function peek<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Copies an array of at most `most` elements, reading it once; undefined for anything else. */
export function listOf(value: unknown, most: number): unknown[] | undefined {
  return peek(() => (Array.isArray(value) && value.length <= most ? [...value] : undefined));
}
