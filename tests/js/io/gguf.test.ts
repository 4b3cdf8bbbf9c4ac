// GGUF files: read in parts, written as ggml writes them, refused when damaged. Long because reading, writing
// and damage share their files.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gguf } from '@huggingface/gguf';
import fc from 'fast-check';
import {
  type GgmlTypeName,
  type GgufEntry,
  type GgufEntryInput,
  type GgufValueType,
  ggmlTypes,
  openGguf,
  planGguf,
  readGguf,
  streamGguf,
  writeGguf,
} from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { removeFolder, temporaryFolder } from '../../support/folders.ts';
import { corruptions, expectSoundOrRefused, refused } from './damage.js';
import { GgufBuilder, handmadeGguf, handmadeQ } from './gguf-builder.js';

const values = (metadata: ReadonlyMap<string, GgufEntry>) =>
  Object.fromEntries([...metadata].map(([key, { value }]) => [key, value]));

const handmadeValues = {
  'general.architecture': 'llama',
  'a.u8': 200,
  'a.i8': -128,
  'a.u16': 513,
  'a.i16': -2,
  'a.u32': 4_000_000_000,
  'a.i32': -1,
  'a.f32': 1.5,
  'a.bool': true,
  'a.u64': 2n ** 64n - 1n,
  'a.i64': -1n,
  'a.f64': 1.5,
  'a.strings': { type: 'string', values: ['', 'a\ufffdb'] },
  'a.nested': {
    type: 'array',
    values: [
      { type: 'uint16', values: new Uint16Array([1, 2]) },
      { type: 'bool', values: new Uint8Array([1, 0, 1]) },
    ],
  },
  'general.alignment': 64,
  'a.empty': { type: 'int32', values: new Int32Array(0) },
};

const handmadeTensors = [
  { name: 'q', type: 'Q4_0', typeId: 2, shape: [2, 64], byteLength: 72 },
  { name: 'odd', type: undefined, typeId: 999, shape: [5], byteLength: 64 },
  { name: 'f', type: 'F32', typeId: 0, shape: [3, 2], byteLength: 24 },
];

describe('reading', () => {
  it.each([2, 3])('every value type and tensor of a version %i file', (version) => {
    const file = readGguf(handmadeGguf(version));
    expect(file).toMatchObject({ version, alignment: 64, tensors: handmadeTensors });
    expect(values(file.metadata)).toEqual(handmadeValues);
    expect(file.bytes('q')).toEqual(handmadeQ);
    expect(file.bytes('odd').subarray(0, 3)).toEqual(new Uint8Array([7, 7, 0]));
    const f = file.bytes('f').slice();
    expect(new Float32Array(f.buffer)).toEqual(new Float32Array([1, 2, 3, 4, 5, 6]));
    expect(() => file.bytes('g')).toThrow(refused('INVALID_ARGUMENT'));
  });

  it('in parts, from a Blob and from a reader', async () => {
    const bytes = handmadeGguf();
    const reader = {
      size: bytes.length,
      read: async (offset: number, length: number) => bytes.slice(offset, offset + length),
    };
    for (const source of [bytes.buffer, new Blob([bytes]), reader]) {
      const file = await openGguf(source);
      expect(file.tensors).toMatchObject(handmadeTensors);
      expect(values(file.metadata)).toEqual(handmadeValues);
      expect(await file.bytes('q', 36)).toEqual(handmadeQ.subarray(36));
      await expect(file.bytes('q', 36, 37)).rejects.toThrow(refused('INVALID_ARGUMENT'));
    }
  });

  it('never the whole file: a reader of 8 TB is asked for its header only', async () => {
    const tokens = {
      type: 'string',
      values: Array.from({ length: 60_000 }, (_, i) => `token ${i}`),
    };
    const metadata = [{ key: 'tokens', type: 'array', value: tokens }] as GgufEntryInput[];
    const shape = [2 ** 20, 2 ** 21];
    const plan = planGguf(metadata, [{ name: 'huge', type: 'F32', shape }]);
    expect(plan.byteLength).toBe(plan.header.length + 2 ** 43);
    const asked: [number, number][] = [];
    const file = await openGguf({
      size: plan.byteLength,
      read: async (offset, length) => {
        asked.push([offset, length]);
        const bytes = new Uint8Array(length);
        bytes.set(plan.header.subarray(offset, offset + length));
        return bytes;
      },
    });
    expect(file.metadata.get('tokens')?.value).toEqual(tokens);
    expect((await file.bytes('huge', 2 ** 43 - 4)).length).toBe(4);
    expect(asked.pop()).toEqual([plan.byteLength - 4, 4]);
    // The size of each read doubles: few requests, without gaps, less than twice the header in total.
    const end = asked.reduce(
      (at, [offset, length]) => (offset === at ? at + length : Number.NaN),
      0,
    );
    expect(end).toBeLessThan(2 * plan.header.length);
    expect(asked.length).toBeLessThan(6);
  });
});

