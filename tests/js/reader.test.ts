// Index files read without WebAssembly: the same results as with it, bit for bit.

import { load, type SearchOptions, type VectorIndex } from 'fewbits';
import { type IndexReader, openIndex } from 'fewbits/reader';
import { describe, expect, it } from 'vitest';
import { codeOf, expectError, noise } from '../support/builds.ts';
import { choices, indexFiles } from '../support/index-files.ts';
import { oddValues } from '../support/odd-values.ts';

const fb = await load();

/** The comparable statistics of an index; memory differs. */
function statsOf(index: VectorIndex | IndexReader) {
  const { byteLength, ...stats } = index.stats();
  expect(byteLength).toBeGreaterThan(0);
  expect(index.byteLength).toBe(byteLength);
  return stats;
}

/** All candidates of a search, their estimates, and their decoded vectors. */
function expectCandidates(
  reader: IndexReader,
  index: VectorIndex,
  query: Float32Array,
  o: SearchOptions = {},
): void {
  const count = index.candidateCount(o);
  expect(reader.candidateCount(o)).toBe(count);
  const expected = index.candidates(query, count, o.filter);
  expect(reader.candidates(query, count, o.filter)).toEqual(expected);
  const [{ scores, estimates }, other] = [index, reader].map((one) => one.candidates(query, 2));
  expect(JSON.stringify([other.scores, other.estimates])).toBe(JSON.stringify([scores, estimates]));
  for (const id of expected.ids.slice(0, 8)) {
    expect(reader.reconstruct(id)).toEqual(index.reconstruct(id));
  }
}

function expectAlike(
  reader: IndexReader,
  index: VectorIndex,
  queries: Float32Array,
  o?: SearchOptions,
): void {
  const actual = reader.searchBatch(queries, o);
  const expected = index.searchBatch(queries, o);
  expect(actual).toEqual(expected);
  expectCandidates(reader, index, queries.subarray(0, index.dims), o);
  expect(reader.search(queries.subarray(0, index.dims), o)).toEqual(expected[0]);
}

/** Every second id, and a function and a bitmap that allow the same. */
function filtersOf(ids: readonly unknown[]) {
  const some = ids.filter((_, i) => i % 2 === 0);
  const filters: SearchOptions['filter'][] = [
    some as string[],
    new Set(some) as Set<string>,
    (id: unknown) => some.includes(id),
  ];
  const numbers = some.filter((id) => typeof id === 'number' && id >= 0) as number[];
  if (numbers.length > 0) {
    const bitmap = new Uint8Array((Math.max(...numbers) >> 3) + 1);
    for (const id of numbers) bitmap[id >> 3] |= 1 << (id & 7);
    filters.push(bitmap);
  }
  return filters;
}

it.each(indexFiles)('%s is searched alike', (_, file) => {
  const index = fb.openIndex(file);
  const reader = openIndex(file);
  const { dims } = index;
  const ids = [...index.ids()];
  expect([...reader.ids()]).toEqual(ids);
  expect({
    dims: reader.dims,
    bits: reader.bits,
    metric: reader.metric,
    size: reader.size,
  }).toEqual({ dims, bits: index.bits, metric: index.metric, size: index.size });
  expect(ids.every((id) => reader.has(id))).toBe(true);
  expect(reader.has('none')).toBe(false);
  expect(statsOf(reader)).toEqual(statsOf(index));
  for (const size of [1, 1e-20, 1e15]) {
    const queries = noise(5 * dims, size, 3);
    for (const o of [undefined, { k: 1 }, { k: 4, rescore: 3 }, { k: Number.POSITIVE_INFINITY }]) {
      expectAlike(reader, index, queries, o);
    }
    for (const filter of filtersOf(ids)) expectAlike(reader, index, queries, { k: 7, filter });
  }
  expectAlike(reader, index, new Float32Array(2 * dims), { k: 9 });
  index.dispose();
});

it('there are golden files of every kind', () => {
  expect(indexFiles.length).toBeGreaterThanOrEqual(60);
});

