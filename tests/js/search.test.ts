// `fewbits/search`: it finds what the whole library finds, in every golden index file, and refuses what that refuses.

import { readFileSync } from 'node:fs';
import { load, mergeResults, type SearchOptions, type VectorIndex } from 'fewbits';
import * as alone from 'fewbits/search';
import { describe, expect, it } from 'vitest';
// What the package keeps to itself.
import { number } from '../../web/dist/core/numbers.js';
import { insideOf } from '../../web/dist/load/load.js';
import { SEARCH_NUMBERS } from '../../web/dist/vectors/structures.js';
import { codeOf, expectError, noise, variants } from '../support/builds.ts';
import { choices, indexFiles } from '../support/index-files.ts';
import { oddValues } from '../support/odd-values.ts';

const moduleOf = (file: string) =>
  new WebAssembly.Module(readFileSync(new URL(`../../web/dist/${file}`, import.meta.url)));

const whole = await load();
const builds = await Promise.all(
  variants.map(async (variant) => [variant, await alone.load({ variant })] as const),
);
const [[, small]] = builds;

function statsOf(index: VectorIndex | alone.SearchIndex) {
  const { byteLength, ...stats } = index.stats();
  expect(byteLength).toBeGreaterThan(0);
  return stats;
}

describe.each(builds)('%s', (variant, fb) => {
  it('is the build that was asked for', () => {
    expect(fb.variant).toBe(variant);
    expect(fb.memoryBytes).toBeGreaterThan(1e6);
  });

  it.each(indexFiles)('%s is searched alike', (_, file) => {
    using index = whole.openIndex(file);
    using found = fb.openIndex(file);
    const { dims, bits, metric, size } = index;
    const ids = [...index.ids()];
    expect([...found.ids()]).toEqual(ids);
    expect({ dims: found.dims, bits: found.bits, metric: found.metric, size: found.size }).toEqual({
      ...{ dims, bits, metric, size },
    });
    expect(ids.every((id) => found.has(id)) && !found.has('none')).toBe(true);
    expect(statsOf(found)).toEqual(statsOf(index));
    const some = ids.filter((_, i) => i % 2 === 0);
    const options: (SearchOptions | undefined)[] = [
      ...[undefined, { k: 1 }, { k: 4, rescore: 3 }, { k: Number.POSITIVE_INFINITY }],
      { k: 7, filter: some },
      { k: 3, filter: (id: alone.Id) => some.includes(id) },
    ];
    for (const magnitude of [1, 1e-20, 1e15]) {
      const queries = noise(5 * dims, magnitude, 3);
      const first = queries.subarray(0, dims);
      for (const o of options) {
        expect(found.searchBatch(queries, o)).toEqual(index.searchBatch(queries, o));
        expect(found.search(first, o)).toEqual(index.search(first, o));
        expect(found.candidateCount(o)).toBe(index.candidateCount(o));
      }
      for (const count of [1, 5, 1000]) {
        expect(found.candidates(first, count)).toEqual(index.candidates(first, count));
        expect(found.candidates(first, count, some)).toEqual(index.candidates(first, count, some));
      }
    }
  });

  it.each(indexFiles)('%s is refused when it is damaged', (_, file) => {
    const below = choices(file.length);
    for (let round = 0; round < 20; round++) {
      const flipped = file.slice();
      flipped[below(file.length)] ^= 1 << below(8);
      expect(codeOf(() => fb.openIndex(flipped))).toBe('CORRUPT_DATA');
      expect(codeOf(() => fb.openIndex(file.subarray(0, below(file.length))))).toBe('CORRUPT_DATA');
    }
  });

  it('more queries than go at once, of every kind of code', () => {
    const dims = 40;
    for (const bits of [1, 2, 3, 4, 6, 8, undefined]) {
      const o = bits === undefined ? { metric: 'hamming' } : { bits };
      using index = whole.createIndex({ dims, ...o } as never);
      index.add(noise(900 * dims, 1, 5));
      using found = fb.openIndex(index.save());
      const queries = noise(150 * dims, 1, 6);
      expect(found.searchBatch(queries)).toEqual(index.searchBatch(queries));
    }
  });
});

it('shards of an index give what the index gives', () => {
  const dims = 24;
  using index = whole.createIndex({ dims });
  const x = noise(600 * dims, 1, 8);
  index.add(x);
  const files = [0, 1, 2].map((part) => {
    using shard = index.emptyLike();
    const ids = Array.from({ length: 200 }, (_, i) => 200 * part + i);
    shard.add(x.subarray(200 * part * dims, 200 * (part + 1) * dims), ids);
    return shard.save();
  });
  const query = noise(dims, 1, 9);
  const candidates = index.candidateCount({ k: 12 });
  const lists = files.map((file) => {
    using shard = small.openIndex(file);
    return shard.candidates(query, candidates);
  });
  const merged = mergeResults(lists, { k: 12, metric: 'cosine', candidates });
  expect(merged).toEqual(index.search(query, { k: 12 }));
});

