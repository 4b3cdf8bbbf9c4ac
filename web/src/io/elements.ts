import { decodeBF16, decodeF16, encodeBF16, encodeF16 } from './half.js';
import { describe, invalid } from './source.js';

/** Bytes per element of each number type that files here hold and JavaScript can show. */
export const elementSizes = {
  f64: 8,
  f32: 4,
  f16: 2,
  bf16: 2,
  i64: 8,
  i32: 4,
  i16: 2,
  i8: 1,
  u64: 8,
  u32: 4,
  u16: 2,
  u8: 1,
  bool: 1,
} as const;

export type ElementType = keyof typeof elementSizes;

/** Elements as JavaScript holds them: f16 and bf16 as bit patterns in a Uint16Array, bool as 0 and 1. */
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
  i64: BigInt64Array,
  i32: Int32Array,
  i16: Int16Array,
  i8: Int8Array,
  u64: BigUint64Array,
  u32: Uint32Array,
  u16: Uint16Array,
  u8: Uint8Array,
  bool: Uint8Array,
};

/**
 * Bytes of a file as a typed array. It shares the memory of `bytes` when they are little-endian and aligned,
 * else it is a copy.
 */
export function elementsOf(bytes: Uint8Array, type: ElementType, bigEndian = false): ElementArray {
  const size = elementSizes[type];
  const swap = bigEndian && size > 1;
  const aligned = !swap && bytes.byteOffset % size === 0 ? bytes : bytes.slice();
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
 * Elements as float32: exact for f16, bf16, 8- and 16-bit integers and bool, rounded to nearest for the others
 * (an f64 beyond the range becomes infinite). Float32 elements are returned as they are, not copied.
 */
export function toFloat32(elements: ElementArray, type: ElementType): Float32Array {
  if (type === 'f16') return decodeF16(elements as Uint16Array);
  if (type === 'bf16') return decodeBF16(elements as Uint16Array);
  if (elements instanceof Float32Array) return elements;
  if (elements instanceof BigInt64Array || elements instanceof BigUint64Array) {
    return Float32Array.from(elements, Number);
  }
  return new Float32Array(elements);
}

/** What a typed array holds when its caller does not say. */
export function elementTypeOf(data: unknown): ElementType {
  if (data instanceof Float64Array) return 'f64';
  if (data instanceof Float32Array) return 'f32';
  if (data instanceof BigInt64Array) return 'i64';
  if (data instanceof BigUint64Array) return 'u64';
  if (data instanceof Int32Array) return 'i32';
  if (data instanceof Uint32Array) return 'u32';
  if (data instanceof Int16Array) return 'i16';
  if (data instanceof Uint16Array) return 'u16';
  if (data instanceof Int8Array) return 'i8';
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return 'u8';
  if (ArrayBuffer.isView(data) && data.constructor.name === 'Float16Array') return 'f16';
  throw invalid(`data must be a typed array, got ${describe(data)}`);
}

/**
 * The little-endian bytes of a typed array written as `type`: its own type, bit patterns for f16, bf16 and bool,
 * or float32 rounded to f16 or bf16. Shares the memory of `data` where nothing changes.
 */
export function bytesOf(data: ArrayBufferView, type: ElementType): Uint8Array {
  const own = elementTypeOf(data);
  if (own === 'f32' && (type === 'f16' || type === 'bf16')) {
    const halves =
      type === 'f16' ? encodeF16(data as Float32Array) : encodeBF16(data as Float32Array);
    return new Uint8Array(halves.buffer);
  }
  const sameBits =
    own === type ||
    (own === 'u16' && (type === 'f16' || type === 'bf16')) ||
    (own === 'u8' && type === 'bool');
  if (!sameBits) throw invalid(`${describe(data)} cannot be written as ${type}`);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
