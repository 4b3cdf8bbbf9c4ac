// Zip archives: the list of members, and the bytes of a member.

import { crc32 } from '../../core/crc32.js';
import { FewbitsError } from '../../core/errors.js';
import { corrupt, quote } from '../checks.js';
import type { Parse } from '../parse.js';
import { unshared } from '../pieces.js';
import { isZip, refusal } from '../sniff.js';
import { type RangedReader, readExactly } from '../source.js';

/** A member as listed in the archive's directory. */
export interface ZipMember {
  readonly name: string;
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  /** The number of bytes in the archive. */
  readonly packedSize: number;
  readonly size: number;
  /** The offset of the local header, which precedes its bytes. */
  readonly headerOffset: number;
}

const END_LENGTH = 22;
const LOCATOR_LENGTH = 20;
const END64_LENGTH = 56;
const ENTRY_LENGTH = 46;
const LOCAL_LENGTH = 30;
// Far more than any archive of arrays has, but few enough that a malicious directory costs little.
const MAX_MEMBERS = 100_000;
const MAX_DIRECTORY = 1 << 25;
/** The largest expansion that deflate can reach: bytes per compressed byte. */
const MOST_FROM_ONE = 1032;

const unread = (what: string) => new FewbitsError('UNSUPPORTED', `npz: ${what}`);

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A 64-bit number, rounded above 2^53, which no file reaches. */
const uint64 = (view: DataView, at: number) =>
  view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;

/** Parses the directory at the end of an archive of `size` bytes. */
export function* parseZip(size: number): Parse<ZipMember[]> {
  const { offset, length, count } = yield* parseEnd(size);
  if (count > MAX_MEMBERS) throw corrupt(`npz: more than ${MAX_MEMBERS} members`);
  if (length > MAX_DIRECTORY) throw corrupt(`npz: a directory of more than ${MAX_DIRECTORY} bytes`);
  if (offset + length > size) {
    throw corrupt(`npz: the directory of ${length} bytes at ${offset} leaves the file of ${size}`);
  }
  const bytes = yield { offset, length };
  const members: ZipMember[] = [];
  const names = new Set<string>();
  for (let at = 0; members.length < count; ) {
    const { member, next } = entry(bytes, at);
    if (names.has(member.name))
      throw corrupt(`npz: the member ${quote(member.name)} appears twice`);
    names.add(member.name);
    members.push(member);
    at = next;
  }
  checkPlaces(members, offset);
  return members;
}

interface Directory {
  readonly offset: number;
  readonly length: number;
  readonly count: number;
}

function* parseEnd(size: number): Parse<Directory> {
  const start = yield { offset: 0, length: Math.min(size, 4) };
  if (!isZip(String.fromCharCode(...start)))
    throw yield* refusal('npz', size, 'npz: the file does not start as a zip archive does');
  // A comment of up to 65,535 bytes may follow.
  const length = Math.min(size, END_LENGTH + 65_535);
  const tail = yield { offset: size - length, length };
  const view = viewOf(tail);
  let at = tail.length - END_LENGTH;
  while (
    at >= 0 &&
    !(
      view.getUint32(at, true) === 0x06054b50 &&
      at + END_LENGTH + view.getUint16(at + 20, true) === tail.length
    )
  ) {
    at--;
  }
  if (at < 0) throw corrupt('npz: the end of the zip archive is missing: the file is cut off');
  const disks = [view.getUint16(at + 4, true), view.getUint16(at + 6, true)];
  if (disks.some((disk) => disk !== 0 && disk !== 0xffff))
    throw unread('a zip archive of several files is not read');
  const directory = {
    count: view.getUint16(at + 10, true),
    length: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
  const { count } = directory;
  const large = count === 0xffff || [directory.length, directory.offset].includes(0xffffffff);
  return large ? yield* parseEnd64(size - tail.length + at, directory) : directory;
}

/** Parses the separate record that archives of more than 4 GiB or 65,535 members have. */
function* parseEnd64(end: number, directory: Directory): Parse<Directory> {
  if (end < LOCATOR_LENGTH) return directory;
  const locator = viewOf(yield { offset: end - LOCATOR_LENGTH, length: LOCATOR_LENGTH });
  if (locator.getUint32(0, true) !== 0x07064b50) return directory;
  const offset = uint64(locator, 8);
  if (offset + END64_LENGTH > end) throw corrupt('npz: the end of the zip64 archive is misplaced');
  const record = viewOf(yield { offset, length: END64_LENGTH });
  if (record.getUint32(0, true) !== 0x06064b50)
    throw corrupt('npz: the end of the zip64 archive is missing');
  return { count: uint64(record, 32), length: uint64(record, 40), offset: uint64(record, 48) };
}

function entry(bytes: Uint8Array, at: number): { member: ZipMember; next: number } {
  const view = viewOf(bytes);
  if (at + ENTRY_LENGTH > bytes.length || view.getUint32(at, true) !== 0x02014b50)
    throw corrupt(`npz: the directory is damaged at its byte ${at}`);
  const nameEnd = at + ENTRY_LENGTH + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > bytes.length) throw corrupt(`npz: the directory is damaged at its byte ${at}`);
  const name = new TextDecoder().decode(unshared(bytes.subarray(at + ENTRY_LENGTH, nameEnd)));
  const sizes = [24, 20, 42].map((field) => view.getUint32(at + field, true));
  const [size, packedSize, headerOffset] = sizes64(name, sizes, bytes.subarray(nameEnd, extraEnd));
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const crc = view.getUint32(at + 16, true);
  const encrypted = (flags & 1) !== 0;
  return { member: { name, method, encrypted, crc, packedSize, size, headerOffset }, next };
}

