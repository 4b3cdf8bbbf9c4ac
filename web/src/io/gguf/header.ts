// The header of a GGUF file: everything before the data of its tensors.

import { FewbitsError } from '../../core/errors.js';
import { corrupt } from '../checks.js';
import type { Parse } from '../parse.js';
import { refusal } from '../sniff.js';
import { HeaderCursor } from './cursor.js';
import {
  ALIGNMENT_KEY,
  alignUp,
  DEFAULT_ALIGNMENT,
  type GgufEntry,
  type GgufHeader,
  isAlignment,
  MAGIC,
} from './format.js';
import { parseMetadata } from './metadata.js';
import { parseTensorList, placeTensors } from './tensors.js';

const MAX_ENTRIES = 100_000;
const MAX_TENSORS = 1_000_000;
const SMALLEST_ENTRY = 13; // empty key, one-byte value
const SMALLEST_TENSOR = 24; // empty name, no dimension

/** Parses the header of a file of `size` bytes, of which the first `window` are read to begin with. */
export function* parseHeader(size: number, window: number): Parse<GgufHeader> {
  const few = `gguf: ${size} bytes are too few for the 24 that a GGUF file begins with: it is cut off`;
  if (size < 24) throw yield* refusal('gguf', size, few);
  const cursor = new HeaderCursor(size, window);
  if ((yield* cursor.whole(() => cursor.uint32('the magic'))) !== MAGIC)
    throw yield* refusal('gguf', size, 'gguf: the file does not start with GGUF');
  const { version, tensorCount, entryCount } = yield* cursor.whole(parseStart);
  const metadata = yield* parseMetadata(cursor, entryCount);
  const listed = yield* parseTensorList(cursor, tensorCount);
  const alignment = alignmentOf(metadata);
  const dataOffset = alignUp(cursor.at, alignment);
  const tensors = placeTensors(listed, alignment, dataOffset, size);
  return { version, alignment, metadata, tensors, dataOffset };
}

function parseStart(cursor: HeaderCursor) {
  const version = checkVersion(cursor.uint32('the version'));
  const tensorCount = cursor.count('the number of tensors', SMALLEST_TENSOR, MAX_TENSORS);
  const entryCount = cursor.count('the number of metadata keys', SMALLEST_ENTRY, MAX_ENTRIES);
  return { version, tensorCount, entryCount };
}

function checkVersion(version: number): 2 | 3 {
  if (version === 2 || version === 3) return version;
  if (version !== 0 && (version & 0xffff) === 0) {
    throw new FewbitsError(
      'UNSUPPORTED',
      'gguf: the file is big-endian; only little-endian files can be read: convert it with gguf-py, gguf_convert_endian.py',
    );
  }
  throw new FewbitsError(
    'UNSUPPORTED',
    `gguf: version ${version} is not 2 or 3${version === 1 ? ': convert the model again with a llama.cpp of today' : ''}`,
  );
}

function alignmentOf(metadata: ReadonlyMap<string, GgufEntry>): number {
  const entry = metadata.get(ALIGNMENT_KEY);
  if (entry === undefined) return DEFAULT_ALIGNMENT;
  const value = entry.type === 'uint32' ? (entry.value as number) : 0;
  if (!isAlignment(value))
    throw corrupt(`gguf: ${ALIGNMENT_KEY} must be a uint32 and a power of two up to 2^20`);
  return value;
}
