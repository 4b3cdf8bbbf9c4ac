// safetensors files, against those written by the reference implementation.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  openSafetensors,
  planSafetensors,
  readSafetensors,
  type SafetensorsInput,
  streamSafetensors,
  writeSafetensors,
} from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { corruptions, expectSoundOrRefused, refused } from './damage.js';

const golden = (name: string) =>
  new Uint8Array(
    readFileSync(new URL(`../../golden/safetensors/${name}.safetensors`, import.meta.url)),
  );

const f32 = new Float32Array([0, -0, 1.5, -2.25, 3e38, 1e-45]);
const i64 = new BigInt64Array([-(2n ** 63n), -1n, 2n ** 63n - 1n]);
const scalar = 'scalar "é😀"\n';

describe('files written by the reference implementation', () => {
  it('every dtype', () => {
    const file = readSafetensors(golden('all-types'));
    expect(file.metadata).toEqual({ 'made by': 'safetensors\té' });
    const shapes = file.tensors.map(({ name, dtype, shape }) => [name, dtype, shape]);
    expect(shapes).toEqual([
      ['i64', 'I64', [3]],
      ['f64', 'F64', [2]],
      ['empty', 'F32', [0, 4]],
      ['f32', 'F32', [2, 3]],
      [scalar, 'F32', []],
      ['i32', 'I32', [2]],
      ['bf16', 'BF16', [2, 2]],
      ['f16', 'F16', [3, 1]],
      ['i16', 'I16', [2]],
      ['i8', 'I8', [3]],
      ['u8', 'U8', [5]],
      ['bool', 'BOOL', [2]],
    ]);
    expect(file.elements('f32')).toEqual(f32);
    expect(file.elements('i64')).toEqual(i64);
    expect(file.elements('f64')).toEqual(new Float64Array([Math.PI, -1]));
    expect(file.elements('f16')).toEqual(new Uint16Array([0x3c00, 0xc000, 1]));
    expect(file.float32('f16')).toEqual(new Float32Array([1, -2, 2 ** -24]));
    expect(file.float32('bf16')).toEqual(new Float32Array([1, -2, Infinity, 2 ** -133]));
    expect(file.elements('i32')).toEqual(new Int32Array([-(2 ** 31), 7]));
    expect(file.elements('i16')).toEqual(new Int16Array([-(2 ** 15), 7]));
    expect(file.elements('i8')).toEqual(new Int8Array([-128, -1, 127]));
    expect(file.elements('u8')).toEqual(new Uint8Array([0, 1, 255, 128, 9]));
    expect(file.bytes('bool')).toEqual(new Uint8Array([1, 0]));
    expect(file.float32(scalar)).toEqual(new Float32Array([1.5]));
    expect(file.elements('empty').length).toBe(0);
    expect(() => file.bytes('constructor')).toThrow(refused('INVALID_ARGUMENT'));
    expect(readSafetensors(golden('none')).tensors).toEqual([]);
  });

  it('are what the writer writes, byte for byte', () => {
    const source = readSafetensors(golden('all-types'));
    const tensors = source.tensors.map((tensor) => ({
      ...tensor,
      data: source.bytes(tensor.name),
    }));
    expect(writeSafetensors(tensors, source.metadata)).toEqual(golden('all-types'));
    expect(writeSafetensors([{ name: 'w', shape: [2, 3], data: f32 }])).toEqual(golden('one'));
    expect(writeSafetensors([])).toEqual(golden('none'));
  });

  it('in parts, from a Blob and from a reader that never gives the whole file', async () => {
    const bytes = golden('all-types');
    let read = 0;
    const reader = {
      size: bytes.length,
      read: async (offset: number, length: number) => {
        read += length;
        return bytes.slice(offset, offset + length);
      },
    };
    for (const source of [bytes, new Blob([bytes]), reader]) {
      const file = await openSafetensors(source);
      expect(await file.elements('i64')).toEqual(i64);
      expect(await file.float32('f32', 2, 2)).toEqual(f32.slice(2, 4));
      expect(await file.float32('bf16', 3)).toEqual(new Float32Array([2 ** -133]));
      expect(await file.bytes('u8', 1, 3)).toEqual(new Uint8Array([1, 255, 128]));
      await expect(file.bytes('u8', 3, 3)).rejects.toThrow(refused('INVALID_ARGUMENT'));
      await expect(file.float32('f32', 6, 1)).rejects.toThrow(refused('INVALID_ARGUMENT'));
    }
    expect(read).toBe(768 + 24 + 8 + 2 + 3);
  });
});

