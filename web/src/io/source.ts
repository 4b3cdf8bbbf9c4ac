import { FewbitsError } from '../core/errors.js';

/** Anything that can hand out parts of a file: an HTTP range reader, a file handle, an OPFS handle. */
export interface RangedReader {
  /** The length of the file in bytes. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`; both lie within `size`. Those who read much pass `into`, of at least
   * `length` bytes, whose beginning may be filled and returned instead of new memory.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
}

/** A whole file in memory. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** A file in memory, on disk (`File` is a `Blob`) or behind a reader. */
export type ByteSource = Bytes | Blob | RangedReader;

/** Part of a file that a parser asks for. It lies within the file. */
export interface Need {
  readonly offset: number;
  readonly length: number;
}

/** A parser that yields what it needs, so that one body serves buffers (at once) and readers (later). */
export type Parse<T> = Generator<Need, T, Uint8Array>;

export function corrupt(message: string, cause?: unknown): FewbitsError {
  return new FewbitsError('CORRUPT_DATA', message, cause === undefined ? undefined : { cause });
}

export function invalid(message: string): FewbitsError {
  return new FewbitsError('INVALID_ARGUMENT', message);
}

export function isBytes(source: unknown): source is Bytes {
  return source instanceof ArrayBuffer || ArrayBuffer.isView(source);
}

/** The bytes of a buffer or of any view of one, without a copy. */
export function toBytes(source: Bytes): Uint8Array {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  }
  throw invalid(`expected an ArrayBuffer or a view of one, got ${describe(source)}`);
}

/** A reader over any source. What it returns for a buffer is a view of that buffer. */
export function toReader(source: ByteSource): RangedReader {
  if (isBytes(source)) {
    const bytes = toBytes(source);
    return {
      size: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
    };
  }
  if (typeof Blob !== 'undefined' && source instanceof Blob) {
    return {
      size: source.size,
      read: async (offset, length) =>
        new Uint8Array(await source.slice(offset, offset + length).arrayBuffer()),
    };
  }
  const reader = source as RangedReader | null | undefined;
  if (typeof reader?.read !== 'function' || !Number.isSafeInteger(reader.size) || reader.size < 0) {
    throw invalid(
      `expected an ArrayBuffer, a view of one, a Blob or { size, read(offset, length) }, got ${describe(source)}`,
    );
  }
  return reader;
}

/** Reads exactly what was asked, or says that the source did not keep its word. */
export async function readExactly(
  reader: RangedReader,
  offset: number,
  length: number,
  into?: Uint8Array,
): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array(0);
  const bytes = await reader.read(offset, length, into);
  if (!(bytes instanceof Uint8Array)) {
    throw invalid(`read() must give a Uint8Array, it gave ${describe(bytes)}`);
  }
  if (bytes.length !== length) {
    throw corrupt(`asked for ${length} bytes at offset ${offset}, the source gave ${bytes.length}`);
  }
  return bytes;
}

export function parseBytes<T>(bytes: Uint8Array, parse: Parse<T>): T {
  let step = parse.next();
  while (!step.done) {
    const { offset, length } = step.value;
    step = parse.next(bytes.subarray(offset, offset + length));
  }
  return step.value;
}

export async function parseReader<T>(reader: RangedReader, parse: Parse<T>): Promise<T> {
  let step = parse.next();
  while (!step.done) {
    step = parse.next(await readExactly(reader, step.value.offset, step.value.length));
  }
  return step.value;
}

/** Checks a caller's range of `count` items from `start` against how many there are. */
export function checkRange(what: string, start: number, count: number, available: number): void {
  if (
    !Number.isSafeInteger(start) ||
    !Number.isSafeInteger(count) ||
    start < 0 ||
    count < 0 ||
    start + count > available
  ) {
    throw invalid(`${what}: ${count} from ${start} is outside the ${available} there are`);
  }
}

/** The number of elements of a shape, or undefined when a number cannot hold it. */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) count *= size;
  return Number.isSafeInteger(count) ? count : undefined;
}

/** Checks a caller's shape and gives its number of elements. */
export function checkShape(what: string, shape: readonly number[]): number {
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw invalid(
      `${what}: shape must be an array of non-negative integers, got ${describe(shape)}`,
    );
  }
  const count = elementCount(shape);
  if (count === undefined) throw invalid(`${what}: shape [${shape}] has too many elements`);
  return count;
}

export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value))
    return `[${value.slice(0, 8).map(String).join(', ')}${value.length > 8 ? ', …' : ''}]`;
  if (typeof value === 'object') return value.constructor?.name ?? 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

/** A name out of a file, made fit for a message: quoted, escaped, not too long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
