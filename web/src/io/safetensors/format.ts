// The structure of a safetensors file: its dtypes and the fields of its header.

import { elementCount } from '../checks.js';
import type { ElementType } from '../elements.js';

/** Bits per element of every dtype of the format. */
export const safetensorsBits = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

export type SafetensorsType = keyof typeof safetensorsBits;

/** The dtypes whose elements are read as numbers; the others are bytes. */
export const elementTypes: Partial<Record<SafetensorsType, ElementType>> = {
  F64: 'f64',
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  F8_E4M3: 'f8_e4m3',
  F8_E5M2: 'f8_e5m2',
  F8_E4M3FNUZ: 'f8_e4m3fnuz',
  F8_E5M2FNUZ: 'f8_e5m2fnuz',
  F8_E8M0: 'f8_e8m0',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
};

export interface SafetensorsInfo {
  readonly name: string;
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  /** The offset of the tensor's bytes in the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  /** Sorted by their offsets in the file. */
  readonly tensors: readonly SafetensorsInfo[];
  /** The strings of `__metadata__`, without a prototype. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes before the JSON, which hold its length. */
export const PREFIX = 8;
/** The longest JSON, as in the reference implementation. */
export const MAX_HEADER = 100_000_000;

/** The bytes of a tensor, or undefined when they are too many or not a whole number. */
export function safetensorsByteLength(
  dtype: SafetensorsType,
  shape: readonly number[],
): number | undefined {
  const count = elementCount(shape);
  if (count === undefined) return undefined;
  const bits = count * safetensorsBits[dtype];
  return Number.isSafeInteger(bits) && bits % 8 === 0 ? bits / 8 : undefined;
}