describe('hostile headers', () => {
  const file = (header: string | Uint8Array, data = 0, length?: bigint) => {
    const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
    const bytes = new Uint8Array(8 + json.length + data);
    new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
    bytes.set(json, 8);
    return bytes;
  };
  const tensor = (fields: string) => `{"a":{${fields}}}`;
  const ok = '"dtype":"U8","shape":[2],"data_offsets":[0,2]';
  const at = (begin: number, end: number) =>
    `{"dtype":"U8","shape":[${end - begin}],"data_offsets":[${begin},${end}]}`;

  it('accepts any order of fields, space, and names that are dangerous elsewhere', () => {
    const spaced = `{ "a" : {"data_offsets": [ 0 , 2 ], "shape":[2] ,\n"dtype":"U8"}\t}   `;
    expect(readSafetensors(file(spaced, 2)).bytes('a').length).toBe(2);
    const awkward = readSafetensors(
      file(`{"__metadata__":{"__proto__":"x"},"__proto__":${at(1, 2)},"10":${at(0, 1)}}`, 2),
    );
    expect(awkward.tensors.map(({ name }) => name)).toEqual(['10', '__proto__']);
    expect(Object.keys(awkward.metadata)).toEqual(['__proto__']);
    // MLX writes `null` here.
    const none = readSafetensors(file(`{"__metadata__": null,"a":${at(0, 1)}}`, 1));
    expect([none.tensors.length, { ...none.metadata }]).toEqual([1, {}]);
  });

  it.each([
    ['empty file', new Uint8Array(0)],
    ['seven bytes', new Uint8Array(7)],
    ['no header', new Uint8Array(8)],
    ['longer than the file', file('{}', 0, 3n)],
    ['2^64 - 1 bytes', file('{}', 0, 2n ** 64n - 1n)],
    ['over 100 MB', file('{}', 0, 100_000_001n)],
    ['space before it', file(` ${tensor(ok)}`, 2)],
    ['byte order mark', file(`\ufeff${tensor(ok)}`, 2)],
    ['not UTF-8', file(new Uint8Array([0x7b, 0xff, 0x7d]))],
    ['an array', file('[]')],
    ['unclosed', file('{"a":{')],
    ['a comma too many', file(`{"a":{${ok}},}`, 2)],
    ['something behind', file(`${tensor(ok)}{}`, 2)],
    ['zero byte behind', file(`${tensor(ok)}\0`, 2)],
    ['a name twice', file(`{"a":${at(0, 1)},"a":${at(1, 2)}}`, 2)],
    ['a name twice, escaped', file(`{"a":${at(0, 1)},"\\u0061":${at(1, 2)}}`, 2)],
    ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}')],
    ['a metadata key twice', file('{"__metadata__":{"a":"","a":""}}')],
    ['metadata that is no string', file('{"__metadata__":{"a":1}}')],
    ['metadata that is no object', file('{"__metadata__":"a"}')],
    ['metadata that is nearly null', file('{"__metadata__":nul}')],
    ['a tensor that is null', file('{"a":null}')],
    ['a field twice', file(tensor(`${ok},"dtype":"U8"`), 2)],
    ['an unknown field', file(tensor(`${ok},"x":1`), 2)],
    ['a field missing', file(tensor('"dtype":"U8","shape":[0]'))],
    ['an unknown dtype', file(tensor(ok.replace('U8', 'U9')), 2)],
    ['a prototype as dtype', file(tensor(ok.replace('U8', 'toString')), 2)],
    ['a negative size', file(tensor(ok.replace('[2]', '[-2]')), 2)],
    ['a fraction', file(tensor(ok.replace('[2]', '[2.0]')), 2)],
    ['an exponent', file(tensor(ok.replace('[2]', '[2e0]')), 2)],
    ['a leading zero', file(tensor(ok.replace('[2]', '[02]')), 2)],
    ['2^53', file(tensor(ok.replace('[2]', '[9007199254740992]')), 2)],
    ['product overflow', file(tensor(ok.replace('[2]', '[4294967296,4294967296,2]')), 2)],
    ['a million dimensions', file(tensor(ok.replace('[2]', `[${'1,'.repeat(1e6)}2]`)), 2)],
    ['wrong size', file(tensor(ok.replace('[2]', '[3]')), 2)],
    ['half a byte', file(tensor('"dtype":"F4","shape":[3],"data_offsets":[0,1]'), 1)],
    ['end before begin', file(tensor(ok.replace('[0,2]', '[2,0]')), 2)],
    ['one offset', file(tensor(ok.replace('[0,2]', '[0]')), 2)],
    ['three offsets', file(tensor(ok.replace('[0,2]', '[0,2,2]')), 2)],
    ['data cut off', file(tensor(ok), 1)],
    ['data left over', file(tensor(ok), 3)],
    ['a hole', file(`{"a":${at(0, 1)},"b":${at(2, 3)}}`, 3)],
    ['a hole in front', file(`{"a":${at(1, 2)}}`, 2)],
    ['an overlap', file(`{"a":${at(0, 2)},"b":${at(1, 3)}}`, 3)],
    ['the same bytes twice', file(`{"a":${at(0, 2)},"b":${at(0, 2)}}`, 2)],
    ['a control character', file(`{"a\n":${at(0, 1)}}`, 1)],
    ['no escape', file(`{"\\x":${at(0, 1)}}`, 1)],
    ['half a surrogate pair', file(`{"\\ud800":${at(0, 1)}}`, 1)],
    ['deep nesting', file(`{"a":${'{"a":'.repeat(100_000)}`)],
    ['ten million open brackets', file(`{"a":{"shape":${'['.repeat(1e7)}`)],
    ['a string of ten million bytes', file(`{"${'x'.repeat(1e7)}`)],
    ['ten million spaces', file(`{${' '.repeat(1e7)}`)],
  ])('refuses: %s', (_, bytes) => {
    expect(() => readSafetensors(bytes)).toThrow(refused('CORRUPT_DATA'));
  });
});

