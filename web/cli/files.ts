// Files that are read in parts.

import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { RangedReader } from 'fewbits/io';
import { UsageError } from './text.js';

/** An open file that is read in parts, with an identity to compare with other files. */
export interface InputFile extends RangedReader {
  readonly path: string;
  /** The name without its folders. */
  readonly name: string;
  readonly identity: string;
}

/** The identity of a file, independent of its name: paths, links and mounts may give it several. */
export const identityOf = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}`;

/** Opens a file, passes it to `work` and closes it. */
export function withFile<T>(path: string, work: (file: InputFile) => Promise<T>): Promise<T> {
  return withFiles([path], ([file]) => work(file as InputFile));
}

/** Opens files, passes them to `work` in this order and closes them. */
export async function withFiles<T>(
  paths: readonly string[],
  work: (files: readonly InputFile[]) => Promise<T>,
): Promise<T> {
  const handles: FileHandle[] = [];
  try {
    const files: InputFile[] = [];
    for (const path of paths) {
      // Checked before opening, since opening a pipe waits for a writer.
      const found = await stat(path, { bigint: true });
      if (found.isDirectory()) throw new UsageError(`'${path}' is a folder, not a file`);
      if (!found.isFile())
        throw new UsageError(`'${path}' is no regular file: it cannot be read at any place of it`);
      const handle = await open(path);
      handles.push(handle);
      files.push({
        path,
        name: basename(path),
        identity: identityOf(found),
        size: Number(found.size),
        read: (offset, length, into) => readAt(handle, offset, length, into),
      });
    }
    return await work(files);
  } finally {
    for (const handle of handles) await handle.close();
  }
}

/** Reads `length` bytes from `offset`, or up to the end of the file. */
export async function readAt(
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