it('an empty index is searched', () => {
  using index = whole.createIndex({ dims: 5 });
  using found = small.openIndex(index.save());
  expect(found.size).toBe(0);
  expect(found.search([1, 2, 3, 4, 5])).toEqual(index.search([1, 2, 3, 4, 5]));
  expect(found.candidates([1, 2, 3, 4, 5], 3)).toEqual(index.candidates([1, 2, 3, 4, 5], 3));
});

describe('what is asked wrongly is refused as an index does', () => {
  const file = indexFiles.find(([name]) => name.startsWith('l2'))?.[1] as Uint8Array;
  const index = whole.openIndex(file);
  const found = small.openIndex(file);
  const query = noise(index.dims);
  const far = query.map(() => 1e30);
  const calls: [string, (one: VectorIndex | alone.SearchIndex) => unknown][] = [
    ['NON_FINITE', (one) => one.search(query.map((x, i) => (i === 3 ? Number.NaN : x)))],
    ['INVALID_ARGUMENT', (one) => one.search(far)],
    ['INVALID_ARGUMENT', (one) => one.searchBatch([...query, ...far])],
    ['INVALID_ARGUMENT', (one) => one.search(query.subarray(1))],
    ['INVALID_ARGUMENT', (one) => one.search(query, { k: 0 })],
    ['INVALID_ARGUMENT', (one) => one.search(query, { rescore: 0.5 })],
    ['INVALID_ARGUMENT', (one) => one.search(query, { limit: 3 } as never)],
    ['INVALID_ARGUMENT', (one) => one.candidates(query, 0)],
    ['INVALID_ARGUMENT', (one) => one.candidates(query, 2 ** 21 + 1)],
    ['INVALID_ARGUMENT', (one) => one.candidateCount({ k: -1 })],
    ['INVALID_ARGUMENT', (one) => one.has({} as never)],
  ];
  it.each(calls)('%s: %s', (code, call) => {
    expect(codeOf(() => call(index))).toBe(code);
    expect(codeOf(() => call(found))).toBe(code);
    expect(found.search(query)).toEqual(index.search(query));
  });

  /** What a call comes to: the error of a function that a caller passes goes through. */
  function outcomeOf(work: () => unknown): string {
    try {
      return codeOf(work);
    } catch {
      return 'their own';
    }
  }

  it('odd values of any kind are refused alike', () => {
    for (const odd of oddValues) {
      expect(codeOf(() => small.openIndex(odd() as never))).not.toBe('passed');
      const calls: ((one: VectorIndex | alone.SearchIndex) => unknown)[] = [
        (one) => one.search(odd() as never),
        (one) => one.search(query, odd() as never),
        (one) => one.search(query, { filter: odd() as never }),
        (one) => one.candidates(query, odd() as never),
      ];
      for (const call of calls) {
        expect(outcomeOf(() => call(found))).toBe(outcomeOf(() => call(index)));
      }
    }
    expect(found.search(query)).toEqual(index.search(query));
  });
});

it('it can be disposed of, and gives its memory back', () => {
  const [, file] = indexFiles[0];
  const one = small.openIndex(file);
  const query = noise(one.dims);
  one.search(query);
  one.dispose();
  one.dispose();
  for (const call of [
    () => one.search(query),
    () => one.candidates(query, 3),
    () => one.candidateCount(),
    () => one.size,
    () => one.stats(),
  ]) {
    expectError('DISPOSED', /disposed of/, call);
  }
  const before = small.memoryBytes;
  for (let i = 0; i < 3000; i++) small.openIndex(file).dispose();
  expect(small.memoryBytes).toBe(before);
});

it('nothing in it builds or changes an index', () => {
  using one = small.openIndex(indexFiles[0][1]);
  for (const name of ['add', 'replace', 'remove', 'calibrate', 'save', 'compact', 'emptyLike']) {
    expect(name in one).toBe(false);
  }
  expect('createIndex' in small).toBe(false);
  expect(() => structuredClone(one)).toThrow(/SearchIndex cannot be cloned/);
});

it('its numbers are those of C++', () => {
  for (const [name, value] of Object.entries(SEARCH_NUMBERS)) {
    expect(number(insideOf(whole).core, name), name).toBe(value);
  }
});

it.each(variants)('%s has what searching calls, and nothing that changes an index', (variant) => {
  const exported = WebAssembly.Module.exports(moduleOf(`search.${variant}.wasm`))
    .map(({ name }) => name)
    .filter((name) => name.startsWith('vectors_'));
  const called = ['bytes', 'checksum', 'create', 'destroy', 'import_rows', 'row_sizes', 'search'];
  called.push('set_mean', 'set_transform');
  expect(exported.sort()).toEqual(called.map((name) => `vectors_${name}`).sort());
});

it('says which build is which', () => {
  expectError(
    'LOAD_FAILED',
    /of the index alone.*searching alone: pass search\.simd128\.wasm/,
    () => alone.loadSync(moduleOf('vectors.simd128.wasm')),
  );
  expect(alone.loadSync(moduleOf('search.simd128.wasm')).variant).toBe('simd128');
});