describe('properties', () => {
  const tensors = fc.uniqueArray(
    fc.record({
      name: fc
        .string({ unit: 'grapheme', maxLength: 12 })
        .filter((name) => name !== '__metadata__'),
      dtype: fc.constantFrom('F64', 'F32', 'F16', 'BF16', 'I64', 'I8', 'U8', 'BOOL', 'F8_E4M3'),
      shape: fc.array(fc.nat(3), { maxLength: 3 }),
    }),
    { selector: ({ name }) => name, maxLength: 8 },
  );
  const bytesPer = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I8: 1, U8: 1, BOOL: 1, F8_E4M3: 1 };
  const inputs = (planned: { name: string; dtype: string; shape: number[] }[]) =>
    planned.map(({ name, dtype, shape }, i): SafetensorsInput => {
      const size = bytesPer[dtype as keyof typeof bytesPer];
      const byteLength = shape.reduce((a, b) => a * b, size);
      const data = Uint8Array.from({ length: byteLength }, (_, at) => i * 31 + at);
      return { name, dtype: dtype as SafetensorsInput['dtype'], shape, data };
    });
  const strings = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));

  it('what is written is read back, aligned, and streaming gives the same file', async () => {
    await fc.assert(
      fc.asyncProperty(tensors, strings, async (planned, metadata) => {
        const given = inputs(planned);
        const file = writeSafetensors(given, metadata);
        const back = readSafetensors(file);
        expect({ ...back.metadata }).toEqual(metadata);
        expect(back.tensors.length).toBe(given.length);
        for (const { name, dtype, shape, data } of given) {
          const info = back.tensors.find((tensor) => tensor.name === name);
          expect(info).toMatchObject({ dtype, shape });
          expect(back.bytes(name)).toEqual(data);
          expect((info?.byteOffset ?? 0) % bytesPer[dtype as keyof typeof bytesPer]).toBe(0);
        }
        const plan = planSafetensors(given as Required<SafetensorsInput>[], metadata);
        const pieces: Uint8Array<ArrayBuffer>[] = [];
        const halves = ({ name }: { name: string }) => {
          const data = given.find((tensor) => tensor.name === name)?.data as Uint8Array;
          return [data.subarray(0, data.length >> 1), data.subarray(data.length >> 1)];
        };
        for await (const piece of streamSafetensors(plan, halves)) pieces.push(piece);
        expect(new Uint8Array(await new Blob(pieces).arrayBuffer())).toEqual(file);
        expect(plan.byteLength).toBe(file.length);
      }),
      { numRuns: 150 },
    );
  });

  it('damaged files are refused or read soundly', () => {
    for (const name of ['all-types', 'one', 'none']) {
      for (const bytes of corruptions(golden(name), 8000)) {
        expectSoundOrRefused(bytes, () => {
          const file = readSafetensors(bytes);
          const sizes = file.tensors.map((tensor) => file.elements(tensor.name).byteLength);
          expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(bytes.length);
        });
      }
    }
  });
});