describe('a file written by ggml', () => {
  const bytes = new Uint8Array(
    readFileSync(new URL('../../golden/gguf/ggml.gguf', import.meta.url)),
  );
  const file = readGguf(bytes);

  it('is read', () => {
    expect(values(file.metadata)).toEqual({
      'general.architecture': 'llama',
      't.u8': 200,
      't.i8': -128,
      't.u16': 513,
      't.i16': -2,
      't.u32': 4_000_000_000,
      't.i32': -1,
      't.f32': 1.5,
      't.u64': 2n ** 64n - 1n,
      't.i64': -1n,
      't.f64': 1.5,
      't.bool': true,
      't.strings': { type: 'string', values: ['', 'a', 'höhe'] },
      't.floats': { type: 'f32', values: new Float32Array([1, 2, 3]) },
      't.bools': { type: 'bool', values: new Uint8Array([1, 0]) },
    });
    expect(file.tensors.map(({ name, type, shape }) => [name, type, shape])).toEqual([
      ['blk.0.attn_q.weight', 'Q4_0', [3, 64]],
      ['norm', 'F32', [5]],
      ['h', 'F16', [4, 3, 2]],
    ]);
    expect(file.bytes('blk.0.attn_q.weight')).toEqual(
      Uint8Array.from({ length: 108 }, (_, i) => i * 7),
    );
    const norm = new Float32Array(file.bytes('norm').slice().buffer);
    expect(norm).toEqual(new Float32Array([0.5, 1.5, 2.5, 3.5, 4.5]));
  });

  it('is what the writer writes, byte for byte, from values and from raw bytes', () => {
    const tensors = file.tensors.map(({ name, shape, typeId }) => {
      return { name, shape, type: typeId, data: file.bytes(name) };
    });
    expect(writeGguf(file.metadata.values(), tensors)).toEqual(bytes);
    const fresh = [...file.metadata.values()].map(({ key, type, value }) => ({ key, type, value }));
    expect(writeGguf(fresh, tensors)).toEqual(bytes);
  });
});