function indexOf(seed: number): VectorIndex {
  const below = choices(seed);
  const pick = <T>(...some: T[]): T => some[below(some.length)];
  const dims = 1 + below(pick(20, 70, 300));
  const index = fb.createIndex({
    dims,
    bits: pick<1 | 2 | 3 | 4 | 6 | 8>(1, 2, 3, 4, 6, 8),
    metric: pick('cosine', 'dot', 'l2'),
    quality: pick('best', 'fast'),
    refine: pick<4 | 8 | undefined>(undefined, 4, 8),
    seed: below(2 ** 32),
    ...(pick(true, false) ? { mean: noise(dims, 1, seed) } : {}),
  });
  if (pick(true, false)) {
    const sample = noise((dims + 100) * dims, 1, seed + 1);
    index.calibrate(
      sample.map((x, i) => x / (1 + (i % dims) / 3)),
      { method: pick('axes', 'mean') },
    );
  }
  const n = 1 + below(pick(3, 70, 400));
  const x = noise(n * dims, pick(1, 1e-15, 1e12), seed + 2).map((value) => value + 0.2);
  x.fill(0, 0, pick(0, dims));
  const all = Array.from({ length: n }, (_, i) => i);
  const ids = pick(
    undefined,
    all.map((i) => `${pick('a', 'é', '文')} ${i}`),
    all.map((i) => pick<string | number | bigint>(-3 * i - 1, BigInt(i) * 2n ** 61n, `${i}`)),
    all.map((i) => 7 * i),
  );
  index.add(x, ids);
  if (pick(true, false)) index.removeMany([...index.ids()].filter((_, i) => i % 5 === 1));
  return index;
}

it.each(Array.from({ length: 60 }, (_, i) => i))(
  'an index by chance is searched alike: %i',
  (i) => {
    using index = indexOf(100 + i);
    const file = index.save();
    using opened = fb.openIndex(file);
    const reader = openIndex(file);
    expect([...reader.ids()]).toEqual([...index.ids()]);
    expect(statsOf(reader)).toEqual(statsOf(opened));
    const queries = noise(4 * index.dims, 1, i).map((value) => value + 0.1);
    for (const k of [1, 10, 1000]) expectAlike(reader, index, queries, { k });
    const ids = [...index.ids()].filter((_, row) => row % 3 === 0);
    expectAlike(reader, index, queries, { k: 5, filter: ids });
  },
);

it('an empty index is read', () => {
  using index = fb.createIndex({ dims: 5 });
  const reader = openIndex(index.save());
  expect(reader.size).toBe(0);
  expect(reader.search([1, 2, 3, 4, 5])).toEqual(index.search([1, 2, 3, 4, 5]));
});