/** Replaces sizes that do not fit into 32 bits by those in the entry's extra fields. */
function sizes64(name: string, sizes: readonly number[], extra: Uint8Array): number[] {
  if (!sizes.includes(0xffffffff)) return [...sizes];
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; ) {
    let field = at + 4;
    const end = field + view.getUint16(at + 2, true);
    if (end > extra.length) break;
    if (view.getUint16(at, true) === 1) {
      return sizes.map((size) => {
        if (size !== 0xffffffff) return size;
        if (field + 8 > end) throw corrupt(`npz: the member ${quote(name)} lacks its sizes`);
        field += 8;
        return uint64(view, field - 8);
      });
    }
    at = end;
  }
  return [...sizes];
}

/** Refuses members that overlap, which could be unpacked many times over, or lie outside the archive. */
function checkPlaces(members: readonly ZipMember[], directoryOffset: number): void {
  let covered = 0;
  const inOrder = [...members].sort((a, b) => a.headerOffset - b.headerOffset);
  for (const { name, headerOffset, packedSize } of inOrder) {
    const end = headerOffset + LOCAL_LENGTH + packedSize;
    if (headerOffset < covered || end > directoryOffset)
      throw corrupt(`npz: the member ${quote(name)} does not lie where its bytes can be`);
    covered = end;
  }
}

/** The offset of a member's bytes. */
export function* parseMember(member: ZipMember, archiveSize: number): Parse<number> {
  const what = `the member ${quote(member.name)}`;
  const { method, encrypted, headerOffset, packedSize, size } = member;
  if (encrypted) throw unread(`${what} is encrypted`);
  if (method !== 0 && method !== 8) {
    throw unread(
      `${what} is compressed by method ${method}; only deflated and stored ones are read`,
    );
  }
  if (method === 0 ? size !== packedSize : size > packedSize * MOST_FROM_ONE) {
    throw corrupt(`npz: ${what} cannot have ${size} bytes in ${packedSize}`);
  }
  const local = viewOf(yield { offset: headerOffset, length: LOCAL_LENGTH });
  const names = local.getUint16(26, true) + local.getUint16(28, true);
  const start = headerOffset + LOCAL_LENGTH + names;
  if (local.getUint32(0, true) !== 0x04034b50 || start + packedSize > archiveSize)
    throw corrupt(`npz: ${what} is not at offset ${headerOffset}`);
  return start;
}

/** Reads the bytes of a member from `start` on, unpacked and checked against their checksum. */
export async function readMember(
  reader: RangedReader,
  member: ZipMember,
  start: number,
): Promise<Uint8Array> {
  const packed = await readExactly(reader, start, member.packedSize);
  const bytes = member.method === 0 ? packed : await inflate(packed, member);
  if (crc32(0, bytes) !== member.crc)
    throw corrupt(`npz: the member ${quote(member.name)} does not agree with its checksum`);
  return bytes;
}

async function inflate(packed: Uint8Array, { name, size }: ZipMember): Promise<Uint8Array> {
  if (typeof DecompressionStream === 'undefined') {
    throw unread(
      `this engine cannot unpack ${quote(name)}: it has no DecompressionStream. Save with numpy.savez instead of savez_compressed`,
    );
  }
  const stream = new Blob([unshared(packed)]).stream();
  const pieces = stream.pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  // The buffer grows as needed, so that a false size costs little.
  let bytes = new Uint8Array(Math.min(size, 1 << 24));
  let at = 0;
  try {
    for (;;) {
      const { done, value } = await pieces.read();
      if (done) break;
      const end = at + value.length;
      if (end > size) throw corrupt(`npz: the member ${quote(name)} has more than ${size} bytes`);
      if (end > bytes.length) {
        const grown = new Uint8Array(Math.min(size, Math.max(end, 2 * bytes.length)));
        grown.set(bytes.subarray(0, at));
        bytes = grown;
      }
      bytes.set(value, at);
      at = end;
    }
  } catch (cause) {
    pieces.cancel().catch(() => {});
    if (cause instanceof FewbitsError) throw cause;
    throw corrupt(`npz: the member ${quote(name)} cannot be unpacked`, cause);
  }
  if (at !== size) throw corrupt(`npz: the member ${quote(name)} has ${at} bytes, not ${size}`);
  return bytes;
}
