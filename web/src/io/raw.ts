// Files of raw float32 values.

import { type FloatArray, toFloat32 } from '../core/arguments.js';
import { checkRange, corrupt } from './checks.js';
import { elementsOf } from './elements.js';
import { type ByteSource, type Bytes, readExactly, toBytes, toReader } from './source.js';

function checkLength(byteLength: number): number {
  if (byteLength % 4 !== 0) {
    throw corrupt(`raw float32: ${byteLength} bytes are not a multiple of 4`);
  }
  return byteLength / 4;
}

/** Reads bytes that are only little-endian float32 values. Shares their memory when aligned. */
export function readRawF32(source: Bytes): Float32Array {
  const bytes = toBytes(source);
  checkLength(bytes.length);
  return elementsOf(bytes, 'f32') as Float32Array;
}

/** A raw float32 file that is read in parts. */
export interface RawF32File {
  readonly length: number;
  /** Reads `count` values from value `start`. */
  readFloat32(start: number, count: number): Promise<Float32Array>;
}

/** Opens a raw float32 file of any size; nothing is read yet. */
export function openRawF32(source: ByteSource): RawF32File {
  const reader = toReader(source);
  const length = checkLength(reader.size);
  return {
    length,
    async readFloat32(start, count) {
      checkRange('readFloat32', start, count, length);
      return elementsOf(await readExactly(reader, start * 4, count * 4), 'f32') as Float32Array;
    },
  };
}

/**
 * The little-endian bytes of the values; for a Float32Array a view, not a copy.
 *
 * @throws FewbitsError INVALID_ARGUMENT for anything that is not an array of numbers
 */
export function writeRawF32(values: FloatArray): Uint8Array {
  const { buffer, byteOffset, byteLength } = toFloat32('values', values);
  return new Uint8Array(buffer, byteOffset, byteLength);
}
