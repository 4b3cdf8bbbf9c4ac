// Files read in parts, and written whole or not at all.

import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { RangedReader } from 'fewbits/io';

/** Hands an open file to `work`, to be read in parts, and closes it. */
export async function withFile<T>(
  path: string,
  work: (file: RangedReader) => Promise<T>,
): Promise<T> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    return await work({
      size,
      read: (offset, length, into) => readAt(handle, offset, length, into),
    });
  } finally {
    await handle.close();
  }
}

async function readAt(
  handle: FileHandle,
  offset: number,
  length: number,
  bytes: Uint8Array = new Uint8Array(length),
): Promise<Uint8Array> {
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/** Writes beside `path` and moves it there when it is whole: no half file is left under its name. */
export async function writeWhole(
  path: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const partial = `${path}.partial`;
  try {
    const handle = await open(partial, 'w');
    try {
      for await (const piece of pieces) await handle.writeFile(piece);
    } finally {
      await handle.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
