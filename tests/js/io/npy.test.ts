// npy files, against those written by numpy.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type NpyInput, type NpyType, openNpy, readNpy, toFloat32, writeNpy } from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { corruptions, expectSoundOrRefused, refused } from './damage.js';

const golden = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../golden/npy/${name}.npy`, import.meta.url)));

const floats = [0, -0, 1.5, -2.25, 65504, 6.1e-5];
const integers = (bits: bigint) => [-(1n << (bits - 1n)), -1n, 0n, 1n, (1n << (bits - 1n)) - 1n];

describe('files written by numpy', () => {
  it.each(['le', 'be', 'fortran'])('floats, %s', (order) => {
    const f8 = readNpy(golden(`f8_${order}`));
    expect(f8).toEqual({ type: 'f64', shape: [2, 3], data: new Float64Array(floats) });
    const f4 = readNpy(golden(`f4_${order}`));
    expect(f4).toEqual({ type: 'f32', shape: [2, 3], data: new Float32Array(floats) });
    const f2 = readNpy(golden(`f2_${order}`));
    const bits = new Uint16Array([0, 0x8000, 0x3e00, 0xc080, 0x7bff, 0x03ff]);
    expect(f2).toEqual({ type: 'f16', shape: [2, 3], data: bits });
    const largestSubnormal = 1023 * 2 ** -24;
    expect(toFloat32(f2.data, 'f16')).toEqual(
      new Float32Array([...floats.slice(0, 5), largestSubnormal]),
    );
  });

  it.each(['le', 'be'])('integers, %s', (order) => {
    for (const [size, bits] of [
      [2, 16n],
      [4, 32n],
      [8, 64n],
    ] as const) {
      const signed = readNpy(golden(`i${size}_${order}`));
      expect(Array.from(signed.data, BigInt)).toEqual(integers(bits));
      const unsigned = readNpy(golden(`u${size}_${order}`));
      expect(Array.from(unsigned.data, BigInt)).toEqual([0n, 1n, (1n << bits) - 1n]);
    }
  });

  it('one-byte types', () => {
    const data = new Int8Array([0, 1, 127, -128, -1, 5]);
    expect(readNpy(golden('i1'))).toEqual({ type: 'int8', shape: [2, 3], data });
    expect(readNpy(golden('i1_fortran'))).toEqual({ type: 'int8', shape: [2, 3], data });
    expect(readNpy(golden('u1')).data).toEqual(new Uint8Array([0, 1, 128, 255]));
    expect(readNpy(golden('bool'))).toEqual({
      type: 'bool',
      shape: [2, 1],
      data: new Uint8Array([1, 0]),
    });
  });

  it('shapes and versions', () => {
    expect(readNpy(golden('scalar'))).toEqual({
      type: 'f32',
      shape: [],
      data: new Float32Array([3.5]),
    });
    expect(readNpy(golden('empty')).shape).toEqual([0, 3]);
    expect(readNpy(golden('fortran_3d_be'))).toEqual({
      type: 'f32',
      shape: [2, 3, 4],
      data: Float32Array.from({ length: 24 }, (_, i) => i),
    });
    for (const version of [2, 3]) {
      expect(readNpy(golden(`version${version}`)).data).toEqual(new Float32Array(floats));
    }
  });

  it('dtypes without a typed array are refused by name', () => {
    for (const name of ['structured', 'structured_utf8', 'complex']) {
      expect(() => readNpy(golden(name))).toThrow(refused('UNSUPPORTED'));
    }
  });

  it('are what the writer writes, byte for byte', () => {
    const f4 = new Float32Array(floats);
    const data = { f2: readNpy(golden('f2_le')).data, f4, f8: new Float64Array(floats) };
    for (const [code, type] of [
      ['f2', 'f16'],
      ['f4', 'f32'],
      ['f8', 'f64'],
    ] as const) {
      const array = { data: data[code], shape: [2, 3], type };
      expect(writeNpy(array)).toEqual(golden(`${code}_le`));
      expect(writeNpy(array, { bigEndian: true })).toEqual(golden(`${code}_be`));
      expect(writeNpy(array, { fortranOrder: true })).toEqual(golden(`${code}_fortran`));
    }
    for (const version of [2, 3] as const) {
      expect(writeNpy({ data: f4, shape: [2, 3] }, { version })).toEqual(
        golden(`version${version}`),
      );
    }
    expect(writeNpy({ data: new Float32Array([3.5]), shape: [] })).toEqual(golden('scalar'));
    expect(writeNpy({ data: new Float32Array([-1, -0.5, 0, 0.5, 1]) })).toEqual(golden('save'));
    const counted = Float32Array.from({ length: 24 }, (_, i) => i);
    const options = { fortranOrder: true, bigEndian: true };
    expect(writeNpy({ data: counted, shape: [2, 3, 4] }, options)).toEqual(golden('fortran_3d_be'));
  });
});

describe('reading in parts', () => {
  it('gives the same from a Blob, a reader and unaligned bytes', async () => {
    const file = golden('f4_le');
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    const log: number[] = [];
    const reader = {
      size: file.length,
      read: async (offset: number, length: number) => {
        log.push(length);
        return file.slice(offset, offset + length);
      },
    };
    for (const source of [file, shifted.subarray(1), new Blob([file]), reader]) {
      const npy = await openNpy(source);
      expect(npy).toMatchObject({ type: 'f32', shape: [2, 3], fortranOrder: false, length: 6 });
      expect(await npy.readFloat32(2, 3)).toEqual(new Float32Array([1.5, -2.25, 65504]));
      await expect(npy.readFloat32(4, 3)).rejects.toThrow(refused('INVALID_ARGUMENT'));
    }
    expect(log).toEqual([12, 118, 12]);
    expect(readNpy(shifted.subarray(1)).data).toEqual(new Float32Array(floats));
    const halves = await openNpy(golden('f2_be'));
    expect(await halves.readFloat32(2, 2)).toEqual(new Float32Array([1.5, -2.25]));
  });

  it('a reader that gives too little is refused', async () => {
    const source = { size: 200, read: async () => new Uint8Array(3) };
    await expect(openNpy(source)).rejects.toThrow(refused('CORRUPT_DATA'));
  });
});

describe('lying headers', () => {
  const file = (header: string, dataBytes = 0, version = 1) => {
    const prefix = version === 1 ? 10 : 12;
    const text = new TextEncoder().encode(header);
    const bytes = new Uint8Array(prefix + text.length + dataBytes);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
    bytes.set([text.length & 255, text.length >> 8], 8);
    bytes.set(text, prefix);
    return bytes;
  };
  const header = (shape: string, descr = "'<f4'", order = 'False') =>
    `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}}`;

  it('accepts what numpy accepts', () => {
    expect(readNpy(file(header('(2L,)'), 8)).shape).toEqual([2]);
    const spaced = '{"shape" :( 1 ,) , "fortran_order":True,"descr":"<f4" , }\n';
    expect(readNpy(file(spaced, 4)).shape).toEqual([1]);
    expect(readNpy(file(header('(0, 9007199254740991)'))).data.length).toBe(0);
    // The native byte order is little-endian.
    for (const descr of ['f4', '=f4', '|f4', '<f4']) {
      const bytes = file(header('(2,)', `'${descr}'`), 8);
      new DataView(bytes.buffer).setFloat32(bytes.length - 4, -1.5, true);
      expect(readNpy(bytes)).toEqual({ type: 'f32', shape: [2], data: Float32Array.of(0, -1.5) });
    }
    const bytes = file(header('(1,)', "'>f4'"), 4);
    new DataView(bytes.buffer).setFloat32(bytes.length - 4, -1.5, false);
    expect(readNpy(bytes).data).toEqual(Float32Array.of(-1.5));
  });

  it.each([
    ['too short', file(header('(2,)'), 7)],
    ['too long', file(header('(2,)'), 9)],
    ['negative', file(header('(-1,)'), 4)],
    ['huge', file(header('(9007199254740991, 9007199254740991)'), 4)],
    ['beyond integers', file(header('(99999999999999999999,)'), 4)],
    ['not a tuple', file(header('[1]'), 4)],
    ['number in parentheses', file(header('(1)'), 4)],
    ['float', file(header('(1.0,)'), 4)],
    ['no dtype', file(header('(1,)', "'<f4; import os'"), 4)],
    ['order is a number', file(header('(1,)', "'<f4'", '0'), 4)],
    ['a call', file(header('(1,)', '__import__("os")'), 4)],
    ['a key twice', file("{'shape':(1,),'shape':(1,),'descr':'<f4','fortran_order':False}", 4)],
    ['a key too many', file("{'x':1,'shape':(1,),'descr':'<f4','fortran_order':False}", 4)],
    ['something behind', file(`${header('(1,)')} {}`, 4)],
    ['deep nesting', file(header('('.repeat(20000)), 4)],
    ['unclosed', file("{'descr': '<f4", 4)],
    ['65 dimensions', file(header(`(${'1,'.repeat(65)})`), 4)],
    ['version 4', file(header('(1,)'), 4, 4)],
    ['invalid UTF-8', file(header('(1,)'), 4, 3).fill(0xff, 22, 23)],
    [
      'a header as long as 4 GB',
      new Uint8Array([...golden('version2').slice(0, 8), 255, 255, 255, 255, 0]),
    ],
    ['no npy', new Uint8Array(100)],
    ['empty', new Uint8Array(0)],
  ])('refuses: %s', (_, bytes) => {
    expect(() => readNpy(bytes)).toThrow(refused('CORRUPT_DATA'));
  });
});

const typedArrays: Record<
  NpyType,
  { new (bytes: ArrayBuffer): NpyInput['data']; BYTES_PER_ELEMENT: number }
> = {
  f64: Float64Array,
  f32: Float32Array,
  f16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

describe('properties', () => {
  it('what is written is read back, bit for bit', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(typedArrays) as NpyType[])),
        fc.array(fc.nat(4), { maxLength: 4 }),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(1 as const, 2 as const, 3 as const),
        fc.infiniteStream(fc.nat(255)),
        (type, shape, fortranOrder, bigEndian, version, noise) => {
          const count = shape.reduce((a, b) => a * b, 1);
          const bytes = new Uint8Array(count * typedArrays[type].BYTES_PER_ELEMENT);
          for (let i = 0; i < bytes.length; i++) bytes[i] = noise.next().value as number;
          const data = new typedArrays[type](bytes.slice().buffer);
          const file = writeNpy({ data, shape, type }, { fortranOrder, bigEndian, version });
          expect((file.length - bytes.length) % 64).toBe(0);
          const back = readNpy(file);
          expect([back.type, back.shape]).toEqual([type, shape]);
          const { buffer, byteOffset, byteLength } = back.data;
          expect(new Uint8Array(buffer, byteOffset, byteLength)).toEqual(bytes);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('damaged files are refused or read soundly', () => {
    for (const name of ['f4_le', 'f2_be', 'i8_be', 'version3', 'fortran_3d_be', 'structured']) {
      for (const bytes of corruptions(golden(name), 3000)) {
        expectSoundOrRefused(bytes, () => {
          const { data, shape } = readNpy(bytes);
          expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
          expect(data.byteLength).toBeLessThanOrEqual(bytes.length);
        });
      }
    }
  });
});

describe('writing', () => {
  it('refuses what does not fit, and says so', () => {
    const data = new Float32Array(6);
    expect(() => writeNpy({ data, shape: [2, 2] })).toThrow(/needs 4 elements, data has 6/);
    expect(() => writeNpy({ data, shape: [-1] })).toThrow(refused('INVALID_ARGUMENT'));
    expect(() => writeNpy({ data, type: 'int8' })).toThrow(refused('INVALID_ARGUMENT'));
    expect(() => writeNpy({ data }, { endian: 'big' } as never)).toThrow(/no option 'endian'/);
    expect(writeNpy({ data, shape: undefined }, { version: undefined })).toEqual(
      writeNpy({ data }),
    );
    expect(() => writeNpy({ data: [1, 2] as never })).toThrow(refused('INVALID_ARGUMENT'));
  });

  it('rounds float32 to f16, ties to even', () => {
    const half = 2 ** -11;
    const tiny = 2 ** -25;
    const data = [1, 1 + half, 1 + 3 * half, 65519, 65520, tiny, 3 * tiny, Number.NaN];
    const bits = readNpy(writeNpy({ data: new Float32Array(data), type: 'f16' })).data;
    expect([...bits]).toEqual([0x3c00, 0x3c00, 0x3c02, 0x7bff, 0x7c00, 0, 2, 0x7e00]);
  });
});
