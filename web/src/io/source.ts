// Sources of bytes: what readers accept from callers, and how ranges are read from it.

import {
  options as checkOptions,
  isBytes as isBytesLike,
  tagOf,
  toBytes as viewOf,
} from '../core/arguments.js';
import { isSharedBuffer } from '../core/kinds.js';
import { corrupt, describe, invalid, looking } from './checks.js';

/** Anything that reads ranges of a file: an HTTP range reader, a file handle, an OPFS handle. */
export interface RangedReader {
  /** The length of the file in bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset`, a range within `size`. Callers that read a lot pass `into`,
   * of at least `length` bytes, whose start may be filled and returned instead of new memory. A Buffer or any
   * other view may be returned.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
}

/** A whole file in memory: an ArrayBuffer or a view of one, such as a Buffer; its memory may be shared. */
export type Bytes = ArrayBufferLike | ArrayBufferView;

/** A file in memory, on disk (`File` is a `Blob`) or behind a reader. */
export type ByteSource = Bytes | Blob | RangedReader;

/** Options for files that are opened to be read in parts. */
export interface OpenOptions {
  /** Aborts the opening; the promise is rejected with its reason. */
  signal?: AbortSignal | undefined;
}

/** Checks the options of an opener, including its signal; `known` are its other options. */
export function openOptions<T extends OpenOptions>(
  options: T | undefined,
  ...known: (keyof T & string)[]
): T {
  const given = checkOptions<T>('options', options, [...known, 'signal']);
  const signal = looking('signal', () => given.signal);
  if (signal !== undefined && tagOf(signal) !== 'AbortSignal')
    throw invalid(`signal must be an AbortSignal, got ${describe(signal)}`);
  return given;
}

export function isBytes(source: unknown): source is Bytes {
  return isBytesLike(source) || isSharedBuffer(source);
}

/**
 * The bytes of a buffer or of any view of one, of any realm, without a copy. The result is a plain
 * Uint8Array, since the `slice` of Node's Buffer does not copy.
 *
 * @throws FewbitsError INVALID_ARGUMENT for anything else, and for memory that was transferred
 */
export function toBytes(source: Bytes, what = 'the file'): Uint8Array {
  if (isSharedBuffer(source)) return new Uint8Array(source);
  if (isBytesLike(source)) return viewOf(what, source);
  throw notTaken('an ArrayBuffer or a view of one', source);
}

/**
 * Creates a reader of any source. For a buffer it returns views.
 *
 * @throws FewbitsError INVALID_ARGUMENT for anything that is not a source
 */
export function toReader(source: ByteSource): RangedReader {
  return looking('the source', () => readerOf(source));
}

function readerOf(source: ByteSource): RangedReader {
  if (isBytes(source)) {
    const bytes = toBytes(source);
    return {
      size: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
    };
  }
  if (isBlob(source)) {
    return {
      size: source.size,
      read: async (offset, length) =>
        new Uint8Array(await source.slice(offset, offset + length).arrayBuffer()),
    };
  }
  const accepted = 'an ArrayBuffer, a view of one, a Blob or { size, read(offset, length) }';
  if (typeof source !== 'object' || source === null || typeof source.read !== 'function')
    throw notTaken(accepted, source);
  const { size } = source;
  if (!Number.isSafeInteger(size) || size < 0) {
    throw invalid(
      `a reader's size must be the length of the file in bytes, a number, got ${describe(size)}`,
    );
  }
  return source;
}

/** Whether a value is a Blob, by its tag, so that those of other realms are accepted. */
function isBlob(source: unknown): source is Blob {
  return /^(Blob|File)$/.test(tagOf(source)) && typeof (source as Blob).arrayBuffer === 'function';
}

/** Remedies for values that are often passed by mistake, by their tag. */
const remedies: Readonly<Record<string, string>> = {
  Promise: 'await it first',
  Response: 'pass await response.arrayBuffer()',
  Request: 'pass await (await fetch(request)).arrayBuffer()',
  ReadableStream: 'pass await new Response(stream).arrayBuffer()',
  FileSystemFileHandle: 'pass await handle.getFile()',
  FileList: 'pass one of its files',
  URL: 'fetch it first: await (await fetch(url)).arrayBuffer()',
  String:
    'read the file first, such as with readFileSync(path) or (await fetch(url)).arrayBuffer()',
  Array: 'make bytes of it: Uint8Array.from(array)',
};

function notTaken(accepted: string, given: unknown) {
  const remedy = remedies[tagOf(given)];
  return invalid(
    `expected ${accepted}, got ${describe(given)}${remedy === undefined ? '' : `: ${remedy}`}`,
  );
}

/** Reads a range, and throws when the source returns another number of bytes. */
export async function readExactly(
  reader: RangedReader,
  offset: number,
  length: number,
  into?: Uint8Array,
): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array(0);
  const given = await reader.read(offset, length, into);
  if (!isBytes(given)) {
    throw invalid(`read() must give bytes, such as a Uint8Array, it gave ${describe(given)}`);
  }
  const bytes = toBytes(given, 'what read() gave');
  if (bytes.length !== length) {
    throw corrupt(
      `asked for ${length} bytes at offset ${offset}, the source gave ${bytes.length}: ` +
        'read() must give exactly as many as it is asked for, which all lie within its size',
    );
  }
  return bytes;
}
