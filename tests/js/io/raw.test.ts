// Raw float32 files, whole and in parts.

import {
  decodeBF16,
  decodeF16,
  encodeBF16,
  encodeF16,
  openRawF32,
  readRawF32,
  writeRawF32,
} from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { refused } from './damage.js';

describe('raw float32', () => {
  it('round trip, in parts too', async () => {
    const values = new Float32Array([1, -0, 3e38, Number.NaN]);
    const bytes = writeRawF32(values);
    expect(readRawF32(bytes)).toEqual(values);
    const shifted = new Uint8Array(17);
    shifted.set(bytes, 1);
    expect(readRawF32(shifted.subarray(1))).toEqual(values);
    const file = openRawF32(new Blob([values]));
    expect(file.length).toBe(4);
    expect(await file.readFloat32(1, 2)).toEqual(values.slice(1, 3));
    await expect(file.readFloat32(3, 2)).rejects.toThrow(refused('INVALID_ARGUMENT'));
  });

  it('a length that is no multiple of 4 is refused', () => {
    expect(() => readRawF32(new Uint8Array(7))).toThrow(refused('CORRUPT_DATA'));
    expect(() => openRawF32(new Blob(['abc']))).toThrow(refused('CORRUPT_DATA'));
    expect(() => readRawF32('abcd' as never)).toThrow(refused('INVALID_ARGUMENT'));
    expect(() => writeRawF32(new Int32Array(2) as never)).toThrow(refused('INVALID_ARGUMENT'));
    expect(readRawF32(writeRawF32(new Float64Array([0.1, 2])))).toEqual(new Float32Array([0.1, 2]));
  });
});

describe('half precision', () => {
  it('is of 16-bit patterns and of numbers alone', () => {
    expect(() => decodeF16(new Uint8Array(4) as never)).toThrow(/bits must be a Uint16Array/);
    expect(() => decodeBF16(new Float32Array(4) as never)).toThrow(/bits must be a Uint16Array/);
    expect(() => decodeF16(new Uint16Array(4), new Float32Array(3))).toThrow(/length 4/);
    expect(() => encodeF16(new BigInt64Array(1) as never)).toThrow(refused('INVALID_ARGUMENT'));
    expect([...encodeBF16(new Int32Array([1, 2]))]).toEqual([0x3f80, 0x4000]);
  });

  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);

  it('all 65536 f16 patterns decode to their definition and encode back', () => {
    const values = decodeF16(all);
    for (const bits of all) {
      const exponent = (bits >> 10) & 31;
      const fraction = (bits & 1023) / 1024;
      const sign = bits >> 15 ? -1 : 1;
      let expected = sign * (1 + fraction) * 2 ** (exponent - 15);
      if (exponent === 0) expected = sign * fraction * 2 ** -14;
      if (exponent === 31) expected = fraction ? Number.NaN : sign * Infinity;
      if (!Object.is(values[bits], expected)) throw new Error(`${bits}: ${values[bits]}`);
    }
    const numbers = all.filter((bits) => (bits & 0x7fff) <= 0x7c00);
    expect(encodeF16(decodeF16(numbers))).toEqual(numbers);
    expect(encodeF16([Number.NaN])[0]).toBe(0x7e00);
  });

  it('f16 rounds the midpoint of each pair of neighbours to the even one', () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const [low, high] = decodeF16(new Uint16Array([bits, bits + 1])) as unknown as [
        number,
        number,
      ];
      const middle = (low + high) / 2;
      const even = bits & 1 ? bits + 1 : bits;
      const got = encodeF16([middle, middle * (1 - 2 ** -23), middle * (1 + 2 ** -22), -middle]);
      if (`${got}` !== `${[even, bits, bits + 1, even | 0x8000]}`)
        throw new Error(`${bits}: ${got}`);
    }
  });

  it('bf16 is the upper half of float32, rounded to even', () => {
    const numbers = all.filter((bits) => (bits & 0x7fff) <= 0x7f80);
    expect(encodeBF16(decodeBF16(numbers))).toEqual(numbers);
    const upper = new Uint16Array(decodeBF16(all).buffer).filter((_, i) => i % 2 === 1);
    expect(upper).toEqual(all);
    const ties = new Float32Array(new Uint32Array([0x3f808000, 0x3f818000, 0x3f808001]).buffer);
    expect([...encodeBF16(ties)]).toEqual([0x3f80, 0x3f82, 0x3f81]);
    expect(decodeBF16(encodeBF16([Number.NaN]))[0]).toBeNaN();
    expect([...encodeBF16([3.4e38])]).toEqual([0x7f80]);
  });
});
