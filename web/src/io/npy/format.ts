// The structure of an npy file: its number types and the fields of its header.

import type { ElementArray, ElementType } from '../elements.js';
import type { Float8Type } from '../float8.js';

/** The number types that have names in numpy. */
export type NpyType = Exclude<ElementType, 'bf16' | Float8Type>;

export interface NpyHeader {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** True when the first index varies fastest in the file. */
  readonly fortranOrder: boolean;
  readonly bigEndian: boolean;
  /** The number of elements. */
  readonly length: number;
  /** The offset of the elements in the file. */
  readonly dataOffset: number;
  /** Bytes of the elements. Another array may follow, as numpy.save can be called repeatedly for a file. */
  readonly byteLength: number;
}

/** An array in C order: the last index varies fastest. */
export interface NpyArray {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: ElementArray;
}

export const NPY_MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const; // \x93NUMPY
export const MAX_DIMENSIONS = 64;

/** The name of each type in numpy, without its byte order. */
export const npyCodes: Record<NpyType, string> = {
  f64: 'f8',
  f32: 'f4',
  f16: 'f2',
  int64: 'i8',
  int32: 'i4',
  int16: 'i2',
  int8: 'i1',
  uint64: 'u8',
  uint32: 'u4',
  uint16: 'u2',
  uint8: 'u1',
  bool: 'b1',
};