describe('what is asked wrongly is refused as an index does', () => {
  const file = indexFiles[0][1];
  const both = [fb.openIndex(file), openIndex(file)];
  const { dims } = both[0];
  const query = noise(dims);
  const calls: [string, (index: VectorIndex | IndexReader) => unknown][] = [
    ['k', (index) => index.search(query, { k: 0 })],
    ['rescore', (index) => index.search(query, { rescore: 0.5 })],
    ['an option', (index) => index.search(query, { count: 3 } as SearchOptions)],
    ['a query of another length', (index) => index.search(noise(dims + 1))],
    ['queries of another length', (index) => index.searchBatch(noise(dims + 1))],
    ['a query of text', (index) => index.search('text' as unknown as Float32Array)],
    ['a query of tokens', (index) => index.search({ data: query, dims: [1, 1, dims] })],
    ['NaN', (index) => index.search(query.map((x, i) => (i === 2 ? Number.NaN : x)))],
    ['a filter', (index) => index.search(query, { filter: 3 as unknown as number[] })],
    [
      'a filter of other ids',
      (index) => index.search(query, { filter: [{}] as unknown as number[] }),
    ],
    ['an id', (index) => index.has({} as string)],
    ['no candidates', (index) => index.candidates(query, 0)],
    ['too many candidates', (index) => index.candidates(query, 2 ** 21 + 1)],
    ['candidates of two queries', (index) => index.candidates(noise(2 * dims), 5)],
    ['the count of no k', (index) => index.candidateCount({ k: 0 })],
    ['an id that is not there', (index) => index.reconstruct('none')],
    ['an id that cannot be', (index) => index.reconstruct({} as string)],
  ];
  it.each(calls)('%s', (_, call) => {
    const [expected, actual] = both.map((index) => codeOf(() => call(index)));
    expect(actual).toBe(expected);
    expect(actual).not.toBe('passed');
  });

  const places: [string, (index: VectorIndex | IndexReader, odd: never) => unknown][] = [
    ['query', (index, odd) => index.search(odd)],
    ['queries', (index, odd) => index.searchBatch(odd)],
    ['options', (index, odd) => index.search(query, odd)],
    ['k', (index, odd) => index.search(query, { k: odd })],
    ['rescore', (index, odd) => index.search(query, { rescore: odd })],
    ['filter', (index, odd) => index.search(query, { filter: odd })],
    ['id', (index, odd) => index.has(odd)],
    ['query of candidates', (index, odd) => index.candidates(odd, 3)],
    ['count', (index, odd) => index.candidates(query, odd)],
    ['filter of candidates', (index, odd) => index.candidates(query, 3, odd)],
    ['options of a count', (index, odd) => index.candidateCount(odd)],
    ['id of a vector', (index, odd) => index.reconstruct(odd)],
  ];
  /** An error code; errors of a caller's own function are returned as they are. */
  const answerOf = (work: () => unknown) => {
    try {
      return codeOf(work);
    } catch (error) {
      return String(error);
    }
  };
  it.each(places)('every odd %s', (_, call) => {
    const answers = oddValues.map((odd, i) => {
      const [expected, actual] = both.map((index) => answerOf(() => call(index, odd() as never)));
      return { i, odd: String(odd), expected, actual };
    });
    expect(answers.filter(({ expected, actual }) => expected !== actual)).toEqual([]);
    expect(answers.filter(({ actual }) => actual !== 'passed').length).toBeGreaterThan(5);
  });

  it('norms that are too large', () => {
    for (const metric of ['dot', 'l2'] as const) {
      using index = fb.createIndex({ dims: 3, metric });
      index.add([1, 2, 3]);
      const reader = openIndex(index.save());
      const large = [1e19, 0, 0];
      expectError('INVALID_ARGUMENT', /1e18/, () => reader.search(large));
      expectError('INVALID_ARGUMENT', /vector 1 of queries.*1e18/, () =>
        reader.searchBatch([[1, 2, 3], large]),
      );
      expect(codeOf(() => index.search(large))).toBe('INVALID_ARGUMENT');
    }
  });

  it('what has been disposed of', () => {
    const reader = openIndex(file);
    reader.dispose();
    reader.dispose();
    expectError('DISPOSED', /disposed/, () => reader.search(query));
    expectError('DISPOSED', /disposed/, () => reader.size);
  });

  it('what are no bytes', () => {
    for (const given of ['text', null, [1, 2], {}]) {
      expectError('INVALID_ARGUMENT', /bytes/, () => openIndex(given as unknown as Uint8Array));
    }
    const sent = new Uint8Array(8);
    structuredClone(sent, { transfer: [sent.buffer] });
    expect(codeOf(() => openIndex(sent))).not.toBe('passed');
  });

  it('a copy', () => {
    expect(() => structuredClone(both[1])).toThrow(/IndexReader cannot be cloned/);
  });
});

it('queries come in the usual shapes', () => {
  const file = indexFiles[0][1];
  const reader = openIndex(file);
  const { dims } = reader;
  const x = noise(2 * dims);
  const expected = reader.searchBatch(x);
  const rows = [x.subarray(0, dims), [...x.subarray(dims)]];
  for (const given of [[...x], Float64Array.from(x), rows, { data: x, dims: [2, dims] }]) {
    expect(reader.searchBatch(given)).toEqual(expected);
  }
});

it('what is done to the file later changes nothing', () => {
  const file = indexFiles[0][1].slice();
  const reader = openIndex(file);
  const query = noise(reader.dims);
  const before = reader.search(query);
  file.fill(255);
  expect(reader.search(query)).toEqual(before);
});
