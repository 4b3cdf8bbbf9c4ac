// The header of a safetensors file: its bytes, and the place of each tensor.

import type { FewbitsError } from '../../core/errors.js';
import { corrupt, quote, shapeText } from '../checks.js';
import { type Parse, pause } from '../parse.js';
import { unshared } from '../pieces.js';
import {
  MAX_HEADER,
  PREFIX,
  type SafetensorsHeader,
  type SafetensorsInfo,
  type SafetensorsType,
  safetensorsBits,
  safetensorsByteLength,
} from './format.js';
import { HeaderScanner } from './header-scanner.js';

// Far more than any file has, but few enough that a malicious header of 100 MB costs little.
const MAX_TENSORS = 1_000_000;
const MAX_METADATA = 100_000;
const TENSORS_AT_ONCE = 1 << 14;

/**
 * The error for a file that does not begin correctly; other implementations inspect the file to say what it
 * is.
 */
export type Refusal = (format: string, size: number, message: string) => Parse<FewbitsError>;

// biome-ignore lint/correctness/useYield: it reads nothing from the file.
function* plainly(_format: string, _size: number, message: string): Parse<FewbitsError> {
  return corrupt(message);
}

/** Parses the header of a file of `size` bytes. */
export function* parseHeader(size: number, refusal: Refusal = plainly): Parse<SafetensorsHeader> {
  const start = yield { offset: 0, length: Math.min(size, PREFIX) };
  if (size < PREFIX) {
    const few = `safetensors: ${size} bytes are too few for the header's length`;
    throw yield* refusal('safetensors', size, few);
  }
  const length = new DataView(start.buffer, start.byteOffset, PREFIX).getBigUint64(0, true);
  if (length > MAX_HEADER) {
    const large = `safetensors: a header of ${length} bytes is larger than the ${MAX_HEADER} allowed`;
    throw yield* refusal('safetensors', size, large);
  }
  if (length > size - PREFIX) {
    const cut = `safetensors: a header of ${length} bytes does not fit into the ${size - PREFIX} bytes that follow: the file is cut off`;
    throw yield* refusal('safetensors', size, cut);
  }
  const bytes = yield { offset: PREFIX, length: Number(length) };
  if (bytes[0] !== 0x7b)
    throw yield* refusal('safetensors', size, "safetensors: the header must begin with '{'");
  const dataStart = PREFIX + Number(length);
  return yield* parseJson(decodeUtf8(bytes), dataStart, size - dataStart);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(unshared(bytes));
  } catch (cause) {
    throw corrupt('safetensors: the header is not UTF-8', cause);
  }
}

/**
 * Parses the JSON of the header strictly: `JSON.parse` would drop duplicate keys, round large integers and
 * accept any nesting. Checks that the tensors cover the `dataLength` bytes after the header without gap or
 * overlap.
 */
function* parseJson(text: string, dataStart: number, dataLength: number): Parse<SafetensorsHeader> {
  const scanner = new HeaderScanner(text);
  let metadata: Record<string, string> = Object.create(null);
  const tensors: SafetensorsInfo[] = [];
  const names = new Set<string>();
  for (let name = scanner.firstKey(); name !== undefined; name = scanner.nextKey()) {
    if (names.has(name)) throw corrupt(`safetensors: the name ${quote(name)} appears twice`);
    names.add(name);
    if (names.size > MAX_TENSORS) throw corrupt(`safetensors: more than ${MAX_TENSORS} tensors`);
    if (name === '__metadata__') metadata = scanMetadata(scanner);
    else tensors.push(placed(scanTensor(scanner, name), dataStart, dataLength));
    if (names.size % TENSORS_AT_ONCE === 0) yield pause;
  }
  scanner.end();
  checkCoverage(tensors, dataStart, dataLength);
  return { tensors, metadata };
}

function scanMetadata(scanner: HeaderScanner): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  // MLX writes null for no metadata.
  if (scanner.null()) return metadata;
  let keys = 0;
  for (let key = scanner.firstKey(); key !== undefined; key = scanner.nextKey()) {
    if (Object.hasOwn(metadata, key))
      throw corrupt(`safetensors: the metadata key ${quote(key)} appears twice`);
    if (++keys > MAX_METADATA)
      throw corrupt(`safetensors: more than ${MAX_METADATA} metadata keys`);
    metadata[key] = scanner.string();
  }
  return metadata;
}

/** A tensor as in the JSON. */
interface ScannedTensor {
  readonly name: string;
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly offsets: readonly number[];
}

function scanTensor(scanner: HeaderScanner, name: string): ScannedTensor {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  for (let field = scanner.firstKey(); field !== undefined; field = scanner.nextKey()) {
    if (field === 'dtype' && dtype === undefined) dtype = scanner.string();
    else if (field === 'shape' && shape === undefined) shape = scanner.integers();
    else if (field === 'data_offsets' && offsets === undefined) offsets = scanner.integers();
    else
      throw corrupt(
        `safetensors: tensor ${quote(name)} has an unknown or repeated field ${quote(field)}`,
      );
  }
  if (dtype === undefined || shape === undefined || offsets === undefined) {
    throw corrupt(`safetensors: tensor ${quote(name)} lacks dtype, shape or data_offsets`);
  }
  if (!Object.hasOwn(safetensorsBits, dtype)) {
    throw corrupt(`safetensors: tensor ${quote(name)} has the unknown dtype ${quote(dtype)}`);
  }
  return { name, dtype: dtype as SafetensorsType, shape, offsets };
}

function placed(
  { name, dtype, shape, offsets }: ScannedTensor,
  dataStart: number,
  dataLength: number,
): SafetensorsInfo {
  const [begin = Infinity, end = 0] = offsets;
  if (offsets.length !== 2 || begin > end || end > dataLength) {
    throw corrupt(
      `safetensors: tensor ${quote(name)} has data_offsets ${shapeText(offsets)}, the file has ${dataLength} bytes of data${end > dataLength ? ': it is cut off, as a download that did not end' : ''}`,
    );
  }
  const byteLength = safetensorsByteLength(dtype, shape);
  if (byteLength !== end - begin) {
    throw corrupt(
      `safetensors: tensor ${quote(name)} of ${dtype} with shape ${shapeText(shape)} cannot take ${end - begin} bytes`,
    );
  }
  return { name, dtype, shape, byteOffset: dataStart + begin, byteLength };
}

/**
 * Sorts tensors by offset, and refuses gaps and overlaps, so that every byte of the file belongs to a tensor.
 */
function checkCoverage(tensors: SafetensorsInfo[], dataStart: number, dataLength: number): void {
  tensors.sort((a, b) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength);
  let covered = dataStart;
  for (const { name, byteOffset, byteLength } of tensors) {
    if (byteOffset !== covered) {
      const what =
        byteOffset > covered ? 'leaves a hole before its' : 'overlaps the tensor before its';
      throw corrupt(`safetensors: tensor ${quote(name)} ${what} data at offset ${byteOffset}`);
    }
    covered += byteLength;
  }
  if (covered !== dataStart + dataLength) {
    throw corrupt(
      `safetensors: ${dataStart + dataLength - covered} bytes after the last tensor belong to none`,
    );
  }
}
