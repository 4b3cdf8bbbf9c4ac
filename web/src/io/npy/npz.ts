// npz files: zip archives of npy files, as saved by numpy.savez and savez_compressed.

import { FewbitsError } from '../../core/errors.js';
import { quote } from '../checks.js';
import { lookUp } from '../lookup.js';
import { parseReader } from '../parse.js';
import { type ByteSource, openOptions, type RangedReader, toReader } from '../source.js';
import type { NpyArray } from './format.js';
import { type NpyFile, type NpyOpenOptions, openNpy, readNpy } from './read.js';
import { parseMember, parseZip, readMember, type ZipMember } from './zip.js';

/** An npz file that is read in parts. Names that it does not have are refused with INVALID_ARGUMENT. */
export interface NpzFile {
  /** The names of the arrays, without `.npy`, in the order of the archive. */
  readonly names: readonly string[];
  /** Whether there is an array of this name. */
  has(name: string): boolean;
  /**
   * Reads the array of this name.
   *
   * @throws FewbitsError CORRUPT_DATA when it is damaged, UNSUPPORTED when it is encrypted, compressed by
   *   another method than deflate, or does not hold numbers
   */
  read(name: string): Promise<NpyArray>;
  /**
   * Opens the array to be read in parts; a compressed one is unpacked into memory first. @throws as `read`
   * does
   */
  open(name: string): Promise<NpyFile>;
}

/**
 * Opens an npz file of any size. Only the archive's directory is read at first.
 *
 * @throws FewbitsError CORRUPT_DATA for a file that is damaged or not a zip archive; the signal's reason when
 *   it is aborted
 */
export async function openNpz(source: ByteSource, options?: NpyOpenOptions): Promise<NpzFile> {
  const { as, signal } = openOptions(options, 'as');
  const reader = toReader(source);
  const arrays = (await parseReader(reader, parseZip(reader.size), signal))
    .filter(({ name }) => name.endsWith('.npy'))
    .map((member) => ({ name: member.name.slice(0, -4), member }));
  const { has, get } = lookUp('npz', arrays, 'array');
  return {
    names: arrays.map(({ name }) => name),
    has,
    async read(name) {
      const member = await unpacked(reader, get(name).member);
      return named(name, async () => readNpy(member, { as }));
    },
    async open(name) {
      const { member } = get(name);
      const part = member.method === 0 ? await stored(reader, member) : unpacked(reader, member);
      return named(name, async () => openNpy(await part, { as }));
    },
  };
}

/**
 * Reads all arrays of an npz file, by name.
 *
 * @throws FewbitsError as `openNpz` and `NpzFile.read` do
 */
export async function readNpz(
  source: ByteSource,
  options?: NpyOpenOptions,
): Promise<ReadonlyMap<string, NpyArray>> {
  const file = await openNpz(source, options);
  const arrays = new Map<string, NpyArray>();
  for (const name of file.names) arrays.set(name, await file.read(name));
  return arrays;
}

async function unpacked(reader: RangedReader, member: ZipMember): Promise<Uint8Array> {
  return readMember(reader, member, await parseReader(reader, parseMember(member, reader.size)));
}

/** A reader of a member that is stored uncompressed. */
async function stored(reader: RangedReader, member: ZipMember): Promise<RangedReader> {
  const start = await parseReader(reader, parseMember(member, reader.size));
  return {
    size: member.size,
    read: (offset, length, into) => reader.read(start + offset, length, into),
  };
}

/** Adds the name of the array to the errors of `work`. */
async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FewbitsError)) throw error;
    throw new FewbitsError(error.code, `${error.message} (array ${quote(name)})`, { cause: error });
  }
}
