// binary16 and bfloat16 in plain JavaScript: `Float16Array` is newer than the engines that fewbits supports.
// The files in this folder keep such values as bit patterns in a `Uint16Array`.

import { kindOf, output, toFloat32, typedArray } from '../core/arguments.js';

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

let f16Table: Float32Array | undefined;

function outputFor(bits: Uint16Array, out: Float32Array | undefined): Float32Array {
  return output(Float32Array, typedArray('bits', bits, ['Uint16Array']).length, out);
}

/** Typed arrays of numbers as they are; anything else that holds numbers as float32. */
function numbersOf(values: ArrayLike<number>): ArrayLike<number> {
  const kind = kindOf(values);
  if (kind !== undefined && !kind.startsWith('Big')) return values;
  return toFloat32('values', values);
}

function f16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Decodes binary16 bit patterns to float32; exact. NaN payloads are not kept. */
export function decodeF16(bits: Uint16Array, given?: Float32Array): Float32Array {
  const out = outputFor(bits, given);
  // A table of all 65536 values, 256 KB, created once: several times as fast as computing each value.
  f16Table ??= Float32Array.from({ length: 65536 }, (_, i) => f16Value(i));
  const table = f16Table;
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i]];
  return out;
}

/** Encodes float32 to binary16 bit patterns, ties to even; too large becomes infinity, NaN stays NaN. */
export function encodeF16(given: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const values = numbersOf(given);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) {
    scratch[0] = values[i];
    const bits = scratchBits[0];
    const sign = (bits >>> 16) & 0x8000;
    const magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      out[i] = sign | 0x7e00;
    } else if (magnitude >= 0x477ff000) {
      out[i] = sign | 0x7c00; // 65520 and above round to infinity
    } else if (magnitude >= 0x38800000) {
      const odd = (magnitude >>> 13) & 1;
      out[i] = sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
    } else {
      // Below 2^-14 the result is a multiple of 2^-24: adding 0.5 rounds it, ties to even, into the low bits.
      scratchBits[0] = magnitude;
      scratch[0] = scratch[0] + 0.5;
      out[i] = sign | (scratchBits[0] - 0x3f000000);
    }
  }
  return out;
}

/** Decodes bfloat16 bit patterns to float32; exact. */
export function decodeBF16(bits: Uint16Array, given?: Float32Array): Float32Array {
  const out = outputFor(bits, given);
  const outBits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) outBits[i] = bits[i] << 16;
  return out;
}

/** Encodes float32 to bfloat16 bit patterns, ties to even; NaN stays NaN. */
export function encodeBF16(given: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const values = numbersOf(given);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) {
    scratch[0] = values[i];
    const bits = scratchBits[0];
    const nan = (bits & 0x7fffffff) > 0x7f800000;
    out[i] = nan ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
  return out;
}
