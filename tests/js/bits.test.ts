// Bit packing through the package, at every width and length.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builds, expectError, expectSame, noise } from '../support/builds.ts';

const LENGTHS = [0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 1023, 32767, 32768, 32769, 65537, 100_000];

/** Bit i*width + j of the bytes is bit j of code i. */
function pack(codes: ArrayLike<number>, width: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((codes.length * width) / 8));
  for (let i = 0; i < codes.length; ++i) {
    for (let j = 0; j < width; ++j) {
      const at = i * width + j;
      bytes[at >> 3] |= ((codes[i] >> j) & 1) << (at & 7);
    }
  }
  return bytes;
}

describe.each(await builds())('bits, $variant', (fb) => {
  const { pack: packed, unpack, unpackSigned } = fb.bits;

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('%d bits, all lengths', (width) => {
    for (const length of LENGTHS) {
      // High bits are set as well: packing ignores them.
      const given = Uint8Array.from(noise(length, 1e6), (value) => value & 255);
      const bytes = packed(given, width);
      expectSame(bytes, pack(given, width));
      const mask = 2 ** width - 1;
      const codes = unpack(bytes, width, length);
      expectSame(
        codes,
        given.map((code) => code & mask),
      );
      const signed = Int8Array.from(given, (code) => (code << (32 - width)) >> (32 - width));
      expectSame(unpackSigned(bytes, width, length), signed);
      expectSame(packed(signed, width), bytes);
    }
  });

  it('the first of two 4-bit codes is the low nibble', () => {
    expect(packed(Uint8Array.of(1, 2, 3), 4)).toEqual(Uint8Array.of(0x21, 0x03));
    expect(packed(Int8Array.of(-1, -8), 4)).toEqual(Uint8Array.of(0x8f));
  });

  it('comes back, at any place in a buffer', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 20 }),
        (given, width, offset) => {
          const codes = given.map((code) => code & (2 ** width - 1));
          const bytes = packed(codes.subarray(Math.min(offset, codes.length)), width);
          const shifted = new Uint8Array(bytes.length + offset);
          shifted.set(bytes, offset);
          const length = Math.max(codes.length - offset, 0);
          expect(unpack(shifted.subarray(offset), width, length)).toEqual(codes.slice(offset));
        },
      ),
    );
  });

  it('arguments', () => {
    const codes = new Uint8Array(3);
    for (const bits of [0, 9, 1.5, '4', undefined]) {
      expectError('INVALID_ARGUMENT', /^bits must be an integer from 1 to 8/, () =>
        packed(codes, bits as never),
      );
      expectError('INVALID_ARGUMENT', /^bits must be/, () => unpack(codes, bits as never, 3));
    }
    for (const wrong of [[1, 2], new Float32Array(2), new Uint8ClampedArray(2), undefined]) {
      expectError('INVALID_ARGUMENT', /^codes must be an Int8Array or Uint8Array, got/, () =>
        packed(wrong as never, 4),
      );
      expectError(
        'INVALID_ARGUMENT',
        /^bytes must be a Uint8Array\(1\) for 2 codes of 4 bits/,
        () => unpack(wrong as never, 4, 2),
      );
    }
    expectError('INVALID_ARGUMENT', /^bytes must be a Uint8Array\(4\) .* got Uint8Array\(3\)/, () =>
      unpack(codes, 4, 7),
    );
    expectError('INVALID_ARGUMENT', /^bytes must be/, () => unpackSigned(codes, 4, 4));
    for (const length of [-1, 0.5, Number.NaN, Infinity, '6', 2 ** 53]) {
      expectError('INVALID_ARGUMENT', /^length must be an integer from 0/, () =>
        unpack(codes, 4, length as never),
      );
    }
  });
});
