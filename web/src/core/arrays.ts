// Typed arrays as callers pass them: from another realm, of another kind, or detached from their memory.

import { describe } from './describe.js';
import { FewbitsError, invalid } from './errors.js';
import { type ArrayKind, isArrayBuffer, isDetached, kindOf, type TypedArrays } from './kinds.js';
import type { Float16 } from './platform.js';

/** Numbers in any of the accepted kinds; all but a Float32Array are converted. */
export type FloatArray = Float32Array | Float64Array | Float16 | readonly number[];

export type TypedArray = TypedArrays[Exclude<ArrayKind, 'Float16Array'>];
type Constructor = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => TypedArray;

/** Throws for a detached array, which would otherwise pass for an empty one. */
export function attached<T extends ArrayBuffer | ArrayBufferView>(name: string, x: T): T {
  if ((x as Uint8Array).length > 0 || !isDetached(x)) return x;
  throw invalid(
    `${name} has lost its memory: its buffer was transferred, or is that of a WebAssembly.Memory ` +
      'that has grown since. Pass a copy, made with .slice() before that, or a view made after it',
  );
}

/** `x` with the methods of its kind in this realm: Node's Buffer, for one, has a different slice(). */
export function ownView(kind: ArrayKind, x: TypedArray): TypedArray {
  const type = (globalThis as unknown as Record<string, Constructor>)[kind];
  return Object.getPrototypeOf(x) === type.prototype
    ? x
    : new type(x.buffer, x.byteOffset, x.length);
}

/**
 * Checks that `x` is a typed array of one of the kinds, of any realm, and not detached. The result shares the
 * memory of `x`; for a subclass or another realm it is a plain view.
 *
 * @param length the number of elements that it must have, when that is known
 */
export function typedArray<K extends ArrayKind>(
  name: string,
  x: unknown,
  kinds: readonly K[],
  length?: number,
): TypedArrays[K] {
  const kind = kindOf(x) as K | undefined;
  if (kind !== undefined && kinds.includes(kind)) {
    const array = attached(name, x as TypedArray);
    if (length === undefined || array.length === length) {
      return ownView(kind, array) as TypedArrays[K];
    }
  }
  const [first] = kinds;
  const accepted =
    kinds.map((one) => `${one}${length === undefined ? '' : `(${length})`}`).join(' or ') || first;
  throw invalid(`${name} must be ${article(accepted)} ${accepted}, got ${describe(x)}`);
}

const article = (words: string) => (/^[AEIO]/.test(words) ? 'an' : 'a');

/** Whether `x` is an ArrayBuffer or a view of one, of any realm. */
export function isBytes(x: unknown): x is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(x) || isArrayBuffer(x);
}

/** The bytes of a buffer or of any view of one, of any realm, without a copy. */
export function toBytes(name: string, x: unknown): Uint8Array {
  if (!isBytes(x)) {
    throw invalid(`${name} must be an ArrayBuffer or a view of one, got ${describe(x)}`);
  }
  attached(name, x);
  if (!ArrayBuffer.isView(x)) return new Uint8Array(x);
  return kindOf(x) === 'Uint8Array'
    ? (ownView('Uint8Array', x as Uint8Array) as Uint8Array)
    : new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
}

/** `x` as a Float32Array: itself if it is one, else a rounded copy. */
export function toFloat32(name: string, x: unknown): Float32Array {
  const kind = kindOf(x);
  if (kind === 'Float32Array')
    return ownView(kind, attached(name, x as Float32Array)) as Float32Array;
  try {
    if (kind === 'Float64Array' || kind === 'Float16Array') {
      return new Float32Array(attached(name, x as Float64Array));
    }
    if (Array.isArray(x)) return fromNumbers(name, x);
  } catch (cause) {
    if (cause instanceof FewbitsError) throw cause;
    if (cause instanceof RangeError) {
      throw new FewbitsError('OUT_OF_MEMORY', `no room for ${name} as a Float32Array`, { cause });
    }
    throw invalid(`${name} cannot be read: it is ${describe(x)}`, cause);
  }
  throw invalid(
    `${name} must be a Float32Array (or Float16Array, Float64Array, number[]), got ${describe(x)}` +
      remedyFor(x, kind),
  );
}

function fromNumbers(name: string, x: readonly unknown[]): Float32Array {
  const { length } = x;
  // The first element is checked before memory is allocated: sparse arrays can be very long.
  if (length > 0) numberAt(name, x, 0);
  const floats = new Float32Array(length);
  for (let i = 0; i < length; i++) floats[i] = numberAt(name, x, i);
  return floats;
}

function numberAt(name: string, x: readonly unknown[], i: number): number {
  const value = x[i];
  if (typeof value === 'number') return value;
  const row = Array.isArray(value) || kindOf(value) !== undefined;
  throw invalid(
    `${name}[${i}] must be a number, got ${describe(value)}${
      row ? '; lay the rows end to end: Float32Array.from(rows.map((row) => [...row]).flat())' : ''
    }`,
  );
}

/** The remedy in the message, by what was passed instead. */
function remedyFor(x: unknown, kind: ArrayKind | undefined): string {
  if (kind === 'Uint16Array') {
    return "; half floats become float32 by floats.decode(bytes, 'f16', length)";
  }
  if (kind?.startsWith('Big')) return '; convert it: Float32Array.from(x, Number)';
  if (kind !== undefined)
    return '; convert it: Float32Array.from(x), times its scale if it has one';
  try {
    if (isBytes(x)) return '; say what its bytes are: new Float32Array(buffer, byteOffset, length)';
    if (typeof x !== 'object' || x === null) return '';
    if ('data' in x && kindOf(x.data) !== undefined) return '; of a tensor pass its .data';
    if ('then' in x && typeof x.then === 'function') return '; await it first';
    if ('0' in x && typeof x[0] === 'number') {
      return '; that is what JSON makes of a typed array: Float32Array.from(Object.values(x))';
    }
    if (Symbol.iterator in x) return '; collect it first: Float32Array.from(x)';
  } catch {
    // Something that cannot be inspected gets no remedy.
  }
  return '';
}

/** `out`, checked to be a `type` of `length` of any realm, or a new array when it was not given. */
export function output<T extends TypedArray>(
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
  if (kindOf(out) !== type.name || attached('out', out as T).length !== length) {
    throw invalid(`out must be a ${type.name} of length ${length}, got ${describe(out)}`);
  }
  return out as T;
}