describe('hostile files', () => {
  const start = (tensors: bigint | number, keys: bigint | number) =>
    new GgufBuilder().start(tensors, keys);
  const huge = 2n ** 63n;
  const one = (
    name: string,
    dimensions: (bigint | number)[],
    type: number,
    offset: number | bigint,
  ) => start(1, 0).tensor(name, dimensions, type, offset).align(32).push(new Uint8Array(64)).done();
  const array = (type: number, count: bigint | number) =>
    start(0, 1).text('k').u32(9).u32(type).u64(count);
  const zeros = new Uint8Array(64);

  it.each([
    ['empty', new Uint8Array(0)],
    ['23 bytes', start(0, 0).done().slice(0, 23)],
    ['another magic', new Uint8Array(64).fill(0x47)],
    ['2^63 tensors', start(huge, 0).push(zeros).done()],
    ['2^63 keys', start(0, huge).push(zeros).done()],
    ['more keys than bytes', start(0, 10).push(zeros).done()],
    ['a key of 2^63 bytes', start(0, 1).u64(huge).push(zeros).done()],
    ['a key of 70 KB', start(0, 1).u64(70_000).push(new Uint8Array(80_000)).done()],
    ['a key that is not UTF-8', start(0, 1).u64(1).u8(0xff).u32(0).u8(1).done()],
    ['a value type 13', start(0, 1).text('k').u32(13).push(zeros).done()],
    ['a bool of 2', start(0, 1).text('kkkk').u32(7).u8(2).done()],
    ['bools of 2', array(7, 3).u8(0, 1, 2).done()],
    ['a string of 2^63 bytes', start(0, 1).text('k').u32(8).u64(huge).push(zeros).done()],
    ['an array of 2^63 bytes', array(0, huge).push(zeros).done()],
    [
      'an array of 2^61 doubles',
      array(12, 2n ** 61n)
        .push(zeros)
        .done(),
    ],
    [
      'an array of 2^62 strings',
      array(8, 2n ** 62n)
        .push(zeros)
        .done(),
    ],
    [
      'an array of 2^62 arrays',
      array(9, 2n ** 62n)
        .push(zeros)
        .done(),
    ],
    ['an array of type 99', array(99, 1).push(zeros).done()],
    [
      'deep nesting',
      (() => {
        const file = array(9, 1);
        for (let depth = 0; depth < 50_000; depth++) file.u32(9).u64(1);
        return file.u32(0).u64(0).done();
      })(),
    ],
    [
      'two million arrays',
      (() => {
        const file = array(9, 2_000_000).done();
        const whole = new Uint8Array(file.length + 24_000_000);
        whole.set(file);
        return whole;
      })(),
    ],
    ['a key twice', start(0, 2).text('k').u32(0).u8(1).text('k').u32(0).u8(1).done()],
    ['an alignment of 0', start(0, 1).text('general.alignment').u32(4).u32(0).done()],
    [
      'an alignment of 2^31',
      start(0, 1)
        .text('general.alignment')
        .u32(4)
        .u32(2 ** 31)
        .done(),
    ],
    ['an alignment of 48', start(0, 1).text('general.alignment').u32(4).u32(48).done()],
    ['an alignment in words', start(0, 1).text('general.alignment').u32(8).text('32').done()],
    [
      'a name twice',
      start(2, 0).tensor('t', [1], 0, 0).tensor('t', [1], 0, 32).align(32).push(zeros).done(),
    ],
    ['9 dimensions', one('t', new Array(9).fill(1), 0, 0)],
    ['2^32 - 1 dimensions', start(1, 0).text('t').u32(0xffffffff).push(zeros).done()],
    ['a dimension of 2^63', one('t', [huge], 0, 0)],
    ['a product of 2^104', one('t', [2n ** 52n, 2n ** 52n], 0, 0)],
    ['half a block', one('t', [48], 2, 0)],
    ['an offset between alignments', one('t', [1], 0, 16)],
    ['an offset behind the end', one('t', [1], 0, 96)],
    ['an offset of 2^63', one('t', [1], 0, huge)],
    ['data behind the end', one('t', [17], 0, 0)],
    [
      'an overlap',
      start(2, 0).tensor('a', [16], 0, 0).tensor('b', [1], 0, 32).align(32).push(zeros).done(),
    ],
    ['cut off in the list', start(1, 0).tensor('tensor', [1], 0, 0).done().slice(0, -1)],
  ])('refuses: %s', (_, bytes) => {
    expect(() => readGguf(bytes)).toThrow(refused('CORRUPT_DATA'));
  });

  it('versions and byte orders that are not read are refused by name', () => {
    for (const [version, says] of [
      [1, /version 1/],
      [4, /version 4/],
      [0x03000000, /big-endian/],
    ] as const) {
      const bytes = new GgufBuilder().start(0, 0, version).done();
      expect(() => readGguf(bytes)).toThrow(refused('UNSUPPORTED'));
      expect(() => readGguf(bytes)).toThrow(says);
    }
  });

  it('a reader that would deliver an endless header is stopped', async () => {
    let read = 0;
    const head = start(0, 1)
      .u64(1)
      .u8(0x6b)
      .u32(9)
      .u32(8)
      .u64(2n ** 27n)
      .done();
    const source = {
      size: 2 ** 50,
      read: async (offset: number, length: number) => {
        read += length;
        const bytes = new Uint8Array(length);
        if (offset === 0) bytes.set(head);
        return bytes;
      },
    };
    await expect(openGguf(source)).rejects.toThrow(refused('CORRUPT_DATA'));
    expect(read).toBeLessThanOrEqual(2 ** 27);
  });

  it('damaged files are refused or read soundly', () => {
    for (const bytes of corruptions(handmadeGguf(), 20_000)) {
      expectSoundOrRefused(bytes, () => {
        const file = readGguf(bytes);
        values(file.metadata);
        for (const { name, byteLength } of file.tensors) {
          expect(file.bytes(name).length).toBe(byteLength);
        }
      });
    }
  });
});