describe('writing', () => {
  it('refuses what does not fit, and says so', async () => {
    const data = new Float32Array(4);
    const write = (tensor: Partial<SafetensorsInput>) => () =>
      writeSafetensors([{ name: 'w', shape: [4], data, ...tensor }]);
    expect(write({ shape: [5] })).toThrow(/takes 20 bytes, data has 16/);
    expect(write({ name: '__metadata__' })).toThrow(refused('INVALID_ARGUMENT'));
    expect(write({ name: '\ud800' })).toThrow(refused('INVALID_ARGUMENT'));
    expect(write({ dtype: 'I64' })).toThrow(refused('INVALID_ARGUMENT'));
    expect(write({ dtype: 'X' as never })).toThrow(refused('INVALID_ARGUMENT'));
    expect(write({ shape: [2, 2.5] })).toThrow(refused('INVALID_ARGUMENT'));
    const twice = [1, 2].map(() => ({ name: 'w', shape: [4], data }));
    expect(() => writeSafetensors(twice)).toThrow(/twice/);
    expect(() => writeSafetensors([], { a: 1 as never })).toThrow(refused('INVALID_ARGUMENT'));
    const plan = planSafetensors([{ name: 'w', shape: [4], dtype: 'U8' }]);
    for (const length of [3, 5]) {
      const drain = async () => {
        for await (const _ of streamSafetensors(plan, () => new Uint8Array(length)));
      };
      await expect(drain()).rejects.toThrow(refused('INVALID_ARGUMENT'));
    }
  });

  it('rounds float32 to F16 and BF16', () => {
    const data = new Float32Array([1, -2, Math.PI]);
    const file = readSafetensors(
      writeSafetensors([
        { name: 'h', shape: [3], data, dtype: 'F16' },
        { name: 'b', shape: [3], data, dtype: 'BF16' },
      ]),
    );
    expect(file.elements('h')).toEqual(new Uint16Array([0x3c00, 0xc000, 0x4248]));
    expect(file.elements('b')).toEqual(new Uint16Array([0x3f80, 0xc000, 0x4049]));
  });
});
