// npy files, read from memory at once, or in parts from a source of any size.

import { options as checkOptions, oneOf } from '../../core/arguments.js';
import { checkRange } from '../checks.js';
import { type ElementArray, elementSizes, elementsOf, toFloat32 } from '../elements.js';
import { type Float8Type, float8Types } from '../float8.js';
import { parseBytes, parseReader } from '../parse.js';
import {
  type ByteSource,
  type Bytes,
  type OpenOptions,
  openOptions,
  readExactly,
  toBytes,
  toReader,
} from '../source.js';
import type { NpyArray, NpyHeader } from './format.js';
import { parseHeader } from './header.js';
import { toCOrder } from './order.js';

export interface NpyOptions {
  /**
   * The type of elements that numpy has no name for: ml_dtypes saves bfloat16 as `|V2` and 8-bit floats as
   * `|V1`. For unsigned integers of the same size it means that they hold bit patterns.
   */
  as?: 'f16' | 'bf16' | Float8Type | undefined;
}

/** Options for files that are read in parts. */
export interface NpyOpenOptions extends NpyOptions, OpenOptions {}

function asOf({ as }: NpyOptions): NpyOptions['as'] {
  return as === undefined ? undefined : oneOf('as', as, asTypes);
}

const asTypes = ['f16', 'bf16', ...(Object.keys(float8Types) as Float8Type[])] as const;

/**
 * Reads an npy file from memory. The array is in C order, whatever the order of the file. Its data share the
 * memory of `source` when the file is little-endian, in C order and aligned; otherwise they are a copy. If
 * the file has several arrays from several calls of numpy.save, the first is read.
 *
 * @throws FewbitsError CORRUPT_DATA for a file that is not npy or breaks the format's rules, UNSUPPORTED for
 *   elements that are not numbers of up to 64 bits, INVALID_ARGUMENT for options that do not fit the file
 */
export function readNpy(source: Bytes, options?: NpyOptions): NpyArray {
  const as = asOf(checkOptions<NpyOptions>('options', options, ['as']));
  const bytes = toBytes(source);
  const header = parseBytes(bytes, parseHeader(bytes.length, as));
  const { type, shape, dataOffset, byteLength, bigEndian } = header;
  const data = elementsOf(bytes.subarray(dataOffset, dataOffset + byteLength), type, bigEndian);
  return { type, shape, data: header.fortranOrder ? toCOrder(data, shape) : data };
}

/** An npy file that is read in parts. */
export interface NpyFile extends NpyHeader {
  /**
   * Reads `count` elements from element `start`, in the order of the file (see `fortranOrder`).
   *
   * @throws FewbitsError INVALID_ARGUMENT for a range that the file does not have, CORRUPT_DATA when the
   *   source returns another number of bytes than requested
   */
  read(start: number, count: number): Promise<ElementArray>;
  /** Reads elements as float32 values; otherwise like `read`. */
  readFloat32(start: number, count: number): Promise<Float32Array>;
}

/**
 * Opens an npy file of any size. Only its header is read at first.
 *
 * @throws FewbitsError as `readNpy` does; the signal's reason when it is aborted
 */
export async function openNpy(source: ByteSource, options?: NpyOpenOptions): Promise<NpyFile> {
  const given = openOptions(options, 'as');
  const as = asOf(given);
  const reader = toReader(source);
  const header = await parseReader(reader, parseHeader(reader.size, as), given.signal);
  const { type, dataOffset, bigEndian } = header;
  const size = elementSizes[type];
  const read = async (start: number, count: number) => {
    checkRange('npy elements', start, count, header.length);
    const bytes = await readExactly(reader, dataOffset + start * size, count * size);
    return elementsOf(bytes, type, bigEndian);
  };
  return {
    ...header,
    read,
    readFloat32: async (start, count) => toFloat32(await read(start, count), type),
  };
}