describe('large headers', () => {
  /** A file with a single entry, an array of `count` booleans. */
  const flags = (count: number) => {
    const head = new GgufBuilder().start(0, 1).text('k').u32(9).u32(7).u64(count).done();
    const file = new Uint8Array(head.length + count);
    file.set(head);
    return file.fill(1, head.length);
  };

  it('an array of a hundred million flags is read at once', async () => {
    const file = flags(100_000_000);
    const start = process.cpuUsage();
    const { metadata } = await openGguf(file);
    const { values } = (metadata.get('k') as GgufEntry).value as { values: Uint8Array };
    const { user, system } = process.cpuUsage(start);
    expect(values.length).toBe(100_000_000);
    expect(values[99_999_999]).toBe(1);
    expect((user + system) / 1e6).toBeLessThan(5);
  });

  it('a list of tensors takes time as it is long', async () => {
    const seconds = (count: number) => {
      const inputs = Array.from({ length: count }, (_, i) => {
        return { name: `t${i}`, type: 'I8' as const, shape: [1] };
      });
      const { header, byteLength } = planGguf([], inputs);
      const file = new Uint8Array(byteLength);
      file.set(header);
      const start = process.cpuUsage();
      expect(readGguf(file).tensors.length).toBe(count);
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1e6;
    };
    seconds(10_000);
    const few = seconds(20_000);
    expect(seconds(160_000)).toBeLessThan(8 * 4 * few);
  });
});

const entries = fc.uniqueArray(
  fc.tuple(
    fc.stringMatching(/^[a-z]{1,4}\.[a-z_]{1,8}$/),
    fc.oneof(
      fc.tuple(fc.constant('uint8'), fc.nat(255)),
      fc.tuple(fc.constant('int16'), fc.integer({ min: -32768, max: 32767 })),
      fc.tuple(fc.constant('uint32'), fc.nat(2 ** 32 - 1)),
      fc.tuple(fc.constant('int64'), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      fc.tuple(fc.constant('uint64'), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      fc.tuple(fc.constant('f64'), fc.double()),
      fc.tuple(fc.constant('f32'), fc.float()),
      fc.tuple(fc.constant('bool'), fc.boolean()),
      fc.tuple(fc.constant('string'), fc.string({ unit: 'grapheme' })),
      fc.tuple(
        fc.constant('array'),
        fc.oneof(
          fc.record({
            type: fc.constant('string'),
            values: fc.array(fc.string({ unit: 'grapheme' })),
          }),
          fc.record({ type: fc.constant('f32'), values: fc.float32Array() }),
          fc.record({ type: fc.constant('uint64'), values: fc.bigUint64Array() }),
          fc.record({ type: fc.constant('bool'), values: fc.array(fc.boolean()) }),
        ),
      ),
    ),
  ),
  { selector: ([key]) => key, maxLength: 8 },
);
const asEntries = (given: [string, [string, unknown]][]) =>
  given.map(([key, [type, value]]) => ({ key, type, value })) as GgufEntryInput[];

const tensorInputs = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[a-z.0-9]{1,12}$/),
    type: fc.constantFrom(...(Object.keys(ggmlTypes) as GgmlTypeName[])),
    rows: fc.array(fc.nat(3), { maxLength: 3 }),
    blocks: fc.nat(2),
  }),
  { selector: ({ name }) => name, maxLength: 6 },
);
const withData = (given: { name: string; type: GgmlTypeName; rows: number[]; blocks: number }[]) =>
  given.map(({ name, type, rows, blocks }, i) => {
    const { blockSize, bytesPerBlock } = ggmlTypes[type];
    const byteLength = rows.reduce((a, b) => a * b, blocks * bytesPerBlock);
    const data = Uint8Array.from({ length: byteLength }, (_, at) => i * 17 + at + 1);
    return { name, type, shape: [...rows, blocks * blockSize], data };
  });

