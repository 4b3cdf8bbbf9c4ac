// The header of an index file as it is written: a safetensors header, of which every name is known.

import { encodeUtf8 } from '../core/text.js';
import { sizeOf, type TensorType } from './tensors.js';

/** A tensor to be written. */
export interface PlannedTensor {
  readonly name: string;
  readonly dtype: TensorType;
  readonly shape: readonly number[];
}

/** The header with the length before it, and the tensors in the order of their bytes. */
export interface Laid<T extends PlannedTensor> {
  readonly header: Uint8Array<ArrayBuffer>;
  readonly tensors: readonly T[];
  /** Bytes of the whole file. */
  readonly byteLength: number;
}

/**
 * Lays out a file: tensors by decreasing element size, otherwise in the given order, so that each is aligned
 * to its elements; the header is padded with spaces to a multiple of 8.
 */
export function layOut<T extends PlannedTensor>(
  tensors: readonly T[],
  metadata: Readonly<Record<string, string>>,
): Laid<T> {
  const sorted = [...tensors].sort((a, b) => sizeOf(b.dtype) - sizeOf(a.dtype));
  const entries: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const { name, dtype, shape } of sorted) {
    const begin = end;
    end += shape.reduce((product, size) => product * size, sizeOf(dtype));
    entries[name] = { dtype, shape, data_offsets: [begin, end] };
  }
  const json = encodeUtf8(JSON.stringify(entries));
  const length = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return { header, tensors: sorted, byteLength: header.length + end };
}
