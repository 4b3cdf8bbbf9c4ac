// A position in the header of a GGUF file, as far as it has been read, which reads more when it reaches the
// end.

import { corrupt } from '../checks.js';
import type { Parse } from '../parse.js';
import { unshared } from '../pieces.js';

/** Far more than any model needs, but small enough that a malicious header costs little. */
export const MAX_HEADER = 1 << 27;
const MAX_NAME = 65_535;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A description for messages; a function where creating the text takes time. */
type What = string | (() => string);

const inWords = (what: What) => (typeof what === 'string' ? what : what());

/** Thrown where the bytes read so far end, though the file continues. */
class OutOfBytes {
  readonly end: number;

  constructor(end: number) {
    this.end = end;
  }
}

export class HeaderCursor {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  readonly fileSize: number;
  private view: DataView = new DataView(new ArrayBuffer(0));
  private readonly first: number;

  /** Reads `first` bytes to begin with, and then doubles the number each time. */
  constructor(fileSize: number, first: number) {
    this.fileSize = fileSize;
    this.first = first;
  }

  /**
   * Returns the result of `parse` from the current position. When bytes are missing, more are read and
   * `parse` starts again. The number of bytes doubles each time, so that everything is parsed about twice at
   * most.
   */
  *whole<T>(parse: (cursor: HeaderCursor) => T): Parse<T> {
    const start = this.at;
    for (;;) {
      try {
        return parse(this);
      } catch (error) {
        if (!(error instanceof OutOfBytes)) throw error;
        this.at = start;
        yield* this.grow(error.end);
      }
    }
  }

  private *grow(end: number): Parse<void> {
    const known = this.bytes.length;
    const wanted = Math.min(this.fileSize, Math.max(end, known * 2, this.first));
    const more = yield { offset: known, length: wanted - known };
    if (known === 0) {
      this.bytes = more;
    } else {
      const grown = new Uint8Array(wanted);
      grown.set(this.bytes);
      grown.set(more, known);
      this.bytes = grown;
    }
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  }

  /** Skips `length` bytes, and returns the offset where they start. */
  take(length: number, what: What): number {
    const start = this.at;
    const end = start + length;
    if (end > this.bytes.length) {
      if (end > this.fileSize) {
        throw corrupt(
          `gguf: ${inWords(what)} at offset ${start} needs ${length} bytes, the file ends at ${this.fileSize}`,
        );
      }
      if (end > MAX_HEADER) {
        throw corrupt(
          `gguf: ${inWords(what)} at offset ${start} makes a header of more than ${MAX_HEADER} bytes`,
        );
      }
      throw new OutOfBytes(end);
    }
    this.at = end;
    return start;
  }

  uint32(what: What): number {
    return this.view.getUint32(this.take(4, what), true);
  }

  /** Rounded above 2^53, which no real file reaches. */
  uint64(what: What): number {
    const start = this.take(8, what);
    return this.view.getUint32(start, true) + this.view.getUint32(start + 4, true) * 2 ** 32;
  }

  /** A number of items of at least `size` bytes each, which must fit into the rest of the file. */
  count(what: What, size: number, most: number): number {
    const count = this.uint64(what);
    const room = Math.floor((this.fileSize - this.at) / size);
    if (count > room || count > most) {
      throw corrupt(
        `gguf: ${inWords(what)} is ${count}; ${count > room ? `the file has room for ${room}` : `${most} are allowed`}`,
      );
    }
    return count;
  }

  /** A key or a name: valid UTF-8 of limited length. */
  name(what: What): string {
    const length = this.count(() => `the length of ${inWords(what)}`, 1, MAX_NAME);
    const start = this.take(length, what);
    try {
      return strictUtf8.decode(unshared(this.bytes.subarray(start, this.at)));
    } catch (cause) {
      throw corrupt(`gguf: ${inWords(what)} at offset ${start} is not UTF-8`, cause);
    }
  }
}