/** Booleans are written as such and read as 0 and 1. */
function asRead(value: unknown): unknown {
  const { type, values } = value as { type?: string; values?: boolean[] };
  return type === 'bool' && values ? { type, values: Uint8Array.from(values, Number) } : value;
}

describe('writing', () => {
  it('what is written is read back, and streaming gives the same file', async () => {
    const alignments = fc.constantFrom(undefined, 8, 32, 4096);
    await fc.assert(
      fc.asyncProperty(entries, tensorInputs, alignments, async (given, tensors, alignment) => {
        const metadata = asEntries(given);
        const inputs = withData(tensors);
        const options = alignment === undefined ? {} : { alignment };
        const file = writeGguf(metadata, inputs, options);
        const back = readGguf(file);
        expect(back.alignment).toBe(alignment ?? 32);
        for (const [key, [type, value]] of given) {
          expect(back.metadata.get(key)).toMatchObject({ type, value: asRead(value) });
        }
        expect(back.tensors.length).toBe(inputs.length);
        for (const { name, type, shape, data } of inputs) {
          expect(back.tensor(name)).toMatchObject({ type, shape });
          expect(back.tensor(name).byteOffset % back.alignment).toBe(0);
          expect(back.bytes(name)).toEqual(data);
        }
        const plan = planGguf(metadata, inputs, options);
        const pieces: Uint8Array<ArrayBuffer>[] = [];
        const data = (name: string) => inputs.find((tensor) => tensor.name === name)?.data;
        for await (const piece of streamGguf(plan, ({ name }) => [data(name) as Uint8Array])) {
          pieces.push(piece);
        }
        expect(new Uint8Array(await new Blob(pieces).arrayBuffer())).toEqual(file);
      }),
      { numRuns: 150 },
    );
  });

  it('a changed copy of an entry is written as it says', () => {
    const [entry] = readGguf(handmadeGguf()).metadata.values() as Iterable<GgufEntry>;
    const back = (changed: GgufEntryInput) =>
      [...readGguf(writeGguf([changed], [])).metadata.values()][0];
    expect(back({ ...entry, value: 'gemma' })).toMatchObject({ value: 'gemma' });
    expect(back({ ...entry, key: 'x.name' })).toMatchObject({ key: 'x.name', value: 'llama' });
    expect(back(structuredClone(entry))).toMatchObject({ key: entry.key, value: 'llama' });
  });

  it('keeps metadata and tensors byte for byte, of unknown types too', () => {
    const original = readGguf(handmadeGguf());
    const tensors = original.tensors.map(({ name, typeId, shape }) => {
      return { name, shape, type: typeId, data: original.bytes(name) };
    });
    const again = writeGguf(original.metadata.values(), tensors);
    // The same, except for the padding at the end.
    const expected = new Uint8Array(again.length);
    expected.set(handmadeGguf());
    expect(again).toEqual(expected);
  });

  it('is read by an independent parser', async () => {
    const metadata: GgufEntryInput[] = [
      { key: 'general.architecture', type: 'string', value: 'llama' },
      { key: 'general.alignment', type: 'uint32', value: 128 },
      { key: 'x.u64', type: 'uint64', value: 2n ** 64n - 1n },
      { key: 'x.f32', type: 'f32', value: 1.5 },
      { key: 'x.tokens', type: 'array', value: { type: 'string', values: ['a', 'é', ''] } },
      { key: 'x.scores', type: 'array', value: { type: 'f32', values: new Float32Array([1, 2]) } },
      {
        key: 'x.nested',
        type: 'array',
        value: { type: 'array', values: [{ type: 'bool', values: [true, false] }] },
      },
    ];
    const tensors = withData(
      (Object.keys(ggmlTypes) as GgmlTypeName[]).map((type) => {
        return { name: `w.${type}`, type, rows: [3], blocks: 2 };
      }),
    );
    const folder = temporaryFolder();
    try {
      const path = join(folder, 'model.gguf');
      const file = writeGguf(metadata, tensors);
      writeFileSync(path, file);
      const parsed = await gguf(path, { allowLocalFile: true });
      expect(parsed.metadata).toEqual({
        version: 3,
        tensor_count: BigInt(tensors.length),
        kv_count: 7n,
        'general.architecture': 'llama',
        'general.alignment': 128,
        'x.u64': 2n ** 64n - 1n,
        'x.f32': 1.5,
        'x.tokens': ['a', 'é', ''],
        'x.scores': [1, 2],
        'x.nested': [[true, false]],
      });
      expect(parsed.tensorInfos.length).toBe(tensors.length);
      for (const [i, info] of parsed.tensorInfos.entries()) {
        const { name, shape, type, data } = tensors[i] as (typeof tensors)[number];
        expect(info).toMatchObject({ name, dtype: ggmlTypes[type].ggufId });
        expect(info.shape.map(Number)).toEqual([...shape].reverse());
        const at = Number(parsed.tensorDataOffset + info.offset);
        expect(file.subarray(at, at + data.length)).toEqual(data);
      }
    } finally {
      removeFolder(folder);
    }
  });

  it('refuses what does not fit, and says so', () => {
    const entry = (type: string, value: unknown) => () =>
      planGguf([{ key: 'k', type: type as GgufValueType, value: value as number }], []);
    for (const [type, value] of [
      ['uint8', 256],
      ['uint8', 1.5],
      ['int32', 2 ** 31],
      ['uint64', 1],
      ['uint64', -1n],
      ['int64', 2n ** 63n],
      ['f32', '1'],
      ['bool', 1],
      ['string', 1],
      ['array', [1, 2]],
      ['array', { type: 'uint8', values: [256] }],
      ['u128', 1],
    ] as const) {
      expect(entry(type, value)).toThrow(refused('INVALID_ARGUMENT'));
    }
    const tensor = (fields: object) => () =>
      planGguf([], [{ name: 't', type: 'Q4_0', shape: [32], ...fields }]);
    expect(tensor({ shape: [33] })).toThrow(/whole blocks of 32/);
    expect(tensor({ type: 999 })).toThrow(/byteLength/);
    expect(tensor({ type: 'toString' })).toThrow(refused('INVALID_ARGUMENT'));
    expect(tensor({ name: 'x'.repeat(64) })).toThrow(/"x+" is longer than the 63 bytes.*rename/);
    expect(tensor({ name: 'é'.repeat(32) })).toThrow(/63 bytes/);
    expect(tensor({ shape: [1, 1, 1, 1, 32] })).toThrow(/"t" has 5 dimensions.*reshape/);
    const long = [
      { name: 'é'.repeat(32), type: 'F32' as const, shape: [1], data: new Uint8Array(4) },
    ];
    expect(readGguf(writeGguf([], long, { longNames: true })).tensors[0]?.name).toBe(
      'é'.repeat(32),
    );
    expect(() => planGguf([], [], { alignment: 48 })).toThrow(refused('INVALID_ARGUMENT'));
    expect(() => planGguf([], [], { align: 64 } as never)).toThrow(/no option 'align'/);
    expect(planGguf([], [], { alignment: undefined }).alignment).toBe(32);
    const short = [{ name: 't', type: 'Q4_0' as const, shape: [32], data: new Uint8Array(17) }];
    expect(() => writeGguf([], short)).toThrow(/takes 18 bytes, data has 17/);
  });
});
