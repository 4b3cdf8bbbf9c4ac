// The header of a GGUF file, encoded into one buffer, with each value checked against its type.

import { kindOf } from '../../core/kinds.js';
import { describe, invalid, quote } from '../checks.js';
import { toBytes } from '../source.js';
import {
  GGUF_VALUE_TYPES,
  type GgufArray,
  type GgufNumberType,
  type GgufValue,
  type GgufValueType,
  ggufNumbers,
  ggufValueSizes,
} from './format.js';

const utf8 = new TextEncoder();

export class GgufEncoder {
  private bytes = new Uint8Array(1 << 12);
  private view = new DataView(this.bytes.buffer);
  private size = 0;

  get length(): number {
    return this.size;
  }

  /** Appends a copy of `bytes`. */
  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.reserve(bytes.length));
  }

  /** Appends a number that is known to fit its type. */
  number(type: GgufNumberType, value: number | bigint): void {
    this.set(type, this.reserve(ggufValueSizes[type]), value);
  }

  string(text: string): void {
    if (this.ascii(text)) return;
    // UTF-8 takes at most three bytes per UTF-16 unit.
    const start = this.reserve(8 + 3 * text.length);
    const { written } = utf8.encodeInto(text, this.bytes.subarray(start + 8));
    this.setUint64(start, written);
    this.size = start + 8 + written;
    this.bytes.fill(0, this.size, start + 8 + 3 * text.length);
  }

  /** Appends a short text if it is all ASCII, as most names are: faster than any other encoder. */
  private ascii(text: string): boolean {
    const { length } = text;
    if (length > 256) return false;
    const before = this.size;
    const start = this.reserve(8 + length);
    const { bytes } = this;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x80) {
        bytes[start + 8 + i] = code;
        continue;
      }
      bytes.fill(0, start, start + 8 + i);
      this.size = before;
      return false;
    }
    this.setUint64(start, length);
    return true;
  }

  /** Appends a count or an offset. */
  uint64(value: number): void {
    this.setUint64(this.reserve(8), value);
  }

  private setUint64(at: number, value: number): void {
    this.view.setUint32(at, value % 2 ** 32, true);
    this.view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  zeros(count: number): void {
    this.reserve(count);
  }

  /** Appends a key, its type and its value; refuses values that are not of the type. */
  entry(key: string, type: GgufValueType, value: GgufValue): void {
    if (!Object.hasOwn(ggufValueSizes, type)) {
      throw invalid(
        `gguf: ${quote(key)} has the value type ${describe(type)}; value types are ${GGUF_VALUE_TYPES.join(', ')}`,
      );
    }
    this.string(key);
    this.number('uint32', GGUF_VALUE_TYPES.indexOf(type));
    this.value(key, type, value);
  }

  /** A copy of everything written so far. */
  done(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.size);
  }

  private value(key: string, type: GgufValueType, value: unknown): void {
    if (type === 'array') {
      this.array(key, value);
    } else if (type === 'string' && typeof value === 'string') {
      this.string(value);
    } else if (type === 'bool' && typeof value === 'boolean') {
      this.number('uint8', value ? 1 : 0);
    } else if (type === 'string' || type === 'bool' || !this.fitting(type, value)) {
      throw invalid(`gguf: ${quote(key)} is ${type}, which ${describe(value)} is not`);
    }
  }

  /** Appends a number if the type can hold it: in range for integers, any number for floats. */
  private fitting(type: GgufNumberType, value: unknown): boolean {
    const kind = type === 'uint64' || type === 'int64' ? 'bigint' : 'number';
    if (typeof value !== kind) return false;
    const start = this.reserve(ggufValueSizes[type]);
    this.set(type, start, value as number | bigint);
    if (type === 'f32' || type === 'f64') return true;
    return this.view[ggufNumbers[type].get](start, true) === value;
  }

  private array(key: string, array: unknown): void {
    const { type, values } = (array ?? {}) as Partial<GgufArray>;
    const sequence = Array.isArray(values) || ArrayBuffer.isView(values);
    if (type === undefined || !Object.hasOwn(ggufValueSizes, type) || !sequence) {
      throw invalid(
        `gguf: ${quote(key)} is an array, which takes { type, values }, got ${describe(array)}`,
      );
    }
    this.number('uint32', GGUF_VALUE_TYPES.indexOf(type));
    this.uint64((values as ArrayLike<unknown>).length);
    const kind = kindOf(values);
    const bytes = kind === undefined ? undefined : toBytes(values as ArrayBufferView, quote(key));
    const bools = type === 'bool' && kind === 'Uint8Array' && bytes?.every((value) => value <= 1);
    const numbers = type in ggufNumbers ? ggufNumbers[type as GgufNumberType].array.name : '';
    if (bytes !== undefined && (bools || kind === numbers)) {
      this.raw(bytes);
      return;
    }
    for (const value of values as Iterable<unknown>) this.value(key, type, value);
  }

  private set(type: GgufNumberType, at: number, value: number | bigint): void {
    const { set } = ggufNumbers[type];
    (this.view[set] as (at: number, value: never, little: boolean) => void)(
      at,
      value as never,
      true,
    );
  }

  /** Appends `count` zero bytes, and returns the offset where they start. */
  private reserve(count: number): number {
    const start = this.size;
    this.size += count;
    if (this.size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.size, 2 * this.bytes.length));
      grown.set(this.bytes.subarray(0, start));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return start;
  }
}
