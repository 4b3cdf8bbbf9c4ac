// Elements of files as typed arrays: the bytes and the meaning of each type.

import { type ArrayKind, isKind, kindOf } from '../core/kinds.js';
import { describe, invalid } from './checks.js';
import { decodeF8, type Float8Type, float8Types } from './float8.js';
import { decodeBF16, decodeF16, encodeBF16, encodeF16 } from './half.js';
import { toBytes } from './source.js';

/** Bytes per element of each number type that is read and written here. */
export const elementSizes = {
  f64: 8,
  f32: 4,
  f16: 2,
  bf16: 2,
  f8_e4m3: 1,
  f8_e5m2: 1,
  f8_e4m3fnuz: 1,
  f8_e5m2fnuz: 1,
  f8_e8m0: 1,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
} as const;

export type ElementType = keyof typeof elementSizes;

/**
 * Elements in JavaScript: f16 and bf16 as bit patterns in a Uint16Array, the 8-bit floats as theirs in a
 * Uint8Array, bool as 0 and 1.
 */
export type ElementArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

type ElementConstructor = new (
  buffer: ArrayBufferLike,
  byteOffset?: number,
  length?: number,
) => ElementArray;

const constructors: Record<ElementType, ElementConstructor> = {
  f64: Float64Array,
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  f8_e4m3: Uint8Array,
  f8_e5m2: Uint8Array,
  f8_e4m3fnuz: Uint8Array,
  f8_e5m2fnuz: Uint8Array,
  f8_e8m0: Uint8Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/**
 * Bytes of a file as a typed array. It shares the memory of `bytes` when they are little-endian and aligned,
 * and is a copy otherwise.
 */
export function elementsOf(bytes: Uint8Array, type: ElementType, bigEndian = false): ElementArray {
  const size = elementSizes[type];
  const swap = bigEndian && size > 1;
  // Not slice(): that of a Buffer does not copy.
  const aligned = !swap && bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  if (swap) swapBytes(aligned, size);
  return new constructors[type](aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

/** Reverses the bytes of each element, in place. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  for (let start = 0; start + size <= bytes.length; start += size) {
    for (let low = start, high = start + size - 1; low < high; low++, high--) {
      const kept = bytes[low];
      bytes[low] = bytes[high];
      bytes[high] = kept;
    }
  }
}

/**
 * Converts elements to float32: exact for floats and integers of 8 and 16 bits and bool, rounded to nearest
 * for the others (an f64 beyond the range becomes infinite). Float32 elements are returned as they are, not
 * copied.
 *
 * @throws FewbitsError INVALID_ARGUMENT for an unknown type, and for an array of another kind than the type's
 */
export function toFloat32(elements: ElementArray, type: ElementType): Float32Array {
  const known = typeof type === 'string' && Object.hasOwn(constructors, type);
  const holder = known ? constructors[type].name : undefined;
  if (holder === undefined) {
    throw invalid(`${describe(type)} is not one of ${Object.keys(elementSizes).join(', ')}`);
  }
  if (kindOf(elements) !== holder) {
    throw invalid(`elements of ${type} are in a ${holder}, got ${describe(elements)}`);
  }
  if (type === 'f16') return decodeF16(elements as Uint16Array);
  if (type === 'bf16') return decodeBF16(elements as Uint16Array);
  if (isFloat8(type)) return decodeF8(elements as Uint8Array, type);
  if (isKind(elements, 'Float32Array')) return elements;
  if (isKind(elements, 'BigInt64Array', 'BigUint64Array'))
    return Float32Array.from(elements, Number);
  return new Float32Array(elements);
}

const isFloat8 = (type: ElementType): type is Float8Type => Object.hasOwn(float8Types, type);

/** The element type of each kind of typed array when the caller does not state one. */
const typesByKind = {
  Float64Array: 'f64',
  Float32Array: 'f32',
  Float16Array: 'f16',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  Int16Array: 'int16',
  Uint16Array: 'uint16',
  Int8Array: 'int8',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
} as const satisfies Record<ArrayKind, ElementType>;

/** The element type of a typed array, of any realm, when the caller does not state one. */
export function elementTypeOf(data: unknown): (typeof typesByKind)[ArrayKind] {
  const kind = kindOf(data);
  if (kind === undefined) throw invalid(`data must be a typed array, got ${describe(data)}`);
  return typesByKind[kind];
}

/**
 * The little-endian bytes of a typed array written as `type`: its own type, bit patterns for the floats of 8
 * and 16 bits and bool, or float32 rounded to f16 or bf16. Shares the memory of `data` unless values are
 * rounded.
 */
export function bytesOf(data: ArrayBufferView, type: ElementType): Uint8Array {
  const own = elementTypeOf(data);
  const bytes = toBytes(data, 'data');
  if (own === 'f32' && (type === 'f16' || type === 'bf16')) {
    const values = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
    return new Uint8Array((type === 'f16' ? encodeF16(values) : encodeBF16(values)).buffer);
  }
  const sameBits =
    own === type ||
    (own === 'uint16' && (type === 'f16' || type === 'bf16')) ||
    (own === 'uint8' && (type === 'bool' || isFloat8(type)));
  if (!sameBits) throw invalid(`${describe(data)} cannot be written as ${type}`);
  return bytes;
}
