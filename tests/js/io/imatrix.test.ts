// Importance matrices in llama.cpp's formats, built byte by byte from their description.

import { type GgufEntryInput, openImatrix, readImatrix, writeGguf } from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { corruptions, expectSoundOrRefused, refused } from './damage.js';

interface DatEntry {
  name: string;
  calls: number;
  values: number[];
}

function dat(entries: DatEntry[], chunks?: number, dataset?: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  const add = (view: ArrayBufferView) =>
    bytes.push(...new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const int32 = (value: number) => add(new Int32Array([value]));
  const text = (value: string) => {
    const utf8 = new TextEncoder().encode(value);
    int32(utf8.length);
    add(utf8);
  };
  int32(entries.length);
  for (const { name, calls, values } of entries) {
    text(name);
    int32(calls);
    int32(values.length);
    add(new Float32Array(values));
  }
  if (chunks !== undefined) int32(chunks);
  if (dataset !== undefined) text(dataset);
  return new Uint8Array(bytes);
}

const about: GgufEntryInput[] = [
  { key: 'general.type', type: 'string', value: 'imatrix' },
  {
    key: 'imatrix.datasets',
    type: 'array',
    value: { type: 'string', values: ['a.txt', 'b.txt'] },
  },
  { key: 'imatrix.chunk_count', type: 'uint32', value: 7 },
  { key: 'imatrix.chunk_size', type: 'uint32', value: 512 },
];
const tensor = (name: string, shape: number[], values: number[]) => {
  return { name, type: 'F32' as const, shape, data: new Float32Array(values) };
};
const dense = [
  tensor('blk.0.attn_q.weight.in_sum2', [1, 4], [3, 0, 1.5, 6]),
  tensor('blk.0.attn_q.weight.counts', [1, 1], [3]),
];

const entries = [
  { name: 'blk.0.attn_q.weight', calls: 3, values: [3, 0, 1, 0.3] },
  { name: 'output.weight', calls: 0, values: [5, 7] },
];

describe('.dat', () => {
  it('sums are divided by the calls, if there were any', async () => {
    const imatrix = readImatrix(dat(entries, 12, 'wiki.train'));
    expect(imatrix).toEqual({
      format: 'dat',
      weights: new Map([
        ['blk.0.attn_q.weight', Float32Array.of(1, 0, 1 / 3, Math.fround(0.3) / 3)],
        ['output.weight', Float32Array.of(5, 7)],
      ]),
      datasets: ['wiki.train'],
      chunks: 12,
    });
    expect(await openImatrix(new Blob([dat(entries, 12, 'wiki.train')]))).toEqual(imatrix);
  });

  it('what stands after the entries may be missing', () => {
    expect(readImatrix(dat(entries))).toMatchObject({ datasets: [], chunks: 0 });
    expect(readImatrix(dat(entries, 3))).toMatchObject({ datasets: [], chunks: 3 });
    expect(readImatrix(dat(entries, 3, ''))).toMatchObject({ datasets: [], chunks: 3 });
  });

  it('is refused when it cannot be one', () => {
    for (const bytes of [
      new Uint8Array(0),
      dat([]),
      dat([{ name: 'x', calls: 1, values: [] }]),
      dat([{ name: 'x', calls: 1, values: [1, Number.NaN] }]),
      dat([{ name: 'x', calls: 1, values: [-1] }]),
      dat([1, 2].map((calls) => ({ name: 'x', calls, values: [1] }))),
      new TextEncoder().encode('<!doctype html>'),
    ]) {
      expect(() => readImatrix(bytes)).toThrow(refused('CORRUPT_DATA'));
    }
  });
});

describe('GGUF', () => {
  it('sums are divided by the count of their expert; those of an expert that was not used are 1', () => {
    const file = writeGguf(about, [
      ...dense,
      tensor('blk.1.ffn_up_exps.weight.in_sum2', [3, 2], [2, 4, 9, 9, 10, 30]),
      tensor('blk.1.ffn_up_exps.weight.counts', [3, 1], [2, 0, 10]),
      tensor('blk.1.ffn_up_exps.weight.in_sum', [3, 2], [1, 1, 1, 1, 1, 1]),
    ]);
    expect(readImatrix(file)).toEqual({
      format: 'gguf',
      weights: new Map([
        ['blk.0.attn_q.weight', Float32Array.of(1, 0, 0.5, 2)],
        ['blk.1.ffn_up_exps.weight', Float32Array.of(1, 2, 1, 1, 1, 3)],
      ]),
      datasets: ['a.txt', 'b.txt'],
      chunks: 7,
    });
  });

  it('is refused for a number of chunks that no file can state', () => {
    const counted = (value: number) =>
      writeGguf(
        about.map((entry) =>
          entry.key === 'imatrix.chunk_count' ? { ...entry, type: 'f64', value } : entry,
        ) as GgufEntryInput[],
        dense,
      );
    expect(readImatrix(counted(2 ** 32 - 1)).chunks).toBe(2 ** 32 - 1);
    for (const chunks of [2 ** 32, -1, 0.5, Number.NaN]) {
      expect(() => readImatrix(counted(chunks))).toThrow(refused('CORRUPT_DATA'));
    }
  });

  it('is refused when it is another kind of file, or a tensor lacks a part', () => {
    expect(() => readImatrix(writeGguf([], dense))).toThrow(/not an importance matrix/);
    for (const tensors of [
      dense.slice(1),
      dense.slice(0, 1),
      [{ ...tensor('x.in_sum2', [1], [1]), type: 'I32' as const }, tensor('x.counts', [1], [1])],
      [tensor('x.in_sum2', [3], [1, 1, 1]), tensor('x.counts', [2], [1, 1])],
      [tensor('x.in_sum2', [0], []), tensor('x.counts', [1], [1])],
      [tensor('x.in_sum2', [1], [1]), tensor('x.counts', [0], [])],
      [tensor('x.in_sum2', [1], [Infinity]), tensor('x.counts', [1], [1])],
    ]) {
      expect(() => readImatrix(writeGguf(about, tensors))).toThrow(refused('CORRUPT_DATA'));
    }
  });
});

it('damaged files are refused or read soundly', () => {
  for (const file of [dat(entries, 12, 'wiki.train'), writeGguf(about, dense)]) {
    for (const damaged of corruptions(file, 4000)) {
      expectSoundOrRefused(damaged, () => {
        for (const weights of readImatrix(damaged).weights.values()) {
          expect(weights.every((weight) => weight >= 0 && weight < Infinity)).toBe(true);
        }
      });
    }
  }
});
