// Checks and message parts that the readers and writers of all formats share.

import { describe, invalid } from '../core/arguments.js';
import { FewbitsError, reasonOf } from '../core/errors.js';

export { describe, invalid } from '../core/arguments.js';

/** The error for a file that breaks its format's rules. */
export function corrupt(message: string, cause?: unknown): FewbitsError {
  return new FewbitsError('CORRUPT_DATA', message, cause === undefined ? undefined : { cause });
}

/**
 * Runs `work`, which reads something that a caller passed. Anything that stops it, such as a getter that
 * throws, becomes an INVALID_ARGUMENT.
 */
export function looking<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FewbitsError) throw error;
    throw invalid(`${what} cannot be taken: ${reasonOf(error)}`, error);
  }
}

/** Calls `make` for each object of a list that a caller passed, and returns the results. */
export function mapObjects<T extends object, R>(
  what: string,
  list: readonly T[],
  make: (one: T, index: number) => R,
): R[] {
  if (!Array.isArray(list)) throw invalid(`${what} must be an array, got ${describe(list)}`);
  const made: R[] = [];
  // Not map(), which skips holes in sparse arrays.
  for (let i = 0; i < list.length; i++) {
    const one: unknown = list[i];
    if (typeof one !== 'object' || one === null)
      throw invalid(`${what}[${i}] must be an object, got ${describe(one)}`);
    made.push(make(one as T, i));
  }
  return made;
}

/** Checks that a caller's range of `count` items from `start` lies within `available`. */
export function checkRange(what: string, start: number, count: number, available: number): void {
  if (
    !Number.isSafeInteger(start) ||
    !Number.isSafeInteger(count) ||
    start < 0 ||
    count < 0 ||
    start + count > available
  ) {
    throw invalid(
      `${what}: ${describe(count)} from ${describe(start)} is outside the ${available} there are`,
    );
  }
}

/** The number of elements of a shape, or undefined when a number cannot hold it. */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) count *= size;
  return Number.isSafeInteger(count) ? count : undefined;
}

/** Checks a caller's shape, and returns its number of elements. */
export function checkShape(what: string | (() => string), shape: readonly number[]): number {
  const words = () => (typeof what === 'string' ? what : what());
  if (Array.isArray(shape) && shape.length > 255)
    throw invalid(`${words()}: ${shape.length} dimensions are more than 255`);
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    const given = Array.isArray(shape) ? shapeText(shape) : describe(shape);
    throw invalid(`${words()}: shape must be an array of non-negative integers, got ${given}`);
  }
  const count = elementCount(shape);
  if (count === undefined)
    throw invalid(`${words()}: shape ${shapeText(shape)} has too many elements`);
  return count;
}

/** A shape for a message: its first eight sizes in brackets. */
export function shapeText(shape: readonly unknown[]): string {
  const sizes = shape.slice(0, 8).map((size) => (typeof size === 'number' ? size : describe(size)));
  return `[${sizes.join(', ')}${shape.length > 8 ? ', …' : ''}]`;
}

/** A name from a file, made suitable for a message: quoted, escaped and shortened. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
