// Windows: the pieces in which long arrays are copied into WebAssembly memory and back.

import type { TypedArray } from './arrays.js';
import type { Memory } from './memory.js';

/** Values per window: 128 KiB of input and as much output stay in the second-level cache. */
export const CHUNK = 32768;

/** Bytes per window of whole rows. */
export const ROWS_BYTES = 1 << 18;

/** The `n` elements of x from `start` on: x itself if these are all. */
export function part<T extends Crossing>(x: T, start: number, n: number): T {
  return start === 0 && n === x.length ? x : (x.subarray(start, start + n) as T);
}

/** Calls `visit` for windows of at most `size`, in order, until `length` is covered. */
export function windows(
  length: number,
  size: number,
  visit: (start: number, n: number) => void,
): void {
  for (let start = 0; start < length; start += size) visit(start, Math.min(size, length - start));
}

/** An array that is copied to or from WebAssembly memory. */
export type Crossing = Float32Array | Int8Array | Uint8Array;

/** A view of `n` elements of memory, of the kind of `array`. */
function viewLike(memory: Memory, array: Crossing, at: number, n: number): Crossing {
  if (array.BYTES_PER_ELEMENT === 4) return memory.f32(at, n);
  return array instanceof Int8Array ? memory.i8(at, n) : memory.u8(at, n);
}

/** Copies `n` values of x, from `start` on, to an address. */
export function give(memory: Memory, x: Crossing, start: number, n: number, at: number): void {
  viewLike(memory, x, at, n).set(part(x, start, n));
}

/** Copies x into scratch memory window by window, and calls `visit` for each. */
export function withWindows(
  memory: Memory,
  x: Float32Array | Uint8Array,
  size: number,
  visit: (at: number, start: number, n: number) => void,
): void {
  memory.withScratch([x.BYTES_PER_ELEMENT * Math.min(size, x.length)], (at) => {
    windows(x.length, size, (start, n) => {
      give(memory, x, start, n, at);
      visit(at, start, n);
    });
  });
}

/** Like withWindows, for windows of whole rows of `rowLength` values; `first` and `n` count rows. */
export function withRows(
  memory: Memory,
  x: Float32Array | Uint8Array,
  rowLength: number,
  visit: (at: number, first: number, n: number) => void,
): void {
  const rows = Math.max(1, Math.floor(ROWS_BYTES / x.BYTES_PER_ELEMENT / rowLength));
  withWindows(memory, x, rows * rowLength, (at, start, n) =>
    visit(at, start / rowLength, n / rowLength),
  );
}

/**
 * `source`, or a copy of it if writing to `target` would overwrite values that are not read yet.
 *
 * @param given what the caller passed as the target: if undefined, `target` is new
 */
export function apart<T extends TypedArray>(
  source: T,
  target: ArrayBufferView,
  given: unknown = target,
): T {
  // Reading the buffer of a short array makes engines allocate one, which is comparatively slow.
  if (given === undefined || source.buffer !== target.buffer) return source;
  const before = source.byteOffset + source.byteLength <= target.byteOffset;
  const after = target.byteOffset + target.byteLength <= source.byteOffset;
  return before || after ? source : (source.slice() as T);
}

/** One side of a conversion: an array, and the number of bytes that a number of values take in it. */
export interface Side {
  readonly array: Crossing;
  readonly bytes: (values: number) => number;
}

/** The side of an array with one element per value. */
export const elements = (array: Side['array']): Side => ({
  array,
  bytes: (values) => values * array.BYTES_PER_ELEMENT,
});

/**
 * Fills `to` with the result of `call` on `from`, window by window. They must be apart().
 *
 * @param size values per window; on both sides a window must end at a whole byte
 */
export function convert(
  memory: Memory,
  length: number,
  from: Side,
  to: Side,
  call: (fromAt: number, n: number, toAt: number, start: number) => void,
  size = CHUNK,
): void {
  const { array: source } = from;
  const { array: target } = to;
  const [eachFrom, eachTo] = [source.BYTES_PER_ELEMENT, target.BYTES_PER_ELEMENT];
  memory.withScratch([from.bytes(size), to.bytes(size)], (fromAt, toAt) => {
    windows(length, size, (start, n) => {
      const first = from.bytes(start) / eachFrom;
      const given = from.bytes(n) / eachFrom;
      viewLike(memory, source, fromAt, given).set(part(source, first, given));
      call(fromAt, n, toAt, start);
      const made = viewLike(memory, target, toAt, to.bytes(n) / eachTo);
      target.set(made, to.bytes(start) / eachTo);
    });
  });
}
