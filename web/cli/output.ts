// Output files that are written completely or not at all: next to their place, under a unique name.

import { randomBytes } from 'node:crypto';
import {
  type BigIntStats,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { access, type FileHandle, lstat, open, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { FewbitsError } from 'fewbits';
import type { RangedReader } from 'fewbits/io';
import { type InputFile, identityOf, readAt } from './files.js';
import { UsageError } from './text.js';

/** The destination of the output. */
export interface Output {
  /** The path from the command line. */
  readonly path: string;
  /** A pipe or a device, which takes bytes as they come and cannot be read back. */
  readonly stream: boolean;
  /** The file to write, or the pipe or device. */
  readonly target: string;
  /** The existing file, if any. */
  readonly found: BigIntStats | undefined;
}

/**
 * Checks the output, and refuses anything harmful: one of the inputs under any name, a folder, a disk, a
 * write-protected file.
 */
export async function checkOutput(
  given: string,
  inputs: readonly InputFile[],
  { stream: allowStream = true } = {},
): Promise<Output> {
  if (given === '-') return checkOutput('/dev/stdout', inputs, { stream: allowStream });
  const found = await stat(given, { bigint: true }).catch(ifAbsent);
  if (found === undefined) {
    if (/[\\/]$/.test(given)) throw new UsageError(`there is no folder '${given}'`);
    const target = await targetOf(given);
    const folder = await stat(path.dirname(target)).catch(ifAbsent);
    if (!folder?.isDirectory())
      throw new UsageError(`there is no folder '${path.dirname(target)}' for '${given}'`);
    return { path: given, stream: false, target, found };
  }
  if (found.isDirectory())
    throw new UsageError(`'${given}' is a folder: give the name of a file in it`);
  const same = inputs.find(({ identity }) => identity === identityOf(found));
  if (same !== undefined)
    throw new UsageError(`in and out are the same file: '${same.path}' and '${given}'`);
  if (found.isFile()) {
    await access(given, constants.W_OK);
    return { path: given, stream: false, target: await realpath(given), found };
  }
  if (!found.isFIFO() && !found.isCharacterDevice())
    throw new UsageError(`'${given}' is a ${found.isSocket() ? 'socket' : 'disk'}, no file`);
  if (!allowStream)
    throw new UsageError(`'${given}' cannot be read again: --verify needs a file for the output`);
  return { path: given, stream: true, target: given, found };
}

function ifAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** The file that a non-existing path refers to, following links. */
async function targetOf(given: string, links = 0): Promise<string> {
  const folder = await realpath(path.dirname(given)).catch((error) => {
    ifAbsent(error);
    return path.resolve(path.dirname(given));
  });
  const target = path.join(folder, path.basename(given));
  const found = await lstat(target).catch(ifAbsent);
  if (!found?.isSymbolicLink()) return target;
  if (links === 40) throw new UsageError(`'${given}' is a link that leads nowhere`);
  return targetOf(path.resolve(folder, await readlink(target)), links + 1);
}

/** Files that are not complete yet. */
const unfinished = new Set<string>();

/** Removes incomplete files, synchronously: for when the process ends. */
export function removeUnfinished(): void {
  for (const file of unfinished) rmSync(file, { force: true });
  unfinished.clear();
}

/**
 * Writes the output. A file appears in its place when it is complete, on the disk and accepted by `check`:
 * until then an existing one stays, and there is never a partial file.
 */
export async function writeOutput(
  output: Output,
  pieces: Pieces,
  check?: (made: RangedReader) => Promise<void>,
): Promise<void> {
  try {
    await (output.stream ? writeStream(output, pieces) : writeFile(output, pieces, check));
  } catch (error) {
    throw explained(error, output);
  }
}

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

async function writeStream({ target }: Output, pieces: Pieces): Promise<void> {
  const handle = await open(target, constants.O_WRONLY);
  try {
    for await (const piece of pieces) await writeAll(handle, piece);
  } finally {
    await handle.close();
  }
}

async function writeFile(
  { target, found }: Output,
  pieces: Pieces,
  check?: (made: RangedReader) => Promise<void>,
): Promise<void> {
  const mode = found === undefined ? 0o666 : Number(found.mode & 0o777n);
  const temporary = createTemporary(target, mode);
  try {
    const handle = await open(temporary, 'r+');
    try {
      let size = 0;
      for await (const piece of pieces) {
        await writeAll(handle, piece, size);
        size += piece.length;
      }
      await check?.({ size, read: (offset, length, into) => readAt(handle, offset, length, into) });
      await handle.sync();
    } finally {
      await handle.close();
    }
    keepOwner(temporary, found);
    renameSync(temporary, target);
    syncFolder(path.dirname(target));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    unfinished.delete(temporary);
  }
}

/** Creates a new file next to the target, synchronously, so that it is known when a signal arrives. */
function createTemporary(target: string, mode: number): string {
  const temporary = path.join(
    path.dirname(target),
    `.fewbits-${randomBytes(8).toString('hex')}.partial`,
  );
  try {
    closeSync(openSync(temporary, 'wx', mode | 0o600));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw cause;
    const why = `no file can be made in the folder of '${target}': ${message}`;
    throw new FewbitsError('UNSUPPORTED', why, { cause });
  }
  unfinished.add(temporary);
  return temporary;
}

/** Copies owner and mode of the replaced file, as far as permitted. */
function keepOwner(file: string, found: BigIntStats | undefined): void {
  if (found === undefined) return;
  try {
    chownSync(file, Number(found.uid), Number(found.gid));
  } catch {
    // Only root may change the owner.
  }
  chmodSync(file, Number(found.mode & 0o7777n));
}

/** Writes the new name to the disk too; not every system supports this for folders. */
function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // The file itself is complete and in its place.
  }
}

async function writeAll(handle: FileHandle, piece: Uint8Array, position?: number): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    const at = position === undefined ? null : position + done;
    const { bytesWritten } = await handle.write(piece, done, piece.length - done, at);
    if (bytesWritten === 0) throw new FewbitsError('STORAGE_FULL', 'nothing more can be written');
    done += bytesWritten;
  }
}

function explained(error: unknown, { path: given }: Output): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') return error;
  return new FewbitsError('STORAGE_FULL', `no room for '${given}': ${message}`, { cause: error });
}
