import { FewbitsError } from './errors.js';
import type { Float16 } from './platform.js';

/** Numbers as they come: everything but a Float32Array is converted. */
export type FloatArray = Float32Array | Float64Array | Float16 | readonly number[];

/** What a person reads when the wrong thing was passed. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) {
    const length = (value as { length?: number }).length ?? value.byteLength;
    return `${value.constructor.name}(${length})`;
  }
  if (typeof value === 'object') return value.constructor?.name ?? 'an object';
  if (typeof value === 'function') return 'a function';
  return typeof value === 'string' ? `'${value}'` : String(value);
}

export function invalid(message: string): FewbitsError {
  return new FewbitsError('INVALID_ARGUMENT', message);
}

const isFloat16Array = (x: unknown): boolean =>
  typeof Float16Array === 'function' && x instanceof Float16Array;

/** `x` as a Float32Array: itself when it is one, else a rounded copy. */
export function toFloat32(name: string, x: unknown): Float32Array {
  if (x instanceof Float32Array) return x;
  if (x instanceof Float64Array || isFloat16Array(x)) return Float32Array.from(x as Float64Array);
  if (Array.isArray(x)) {
    const odd = x.findIndex((value) => typeof value !== 'number');
    if (odd >= 0) throw invalid(`${name}[${odd}] must be a number, got ${describe(x[odd])}`);
    return Float32Array.from(x);
  }
  throw invalid(
    `${name} must be a Float32Array (or Float16Array, Float64Array, number[]), got ${describe(x)}`,
  );
}

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

/** A bag of options, with unknown names refused: a typing error must not pass silently. */
export function options<T extends object>(
  name: string,
  value: unknown,
  known: readonly string[],
): T {
  if (value === undefined) return {} as T;
  if (typeof value !== 'object' || value === null) {
    throw invalid(`${name} must be an object, got ${describe(value)}`);
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw invalid(`${name} has no option '${key}'; accepted are ${known.join(', ')}`);
    }
  }
  return value as T;
}

/** `out` when it was given and is a `type` of `length`, else a new one. */
export function output<T extends Float32Array | Uint8Array | Int8Array | Int32Array>(
  type: new (length: number) => T,
  length: number,
  out: unknown,
): T {
  if (out === undefined) {
    try {
      return new type(length);
    } catch (cause) {
      throw new FewbitsError('OUT_OF_MEMORY', `no room for a ${type.name} of ${length}`, { cause });
    }
  }
  if (!(out instanceof type) || out.length !== length) {
    throw invalid(`out must be a ${type.name} of length ${length}, got ${describe(out)}`);
  }
  return out;
}
