// Opens an index file in memory as the rows and ids of a reader.

import { crc32 } from '../core/crc32.js';
import { blamed, readContents } from '../vectors/file-contents.js';
import { storedIds } from '../vectors/id-file.js';
import { readTensors } from '../vectors/tensors.js';
import { FileIds } from './ids.js';
import { bytesOf } from './input.js';
import type { RowsAndIds } from './opened-index.js';
import { PlainIndex } from './plain-index.js';

/** Throws CORRUPT_DATA for anything but an index file, UNSUPPORTED for another version, OUT_OF_MEMORY. */
export function openRows(file: unknown): RowsAndIds<PlainIndex> {
  const bytes = bytesOf(file);
  const tensors = blamed(() => readTensors(bytes));
  const contents = readContents(tensors, bytes, (part) => crc32(0, part));
  return blamed(() => {
    const { rows, nextId } = contents;
    const native = new PlainIndex(tensors, contents);
    return { native, ids: new FileIds(rows, storedIds(tensors, rows), nextId) };
  });
}
