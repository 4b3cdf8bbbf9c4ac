// The structure of a GGUF file: its parts in the public API, its value types, sizes and limits.

import { type GgmlTypeName, ggmlTypes } from '../../core/ggml-types.js';
import { elementCount } from '../checks.js';

/** The value types of GGUF metadata, indexed by their numbers in the file. */
export const GGUF_VALUE_TYPES = [
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'f32',
  'bool',
  'string',
  'array',
  'uint64',
  'int64',
  'f64',
] as const;

export type GgufValueType = (typeof GGUF_VALUE_TYPES)[number];

/**
 * A metadata value: uint64 and int64 are always bigint, so that the JavaScript type follows from the GGUF
 * type alone. Strings are decoded as UTF-8, with U+FFFD for invalid bytes (tokens of some vocabularies have
 * them).
 */
export type GgufValue = number | bigint | boolean | string | GgufArray;

export interface GgufArray {
  readonly type: GgufValueType;
  /**
   * Numbers as the typed array of their type, bools as 0 and 1 in a Uint8Array; booleans are accepted for
   * writing.
   */
  readonly values:
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | Float32Array
    | Float64Array
    | BigUint64Array
    | BigInt64Array
    | readonly boolean[]
    | readonly string[]
    | readonly GgufArray[];
}

/** Bytes per value, or the fewest that a value can have. */
export const ggufValueSizes: Record<GgufValueType, number> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  f32: 4,
  bool: 1,
  string: 8,
  array: 12,
  uint64: 8,
  int64: 8,
  f64: 8,
};

/** The typed array of each number type, and the DataView methods that read and write it. */
export const ggufNumbers = {
  uint8: { array: Uint8Array, get: 'getUint8', set: 'setUint8' },
  int8: { array: Int8Array, get: 'getInt8', set: 'setInt8' },
  uint16: { array: Uint16Array, get: 'getUint16', set: 'setUint16' },
  int16: { array: Int16Array, get: 'getInt16', set: 'setInt16' },
  uint32: { array: Uint32Array, get: 'getUint32', set: 'setUint32' },
  int32: { array: Int32Array, get: 'getInt32', set: 'setInt32' },
  f32: { array: Float32Array, get: 'getFloat32', set: 'setFloat32' },
  uint64: { array: BigUint64Array, get: 'getBigUint64', set: 'setBigUint64' },
  int64: { array: BigInt64Array, get: 'getBigInt64', set: 'setBigInt64' },
  f64: { array: Float64Array, get: 'getFloat64', set: 'setFloat64' },
} as const;

export type GgufNumberType = keyof typeof ggufNumbers;

/** A key of the metadata with its value. */
export interface GgufEntry {
  readonly key: string;
  readonly type: GgufValueType;
  /** Decoded on first access. */
  readonly value: GgufValue;
  /** Key, type and value as bytes of the file; written back unchanged. */
  readonly raw: Uint8Array;
}

export interface GgufTensorInfo {
  readonly name: string;
  /** Undefined for types that are not in `ggmlTypes`. */
  readonly type: GgmlTypeName | undefined;
  /** The number of the type in the file. */
  readonly typeId: number;
  /** Outermost dimension first, as in npy and safetensors; the file has the reverse order. */
  readonly shape: readonly number[];
  /** The offset of the tensor's bytes in the file. */
  readonly byteOffset: number;
  /** For an unknown type, the bytes up to the next tensor, including padding. */
  readonly byteLength: number;
}

export interface GgufHeader {
  readonly version: 2 | 3;
  readonly alignment: number;
  /** By key, in the order of the file. */
  readonly metadata: ReadonlyMap<string, GgufEntry>;
  /** In the order of the file's list. */
  readonly tensors: readonly GgufTensorInfo[];
  /** The offset of the tensors' data in the file. */
  readonly dataOffset: number;
}

/** The letters GGUF as a little-endian uint32. */
export const MAGIC = 0x46554747;
export const ALIGNMENT_KEY = 'general.alignment';
export const DEFAULT_ALIGNMENT = 32;
// An alignment causes padding: a malicious file must not ask for gigabytes of it.
const MAX_ALIGNMENT = 1 << 20;

/** Whether an alignment is valid: a power of two up to 2^20. */
export function isAlignment(value: number): boolean {
  return (
    Number.isInteger(value) && value >= 1 && value <= MAX_ALIGNMENT && (value & (value - 1)) === 0
  );
}

export function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

/** The bytes of a tensor, or undefined when its rows are not whole blocks or it is too large. */
export function tensorBytes(type: GgmlTypeName, shape: readonly number[]): number | undefined {
  const { blockSize, bytesPerBlock } = ggmlTypes[type];
  const count = elementCount(shape);
  const row = shape.at(-1) ?? 1;
  if (count === undefined || row % blockSize !== 0) return undefined;
  const bytes = (count / blockSize) * bytesPerBlock;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
