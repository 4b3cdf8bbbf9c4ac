// Indexes of bits, against a plain count of differing bits: every form of input, results, their order, and
// refusals. Long because each form goes through every call.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type Fewbits, type Id, load, mergeResults, quantizeEmbeddings } from 'fewbits';
import { readSafetensors } from 'fewbits/io';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeOf, expectError, noise, variants } from '../support/builds.ts';

const signs = (x: ArrayLike<number>) => Array.from(x, (value) => (value > 0 ? 1 : 0));

/** The number of differing bits, counted one by one. */
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  signs(a).reduce((sum: number, bit, i) => sum + (bit === (b[i] > 0 ? 1 : 0) ? 0 : 1), 0);

/** Bits packed as numpy.packbits packs each row. */
function packed(x: ArrayLike<number>, dims: number): Uint8Array {
  const bytes: number[] = [];
  for (let at = 0; at < x.length; at += dims) {
    const bits = signs(x)
      .slice(at, at + dims)
      .join('');
    for (let i = 0; i < dims; i += 8) {
      bytes.push(Number.parseInt(bits.slice(i, i + 8).padEnd(8, '0'), 2));
    }
  }
  return Uint8Array.from(bytes);
}

describe.each(variants)('an index of bits, %s', (variant) => {
  let fb: Fewbits;
  beforeAll(async () => {
    fb = await load({ variant });
  });

  it.each([1, 5, 8, 64, 77, 248, 249, 256, 1000, 16384])('%i dims: finds exactly', (dims) => {
    const rows = dims > 1000 ? 70 : 200;
    const x = noise(rows * dims, 1, dims);
    const queries = noise(6 * dims, 1, dims + 1);
    using index = fb.createIndex({ dims, metric: 'hamming' });
    index.add(x);
    expect(index.stats()).toMatchObject({
      ...{
        bits: 1,
        metric: 'hamming',
        bytesPerVector: Math.ceil(dims / 8),
        segments: [{ dims, bits: 1 }],
      },
      ...{ centred: false, calibrated: false, fit: null, refine: 0 },
    });
    const found = index.searchBatch(queries, { k: 25 });
    expect(found).toHaveLength(6);
    for (const [q, { ids, scores }] of found.entries()) {
      const query = queries.subarray(q * dims, (q + 1) * dims);
      const all = Array.from({ length: rows }, (_, row) => ({
        row,
        score: distance(query, x.subarray(row * dims, (row + 1) * dims)),
      }));
      all.sort((a, b) => a.score - b.score || a.row - b.row);
      expect(ids).toEqual(all.slice(0, 25).map(({ row }) => row));
      expect([...scores]).toEqual(all.slice(0, 25).map(({ score }) => score));
      expect(index.search(query, { k: 25, rescore: 3 })).toEqual(found[q]);
    }
    const self = index.search(x.subarray(0, dims), { k: 1 });
    expect(Object.is(self.scores[0], 0)).toBe(true);
    expect(index.reconstruct(3)).toEqual(
      x.slice(3 * dims, 4 * dims).map((value) => (value > 0 ? 1 : -1)),
    );
    expect(fb.openIndex(index.save()).searchBatch(queries, { k: 25 })).toEqual(found);
  });

  it('of as many dims as there are, all bits may differ', () => {
    const dims = 16384;
    using index = fb.createIndex({ dims, metric: 'hamming' });
    index.add(new Uint8Array(dims / 8).fill(255));
    expect(index.search(new Uint8Array(dims / 8)).scores).toEqual(Float32Array.of(dims));
  });

  it('is a map from ids to bits: random histories against a model', () => {
    const vector = (dims: number) => fc.array(fc.boolean(), { minLength: dims, maxLength: dims });
    const histories = fc.integer({ min: 1, max: 20 }).chain((dims) =>
      fc.record({
        dims: fc.constant(dims),
        steps: fc.array(
          fc.record({
            what: fc.constantFrom(
              'upsert',
              'upsert',
              'remove',
              'replace',
              'reopen',
              'like',
              'search',
            ),
            ids: fc.uniqueArray(fc.integer({ min: 0, max: 90 }), { maxLength: 40 }),
            one: vector(dims),
            two: vector(dims),
          }),
          { maxLength: 25 },
        ),
      }),
    );
    fc.assert(
      fc.property(histories, ({ dims, steps }) => {
        let index = fb.createIndex({ dims, metric: 'hamming' });
        let model = new Map<number, number[]>();
        const numbers = (bits: boolean[]) => bits.map((bit) => (bit ? 0.5 : -2));
        for (const { what, ids, one, two } of steps) {
          const [a, b] = [numbers(one), numbers(two)];
          const put = ids.map((_, i) => (i % 2 ? a : b));
          const flat = packed(put.flat(), dims);
          if (what === 'upsert') {
            index.upsert(flat, ids);
            for (const [i, id] of ids.entries()) model.set(id, put[i]);
          } else if (what === 'replace' && ids.every((id) => model.has(id))) {
            index.replace(flat, ids);
            for (const [i, id] of ids.entries()) model.set(id, put[i]);
          } else if (what === 'remove') {
            index.removeMany(ids);
            for (const id of ids) model.delete(id);
          } else if (what === 'reopen') {
            const file = index.save();
            index.dispose();
            index = fb.openIndex(file);
            expect(index.save()).toEqual(file);
          } else if (what === 'like') {
            const next = index.emptyLike();
            index.dispose();
            index = next;
            model = new Map();
          }
          const allowed = new Set<Id>(ids);
          const all = [...model].map(([id, x]) => ({ id, score: distance(a, x) }));
          all.sort((x, y) => x.score - y.score); // stable: in the order of adding
          for (const filter of [undefined, allowed]) {
            const wanted = all.filter(({ id }) => filter?.has(id) ?? true).slice(0, 7);
            const { ids: found, scores } = index.search(packed(a, dims), { k: 7, filter });
            expect(found).toEqual(wanted.map(({ id }) => id));
            expect([...scores]).toEqual(wanted.map(({ score }) => score));
          }
          expect([...index.ids()]).toEqual([...model.keys()]);
        }
        index.dispose();
      }),
      { numRuns: 150 },
    );
  });

  it('candidates of parts make what one index finds', () => {
    const dims = 40;
    const x = noise(300 * dims, 1, 5);
    using one = fb.createIndex({ dims, metric: 'hamming' });
    one.add(x);
    const parts = [0, 1, 2].map((part) => {
      const like = one.emptyLike();
      like.add(
        x.subarray(part * 100 * dims, (part + 1) * 100 * dims),
        Array.from({ length: 100 }, (_, i) => 100 * part + i),
      );
      return like;
    });
    const query = noise(dims, 1, 6);
    const candidates = one.candidateCount({ k: 30 });
    const lists = parts.map((part) => part.candidates(query, candidates));
    const merged = mergeResults(lists, { metric: 'hamming', k: 30, candidates });
    expect(merged).toEqual(one.search(query, { k: 30 }));
    const plain = mergeResults(
      parts.map((part) => part.search(query, { k: 30 })),
      { metric: 'hamming', k: 30 },
    );
    expect(plain).toEqual(merged);
    for (const part of parts) part.dispose();
  });
});

