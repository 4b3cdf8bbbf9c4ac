// GGUF files, read from memory at once, or in parts from a source of any size.

import { lookUp, partsOf } from '../lookup.js';
import { parseBytes, parseReader } from '../parse.js';
import {
  type ByteSource,
  type Bytes,
  type OpenOptions,
  openOptions,
  toBytes,
  toReader,
} from '../source.js';
import type { GgufHeader, GgufTensorInfo } from './format.js';
import { parseHeader } from './header.js';

const FIRST_WINDOW = 1 << 18;

/** A GGUF file in memory. */
export interface GgufData extends GgufHeader {
  /** The tensor of this name. @throws FewbitsError INVALID_ARGUMENT when there is no such tensor */
  tensor(name: string): GgufTensorInfo;
  /**
   * The tensor's bytes: a view of the file. @throws FewbitsError INVALID_ARGUMENT when there is no such
   * tensor
   */
  bytes(name: string): Uint8Array;
}

/**
 * Reads a GGUF file from memory. Raw entries and tensors are views of it; values are copies.
 *
 * @throws FewbitsError CORRUPT_DATA for a file that breaks the format's rules, UNSUPPORTED for one that is
 *   big-endian or of a version other than 2 and 3
 */
export function readGguf(source: Bytes): GgufData {
  const file = toBytes(source);
  const header = parseBytes(file, parseHeader(file.length, file.length));
  const { get } = lookUp('gguf', header.tensors);
  return {
    ...header,
    tensor: get,
    bytes(name) {
      const { byteOffset, byteLength } = get(name);
      return file.subarray(byteOffset, byteOffset + byteLength);
    },
  };
}

/** A GGUF file that is read in parts. */
export interface GgufFile extends GgufHeader {
  /** The tensor of this name. @throws FewbitsError INVALID_ARGUMENT when there is no such tensor */
  tensor(name: string): GgufTensorInfo;
  /**
   * Reads `byteLength` bytes of the tensor from its byte `start`; by default all. `into` is passed to the
   * source's `read`, which may use that memory.
   *
   * @throws FewbitsError INVALID_ARGUMENT when there is no such tensor or range, CORRUPT_DATA when the source
   *   returns another number of bytes than requested
   */
  bytes(
    name: string,
    start?: number | undefined,
    byteLength?: number | undefined,
    into?: Uint8Array | undefined,
  ): Promise<Uint8Array>;
}

/**
 * Opens a GGUF file of any size. Only metadata and tensor list are read at first, in growing windows.
 *
 * @throws FewbitsError as `readGguf` does; the signal's reason when it is aborted
 */
export async function openGguf(source: ByteSource, options?: OpenOptions): Promise<GgufFile> {
  const { signal } = openOptions(options);
  const reader = toReader(source);
  const header = await parseReader(reader, parseHeader(reader.size, FIRST_WINDOW), signal);
  const { get } = lookUp('gguf', header.tensors);
  return {
    ...header,
    tensor: get,
    bytes: partsOf(reader, get),
  };
}
