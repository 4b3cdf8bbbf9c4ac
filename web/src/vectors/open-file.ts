// An index file as an index in WebAssembly memory that has its settings and all it has learned, but no rows yet.

import { blamed, type Contents, readContents, rowArrays, type Tensors } from './file-contents.js';
import type { Settings } from './functions.js';
import type { NativeSearch, RowArrays } from './native-search.js';
import { readTensors } from './tensors.js';

export interface Opened<Index extends NativeSearch> {
  readonly file: Tensors;
  readonly contents: Contents;
  readonly index: Index;
  /** Views of the file. */
  readonly arrays: RowArrays;
}

/**
 * Opens a file without looking at its rows. Throws CORRUPT_DATA for anything but an unchanged file of
 * writeIndex.
 *
 * @param checksum its CRC-32
 * @param create an empty index with these settings
 */
export function openWith<Index extends NativeSearch>(
  bytes: Uint8Array,
  checksum: (bytes: Uint8Array) => number,
  create: (settings: Settings) => Index,
): Opened<Index> {
  const file = blamed(() => readTensors(bytes));
  const contents = readContents(file, bytes, checksum);
  const { settings, mean, learned, rows } = contents;
  const index = create(settings);
  return filling(index, () => {
    if (mean !== null) index.setMean(mean);
    if (learned !== null) index.setTransform(learned.matrix, learned.segments);
    return { file, contents, index, arrays: rowArrays(file, rows, index.rowSizes) };
  });
}

/** Runs `work`, and disposes of the index when it fails: the error blames the file, unless memory is full. */
export function filling<T>(index: NativeSearch, work: () => T): T {
  try {
    return blamed(work);
  } catch (error) {
    index.dispose();
    throw error;
  }
}
