// safetensors files, read from memory at once, or in parts from a source of any size.

import { checkRange, invalid, quote } from '../checks.js';
import { type ElementArray, elementsOf, toFloat32 } from '../elements.js';
import { lookUp, partsOf } from '../lookup.js';
import { parseBytes, parseReader } from '../parse.js';
import { refusal } from '../sniff.js';
import {
  type ByteSource,
  type Bytes,
  type OpenOptions,
  openOptions,
  toBytes,
  toReader,
} from '../source.js';
import {
  elementTypes,
  type SafetensorsHeader,
  type SafetensorsInfo,
  safetensorsBits,
} from './format.js';
import { parseHeader } from './header.js';

function elements(bytes: Uint8Array, info: SafetensorsInfo): ElementArray {
  const type = elementTypes[info.dtype];
  return type === undefined ? bytes : elementsOf(bytes, type);
}

function float32(bytes: Uint8Array, info: SafetensorsInfo): Float32Array {
  const type = elementTypes[info.dtype];
  if (type === undefined) {
    throw invalid(
      `safetensors: ${quote(info.name)} is ${info.dtype}, which has no float32 conversion here`,
    );
  }
  return toFloat32(elementsOf(bytes, type), type);
}

/**
 * A safetensors file in memory. Tensors are accessed by name; names that the file does not have are refused
 * with INVALID_ARGUMENT.
 */
export interface SafetensorsData extends SafetensorsHeader {
  /** Whether the file has a tensor of this name. */
  has(name: string): boolean;
  /** The tensor's bytes: a view of the file. */
  bytes(name: string): Uint8Array;
  /**
   * The tensor's elements (f16 and bf16 as bit patterns; dtypes without a typed array in JavaScript as
   * bytes). They share the memory of the file if aligned.
   */
  elements(name: string): ElementArray;
  /** The tensor's values as float32; see `toFloat32`. */
  float32(name: string): Float32Array;
}

/**
 * Reads a safetensors file from memory.
 *
 * @throws FewbitsError CORRUPT_DATA for a file that breaks the format's rules
 */
export function readSafetensors(source: Bytes): SafetensorsData {
  const file = toBytes(source);
  const header = parseBytes(file, parseHeader(file.length, refusal));
  const { has, get } = lookUp('safetensors', header.tensors);
  const bytesAt = ({ byteOffset, byteLength }: SafetensorsInfo) =>
    file.subarray(byteOffset, byteOffset + byteLength);
  return {
    ...header,
    has,
    bytes: (name) => bytesAt(get(name)),
    elements: (name) => elements(bytesAt(get(name)), get(name)),
    float32: (name) => float32(bytesAt(get(name)), get(name)),
  };
}

/**
 * A safetensors file that is read in parts. Names and ranges that the file does not have are refused with
 * INVALID_ARGUMENT; a source that returns another number of bytes than requested causes CORRUPT_DATA.
 */
export interface SafetensorsFile extends SafetensorsHeader {
  /** Whether the file has a tensor of this name. */
  has(name: string): boolean;
  /**
   * Reads `byteLength` bytes of the tensor from its byte `start`; by default all. `into` is passed to the
   * source's `read`, which may use that memory.
   */
  bytes(
    name: string,
    start?: number | undefined,
    byteLength?: number | undefined,
    into?: Uint8Array | undefined,
  ): Promise<Uint8Array>;
  /** Reads all elements of the tensor; see `SafetensorsData.elements`. */
  elements(name: string): Promise<ElementArray>;
  /** Reads `count` values from value `start` as float32; by default all. */
  float32(
    name: string,
    start?: number | undefined,
    count?: number | undefined,
  ): Promise<Float32Array>;
}

/**
 * Opens a safetensors file of any size. Only its header is read at first.
 *
 * @throws FewbitsError CORRUPT_DATA for a file that breaks the format's rules; the signal's reason when it is
 *   aborted
 */
export async function openSafetensors(
  source: ByteSource,
  options?: OpenOptions,
): Promise<SafetensorsFile> {
  const { signal } = openOptions(options);
  const reader = toReader(source);
  const header = await parseReader(reader, parseHeader(reader.size, refusal), signal);
  const { has, get } = lookUp('safetensors', header.tensors);
  const bytes = partsOf(reader, get);
  return {
    ...header,
    has,
    bytes,
    elements: async (name) => elements(await bytes(name), get(name)),
    async float32(name, start, count) {
      const info = get(name);
      const size = safetensorsBits[info.dtype] / 8;
      if (start === undefined && count === undefined) return float32(await bytes(name), info);
      const from = start ?? 0;
      const available = info.byteLength / size;
      const wanted = count ?? available - from;
      checkRange(`values of ${quote(name)}`, from, wanted, available);
      return float32(await bytes(name, from * size, wanted * size), info);
    },
  };
}