it('a file that numpy made opens, and has what numpy finds', async () => {
  const fb = await load();
  const golden = (name: string) =>
    readFileSync(new URL(`../golden/hamming/${name}`, import.meta.url));
  const { dims, k, queries, ubinary, binary, answers } = JSON.parse(
    golden('answers.json').toString(),
  );
  const file = golden('bits.index.safetensors');
  using index = fb.openIndex(file);
  const ways = [
    queries,
    ubinary.map((row: number[]) => Uint8Array.from(row)),
    binary.map((row: number[]) => Int8Array.from(row)),
  ];
  for (const given of ways) {
    const found = index.searchBatch(given, { k });
    expect(found.map(({ ids, scores }) => ({ ids, scores: [...scores] }))).toEqual(answers);
  }
  using own = fb.createIndex({ dims, metric: 'hamming' });
  own.add(new Float32Array(Uint8Array.from(golden('vectors.f32')).buffer), [...index.ids()]);
  expect(own.save()).toEqual(index.save());
  const { metadata } = readSafetensors(file);
  expect(readSafetensors(own.save()).metadata).toEqual(metadata);
  expect(readSafetensors(own.save()).bytes('codes')).toEqual(readSafetensors(file).bytes('codes'));
});

describe('bits', () => {
  let fb: Fewbits;
  beforeAll(async () => {
    fb = await load();
  });

  const dims = 16;
  const x = noise(3 * dims, 1, 9);
  const row = (i: number) => x.slice(i * dims, (i + 1) * dims);
  const ubinary = quantizeEmbeddings(x, dims, 'ubinary');
  const binary = quantizeEmbeddings(x, dims, 'binary');

  it.each(
    Object.entries({
      floats: x,
      'numbers in an array': [...x],
      'rows of numbers': [[...row(0)], [...row(1)], [...row(2)]],
      'rows of floats': [row(0), Float64Array.from(row(1)), row(2)],
      ubinary,
      binary,
      "Node's Buffer": Buffer.from(ubinary),
      'rows of ubinary': [ubinary.subarray(0, 2), ubinary.subarray(2, 4), ubinary.subarray(4)],
      'rows of binary': [binary.subarray(0, 2), binary.subarray(2, 4), binary.subarray(4)],
      'rows of all kinds': [binary.subarray(0, 2), ubinary.subarray(2, 4), [...row(2)]],
      'a tensor of floats': { data: x, dims: [3, dims], type: 'float32' },
      'a tensor of ubinary': { data: ubinary, dims: [3, dims / 8], type: 'uint8' },
      'a tensor of binary': { data: binary, dims: [3, dims / 8], type: 'int8' },
      'ubinary with a shape, as of readNpy()': { data: ubinary, shape: [3, dims / 8] },
      'int8 with a scale': { data: x.map((v) => Math.sign(v) * 9), scale: 0.1 },
      'bytes with a scale': { data: Int8Array.from(x, (v) => (v > 0 ? 3 : -3)), scale: 0.1 },
    }),
  )('%s', (_, given) => {
    using index = fb.createIndex({ dims, metric: 'hamming' });
    index.add(given);
    using expected = fb.createIndex({ dims, metric: 'hamming', bits: 1 });
    expected.add(ubinary);
    expect(index.save()).toEqual(expected.save());
    expect(index.searchBatch(given)).toEqual(expected.searchBatch(ubinary));
    index.replace(given, [0, 1, 2]);
    index.upsert(given, [2, 1, 'new']);
    expect(index.search(ubinary.subarray(4), { k: 9 }).ids).toContain('new');
  });

  it('zeros are no more than zero, as in numpy', () => {
    using index = fb.createIndex({ dims: 8, metric: 'hamming' });
    index.add([0, -0, 1e-40, -1e-40, 1, -1, 0, 2]);
    expect(index.search(Uint8Array.of(0b00101001)).scores[0]).toBe(0);
  });

  it('beyond the last dimension count for nothing', () => {
    using index = fb.createIndex({ dims: 11, metric: 'hamming' });
    using clean = fb.createIndex({ dims: 11, metric: 'hamming' });
    index.add(Uint8Array.of(0xab, 0xff, 0x12, 0x1f), ['a', 'b']);
    clean.add(Uint8Array.of(0xab, 0xe0, 0x12, 0x00), ['a', 'b']);
    expect(index.save()).toEqual(clean.save());
    index.replace(Uint8Array.of(0x77, 0xff), 'a');
    clean.replace(Uint8Array.of(0x77, 0xe0), 'a');
    expect(index.save()).toEqual(clean.save());
    expect(index.search(Uint8Array.of(0x77, 0xff)).scores[0]).toBe(0);
  });

  const packedOrNot = /2 bytes each, packed, in a Uint8Array.*or 16 numbers each, got /;
  it.each<[string, unknown, RegExp]>([
    ['half a row', ubinary.subarray(0, 5), /got 5 bytes; .*model/],
    ['int8 of half a row', binary.subarray(0, 1), packedOrNot],
    ['numbers that are packed bytes', [1, 2], /got 2 numbers/],
    ['rows of numbers that are packed bytes', [[1, 2]], /vectors\[0\] must hold.*got 2 numbers/],
    [
      'two vectors in a row',
      [ubinary.subarray(0, 4)],
      /vectors\[0\] must be one vector of 16 bits, got 4 bytes/,
    ],
    [
      'a tensor of int8 values',
      { data: new Int8Array(16), dims: [1, 16] },
      /16 bytes of sizes \[1, 16\]/,
    ],
    ['a tensor of tokens', { data: new Uint8Array(4), dims: [1, 2, 2] }, packedOrNot],
    ['a tensor that is shorter', { data: ubinary, dims: [2, 2] }, packedOrNot],
    ['rows of rows', [[[1, 2]]], /holds rows itself/],
    ['texts', ['a'], /vectors\[0\] must be a number/],
    ['other bytes', new Uint16Array(2), /Uint16Array/],
    ['nothing that is vectors', 7, /vectors must be/],
    ['a row that is missing', [row(0), undefined], /vectors\[1\]/],
  ])('%s: refused with both sizes or a remedy', (_, given, words) => {
    using index = fb.createIndex({ dims, metric: 'hamming' });
    index.add(ubinary);
    const before = index.save();
    expectError('INVALID_ARGUMENT', words, () => index.add(given as never));
    expect(codeOf(() => index.search(given as never))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => index.upsert(given as never, [0, 1, 2]))).toBe('INVALID_ARGUMENT');
    expect(index.save()).toEqual(before);
  });

  it('as many vectors as ids, and finite numbers', () => {
    using index = fb.createIndex({ dims, metric: 'hamming' });
    expectError('INVALID_ARGUMENT', /2 vectors of 16 bits, .*6 bytes of them, which are 3/, () =>
      index.add(ubinary, ['a', 'b']),
    );
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      const odd = x.slice();
      odd[17] = bad;
      expectError('NON_FINITE', /vectors\[17\]/, () => index.add(odd));
      expectError('NON_FINITE', /vectors\[1\]\[1\]/, () => index.add([row(0), odd.slice(16, 32)]));
    }
    expect(index.size).toBe(0);
    index.add([]);
    index.add(new Uint8Array(0));
    expect(index.size).toBe(0);
    expect(index.search(ubinary.subarray(0, 2))).toEqual({ ids: [], scores: new Float32Array(0) });
  });

  it('learn nothing, and say why', () => {
    using index = fb.createIndex({ dims, metric: 'hamming' });
    expectError('INVALID_ARGUMENT', /nothing to calibrate.*'cosine'/, () => index.calibrate(x));
    expectError('INVALID_ARGUMENT', /nothing to calibrate/, () => index.calibrate(ubinary));
    index.add(ubinary);
    expectError('INVALID_ARGUMENT', /nothing to calibrate/, () => index.recalibrate());
    expectError('INVALID_ARGUMENT', /bits must be 1.*got 4; .*'cosine'/, () =>
      fb.createIndex({ dims, metric: 'hamming', bits: 4 }),
    );
    expectError('INVALID_ARGUMENT', /no refine for metric 'hamming'/, () =>
      fb.createIndex({ dims, metric: 'hamming', refine: 8 }),
    );
    expectError('INVALID_ARGUMENT', /no mean for metric 'hamming'/, () =>
      fb.createIndex({ dims, metric: 'hamming', mean: row(0) }),
    );
    using floats = fb.createIndex({ dims });
    expectError('INVALID_ARGUMENT', /'hamming'/, () => floats.add(ubinary));
  });
});
