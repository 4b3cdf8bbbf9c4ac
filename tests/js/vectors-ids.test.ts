// Ids of every kind and number: found again, refused if they exist already, never added in part. Long because
// each kind of id goes through every call.

import { type Fewbits, type Id, load, mergeResults, type VectorIndex } from 'fewbits';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { codeOf, noise } from '../support/builds.ts';

let fb: Fewbits;
beforeAll(async () => {
  fb = await load({ variant: 'simd128' });
});
afterEach(() => vi.unstubAllGlobals());

/** An index whose i-th vector is i + 1, so that scores identify it. */
const line = (n: number, ids?: ArrayLike<Id>, metric: 'dot' | 'l2' = 'l2') => {
  const index = fb.createIndex({ dims: 1, bits: 8, metric });
  index.add(
    Float32Array.from({ length: n }, (_, i) => i + 1),
    ids,
  );
  return index;
};

/** The integers from 0 up in a scrambled order. */
const shuffled = (n: number) => Array.from({ length: n }, (_, i) => (i * 7919) % n);

const n = 150_001;
const kinds: Record<string, (i: number) => Id> = {
  'numbers that rise': (i) => 3 * i - 1000,
  'numbers in any order': (i) => ((i * 7919) % n) * 2 ** 36 - 2 ** 52,
  'bigints that rise': (i) => 2n ** 62n + BigInt(i),
  'bigints of 64 bits': (i) => BigInt.asIntN(64, BigInt(i) * 0x9e3779b97f4a7c15n),
  'bigints without a sign': (i) => BigInt.asUintN(64, BigInt(i) * 0x9e3779b97f4a7c15n),
  'bigints of any size': (i) => (i % 2 ? 1n : -1n) * 10n ** BigInt(i % 40) * 1000000n + BigInt(i),
  texts: (i) => `id ${i.toString(36)}`,
  'texts beyond ASCII': (i) => `${i}é€😀`,
  mixed: (i) => [i, BigInt(i), `${i}`][i % 3],
};

describe.each(Object.entries(kinds))('%s', (_, idOf) => {
  it('are those that were given, also from a file', () => {
    const ids = Array.from({ length: n }, (_, i) => idOf(i));
    using index = line(1000, ids.slice(0, 1000));
    // In batches that end within chunks.
    for (let start = 1000; start < n; start += 49_667) {
      const some = ids.slice(start, start + 49_667);
      index.add(
        some.map((_, i) => start + i + 1),
        some,
      );
    }
    for (const each of [index, fb.openIndex(index.save())]) {
      expect(each.size).toBe(n);
      // Not toEqual(), which would print them all.
      expect([...each.ids()].findIndex((id, i) => id !== ids[i])).toBe(-1);
      for (const i of [0, 1, 999, 1000, 65535, 65536, 131071, n - 1]) {
        expect(each.has(ids[i])).toBe(true);
        expect(codeOf(() => each.add([1], [ids[i]]))).toBe('INVALID_ARGUMENT');
      }
      for (const id of ['', 'id', 1 - 2 ** 53, 10n ** 50n, 2 ** 53 - 1])
        expect(each.has(id)).toBe(false);
      expect(each.size).toBe(n);
    }
  }, 60_000);

  it('are removed and come again', () => {
    const ids = Array.from({ length: 3000 }, (_, i) => idOf(i));
    using index = line(3000, ids);
    const kept = ids.filter((_, i) => i % 3 === 1);
    const gone = ids.filter((_, i) => i % 3 !== 1);
    for (const id of gone) expect(index.remove(id)).toBe(true);
    expect([...index.ids()]).toEqual(kept);
    expect(gone.some((id) => index.has(id))).toBe(false);
    expect(kept.every((id) => index.has(id))).toBe(true);
    index.add(
      gone.map(() => 1),
      gone,
    );
    expect([...index.ids()]).toEqual([...kept, ...gone]);
    expect(index.removeMany(kept)).toBe(1000);
    expect([...index.ids()]).toEqual(gone);
    index.compact();
    expect(ids.filter((id) => index.has(id))).toEqual(ids.filter((id) => gone.includes(id)));
    expect([...fb.openIndex(index.save()).ids()]).toEqual(gone);
  });
});

it('a default id is above every number so far', () => {
  using index = line(3);
  index.add([1, 1], [10, 'x']);
  index.add([1]);
  index.remove(11);
  index.add([1, 1]);
  expect([...index.ids()]).toEqual([0, 1, 2, 10, 'x', 12, 13]);
  using again = fb.openIndex(index.save());
  again.add([1]);
  expect([...again.ids()].at(-1)).toBe(14);
});

it('default ids end at 2^53 - 1, before anything is added', () => {
  const last = Number.MAX_SAFE_INTEGER;
  using index = line(1, [last - 2]);
  expect(() => index.add([1, 1, 1])).toThrow('default ids end at 2^53 - 1');
  expect(index.size).toBe(1);
  index.add([1, 1]);
  expect([...index.ids()]).toEqual([last - 2, last - 1, last]);
  for (const each of [index, fb.openIndex(index.save())]) {
    expect(codeOf(() => each.add([1]))).toBe('INVALID_ARGUMENT');
    each.add([], []);
    each.add([1], ['x']);
    expect([...fb.openIndex(each.save()).ids()]).toEqual([last - 2, last - 1, last, 'x']);
  }
});

describe('room of removed vectors', () => {
  const rows = 60_000;
  const byDefault = () => line(rows);
  const byText = () =>
    line(
      rows,
      Array.from({ length: rows }, (_, i) => `${i}`),
    );

  it.each([byDefault, byText])(
    'is freed bit by bit, and nothing else changes: %o',
    (make) => {
      using index = make();
      const [first] = index.ids();
      const idOf = (i: number) => (typeof first === 'number' ? i : `${i}`);
      // The model: the remaining numbers, in order.
      let left = Array.from({ length: rows }, (_, i) => i);
      const check = () => {
        expect(index.size).toBe(left.length);
        for (const i of [1, left.length >> 1, left.length - 1]) {
          expect(index.reconstruct(idOf(left[i]))[0] / (left[i] + 1)).toBeCloseTo(1, 2);
        }
        // A tolerance for the rounding of scores, which is relative to the largest.
        const [found] = index.search([left[left.length >> 1] + 1], { k: 1 }).ids;
        expect(Math.abs(Number(found) - left[left.length >> 1])).toBeLessThan(100);
        for (const i of [0, left.length >> 2, left.length - 1]) {
          expect(index.has(idOf(left[i]))).toBe(true);
        }
        expect([...index.ids()].findIndex((id, i) => id !== idOf(left[i]))).toBe(-1);
      };
      let freed = 0;
      for (let step = 0; step < 12; step++) {
        const gone = new Set<number>();
        for (let i = step % 3; i < left.length && gone.size < 4000; i += 3) gone.add(left[i]);
        let before = index.stats().removed;
        for (const i of gone) {
          expect(index.remove(idOf(i))).toBe(true);
          const { removed } = index.stats();
          if (removed < before) freed++;
          before = removed;
        }
        left = left.filter((i) => !gone.has(i));
        expect(index.has(idOf([...gone][0]))).toBe(false);
        check();
        // Vectors are added in between as well.
        const added = 1e6 + step;
        index.add([added + 1], [idOf(added)]);
        left.push(added);
        check();
      }
      expect(freed).toBeGreaterThan(3);
      const file = index.save();
      expect(index.stats().removed).toBe(0);
      check();
      using again = fb.openIndex(file);
      expect([...again.ids()]).toEqual([...index.ids()]);
      expect(again.save()).toEqual(file);
    },
    120_000,
  );

  it('ids() goes on where it was', () => {
    using index = line(3000);
    const seen: Id[] = [];
    for (const id of index.ids()) {
      seen.push(id);
      index.remove(id);
      if (id === 100) index.compact();
      if (id === 2999) index.add([1], ['last']);
    }
    expect(seen).toEqual([...Array(3000).keys(), 'last']);
    expect(index.size).toBe(0);
  });
});

it('ids that are no ids, or not new, are named, and nothing is added', () => {
  using index = line(3, [5, 'a', 7n]);
  const refused = (ids: unknown, message: string) => {
    const count = (ids as unknown[]).length;
    expect(() => index.add(new Float32Array(count), ids as Id[])).toThrow(message);
    expect([...index.ids()]).toEqual([5, 'a', 7n]);
    expect(index.has(100)).toBe(false);
  };
  refused([100, 5], 'ids[1], 5, is in the index');
  refused([100, 7n], 'ids[1], 7n, is in the index');
  refused([100, 'b', 'b'], "ids[2], 'b', appears twice");
  refused([100, 100], 'ids[1], 100, appears twice');
  refused([100, 0, -0], 'ids[2], 0, appears twice');
  refused([100, 1.5], 'ids[1] must be a string, a safe integer or a bigint, got 1.5');
  refused([100, '\udc00'], 'half of a surrogate pair');
  index.add([1, 1], [7, 5n]);
  expect(index.size).toBe(5);
});

it('ids whose reading changes the index are refused', () => {
  using index = line(1);
  const ids = {
    length: 2,
    get 0() {
      index.add([1]);
      return 10;
    },
    1: 11,
  };
  expect(codeOf(() => index.add([1, 1], ids as never))).toBe('INVALID_ARGUMENT');
  expect([...index.ids()]).toEqual([0, 1]);
  expect(index.search([1]).ids).toEqual([0, 1]);
});

/** Lets arrays of a kind be allocated `times` times and no more. */
function limit(name: 'Float64Array' | 'Uint32Array', times: number): () => number {
  const real = globalThis[name] as never as new (...args: unknown[]) => object;
  let left = times;
  let refused = 0;
  const limited = new Proxy(real, {
    construct(target, args, self) {
      if (left-- > 0) return Reflect.construct(target, args, self);
      refused++;
      throw new RangeError('Array buffer allocation failed');
    },
  });
  vi.stubGlobal(name, limited);
  return () => refused;
}

it.each(['Float64Array', 'Uint32Array'] as const)(
  'no room for ids in a %s takes nothing back that was there',
  (name) => {
    const x = noise(200_000);
    const ids = shuffled(200_000);
    let failures = 0;
    for (let times = 0; times < 60; times++) {
      using index = line(100, ids.slice(0, 100));
      const before = index.save();
      const refused = limit(name, times);
      const outcome = codeOf(() => index.add(x.subarray(100), ids.slice(100)));
      vi.unstubAllGlobals();
      expect(outcome).toBe(refused() > 0 ? 'OUT_OF_MEMORY' : 'passed');
      if (outcome === 'passed') {
        expect(index.size).toBe(200_000);
        break;
      }
      failures++;
      expect(index.size).toBe(100);
      expect(index.has(ids[100])).toBe(false);
      expect(index.save()).toEqual(before);
      index.add(x.subarray(0, 3), ids.slice(100, 103));
      expect(fb.openIndex(index.save()).size).toBe(103);
    }
    expect(failures).toBeGreaterThan(0);
  },
);

describe('removeMany, upsert, replace', () => {
  it('removeMany says how many there were', () => {
    using index = line(10);
    expect(index.removeMany([3, 4, 4, 99, 'x'])).toBe(2);
    expect(index.removeMany(new Set<Id>([3, 5]))).toBe(1);
    expect(index.removeMany(Float64Array.of(0, 9))).toBe(2);
    expect([...index.ids()]).toEqual([1, 2, 6, 7, 8]);
    for (const ids of [7, '7', null, undefined]) {
      expect(codeOf(() => index.removeMany(ids as never))).toBe('INVALID_ARGUMENT');
    }
    expect(codeOf(() => index.removeMany([1, 1.5]))).toBe('INVALID_ARGUMENT');
    expect(index.size).toBe(5);
  });

  it('upsert replaces what is there and adds the rest', () => {
    using index = line(4, ['a', 'b', 'c', 'd']);
    expect(index.upsert([20, 30, 40], ['c', 'e', 'a'])).toEqual({ added: 1, replaced: 2 });
    expect([...index.ids()]).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(index.search([29], { k: 1 }).ids).toEqual(['e']);
    expect(index.search([41], { k: 1 }).ids).toEqual(['a']);
    expect(index.search([19], { k: 1 }).ids).toEqual(['c']);
    expect(index.upsert([2, 4], ['b', 'd'])).toEqual({ added: 0, replaced: 2 });
    expect(index.upsert([50], 'f')).toEqual({ added: 1, replaced: 0 });
    const before = index.save();
    expect(() => index.upsert([1, 1, 1], ['g', 'a', 'a'])).toThrow("ids[2], 'a', appears twice");
    expect(codeOf(() => index.upsert([1, 1], ['g', 1.5]))).toBe('INVALID_ARGUMENT');
    expect(() => index.upsert([1, 1, Number.NaN], ['g', 'a', 'b'])).toThrow('vectors[2]');
    expect(codeOf(() => index.upsert([1, 1], ['g']))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => index.upsert([1], undefined as never))).toBe('INVALID_ARGUMENT');
    expect(index.save()).toEqual(before);
  });

  it('replace takes one id as well', () => {
    using index = line(3, ['abc', 'b', 'c']);
    index.replace([9], 'abc');
    expect(index.search([9], { k: 1 }).ids).toEqual(['abc']);
    expect(codeOf(() => index.replace([1, 2], 'abc'))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => index.replace([1], 'none'))).toBe('INVALID_ARGUMENT');
  });
});

describe('parts of an index', () => {
  const dims = 24;
  const x = noise(900 * dims);
  const queries = noise(20 * dims);

  const settings = [
    { bits: 1 },
    { bits: 4, metric: 'dot', mean: x.subarray(0, dims) },
    { bits: 2, metric: 'l2' },
    { bits: 1, refine: 8 },
    { bits: 8 },
  ] as const;

  it('far from the origin on different sides of it, l2: code alike, with a mean or without', () => {
    const sides = x.map((value, i) => value + ((i % dims) % 3) * (i < x.length / 2 ? 10 : 14));
    const [first, second] = [sides.subarray(0, 450 * dims), sides.subarray(450 * dims)];
    for (const mean of [undefined, first.subarray(0, dims)]) {
      using origin = fb.createIndex({ dims, metric: 'l2', ...(mean && { mean }) });
      using whole = origin.emptyLike();
      using one = origin.emptyLike();
      using two = one.emptyLike();
      whole.add(sides);
      one.add(first);
      two.add(
        second,
        Array.from({ length: 450 }, (_, i) => 450 + i),
      );
      origin.add(first);
      expect(origin.save()).toEqual(one.save());
      expect(origin.stats().centred).toBe(true);
      for (let q = 0; q < 20; q++) {
        const query = queries.subarray(q * dims, (q + 1) * dims).map((v, i) => v + 12 * (i % 3));
        const candidates = whole.candidateCount();
        const lists = [one, two].map((part) => part.candidates(query, candidates));
        expect(mergeResults(lists, { metric: 'l2', candidates })).toEqual(whole.search(query));
      }
    }
  });

  it.each(settings)('give together what one gives: %o', (one) => {
    using whole = fb.createIndex({ dims, ...one });
    whole.calibrate(x.map((value, i) => value / (1 + (i % dims))));
    const parts = Array.from({ length: 3 }, () => whole.emptyLike());
    expect(parts[0].save()).toEqual(whole.save());
    whole.add(x);
    parts.forEach((part, p) => {
      const ids = Array.from({ length: 300 }, (_, i) => 300 * p + i);
      part.add(x.subarray(300 * p * dims, 300 * (p + 1) * dims), ids);
    });
    const even = (id: Id) => (id as number) % 2 === 0;
    for (let q = 0; q < 20; q++) {
      // The later queries are vectors of the index, whose scores are at the end of the range.
      const from = q < 10 ? queries : x;
      const query = from.subarray(q * dims, (q + 1) * dims);
      for (const o of [{}, { k: 3 }, { k: 40, rescore: 3 }, { k: 500, filter: even }]) {
        const count = whole.candidateCount(o);
        const lists = parts.map((part) => part.candidates(query, count, o.filter));
        const { metric } = whole;
        const merged = mergeResults(lists, { k: o.k, metric, candidates: count });
        expect(merged).toEqual(whole.search(query, o));
        const parsed = lists.map(({ ids, scores, estimates }) =>
          JSON.parse(JSON.stringify({ ids, scores: [...scores], estimates: [...estimates] })),
        );
        expect(mergeResults(parsed, { k: o.k, metric, candidates: count })).toEqual(merged);
      }
    }
  });

  it('candidates are those that a search ranks', () => {
    using index = fb.createIndex({ dims, bits: 2 });
    index.add(x);
    const query = queries.subarray(0, dims);
    expect(index.candidateCount()).toBe(26);
    expect(index.candidateCount({ k: 100 })).toBe(150);
    expect(index.candidateCount({ k: 5, rescore: 2.5 })).toBe(13);
    using refined = fb.createIndex({ dims, refine: 4 });
    expect(refined.candidateCount({ k: 7 })).toBe(70);
    const { ids, scores, estimates } = index.candidates(query, 26);
    expect([ids.length, scores.length, estimates.length]).toEqual([26, 26, 26]);
    expect(ids.slice(0, 10)).toEqual(index.search(query).ids);
    // They were chosen by estimate: no other vector has a better one.
    const all = index.candidates(query, 900);
    const least = Math.min(...estimates);
    const better = all.ids.filter((_, i) => all.estimates[i] > least);
    expect(better.every((id) => ids.includes(id))).toBe(true);
    for (const count of [0, 1.5, 2 ** 22, undefined]) {
      expect(codeOf(() => index.candidates(query, count as never))).toBe('INVALID_ARGUMENT');
    }
    expect(codeOf(() => index.candidateCount({ kk: 1 } as never))).toBe('INVALID_ARGUMENT');
  });

  it('mergeResults takes results, by score alone, and refuses what is none', () => {
    const lists = [
      { ids: ['a', 'b'], scores: Float32Array.of(0.5, 0.25) },
      { ids: ['c', 'd', 'e'], scores: [0.75, 0.5, 0] },
      { ids: [], scores: [] },
    ];
    const merged = mergeResults(lists, { metric: 'cosine', k: 3 });
    expect(merged).toEqual({ ids: ['c', 'a', 'd'], scores: Float32Array.of(0.75, 0.5, 0.5) });
    expect(mergeResults(lists, { metric: 'l2', k: undefined }).ids).toEqual([
      'e',
      'b',
      'a',
      'd',
      'c',
    ]);
    expect(mergeResults([], { metric: 'dot' })).toEqual({ ids: [], scores: new Float32Array(0) });
    const list = { ids: ['a'], scores: [1], estimates: [1] };
    const bad: [unknown, unknown][] = [
      [null, { metric: 'dot' }],
      [[null], { metric: 'dot' }],
      [[{ ids: ['a'], scores: [] }], { metric: 'dot' }],
      [[{ ids: ['a'], scores: [Number.NaN] }], { metric: 'dot' }],
      [[{ ids: ['a'], scores: [null] }], { metric: 'dot' }],
      [[{ ids: [{}], scores: [1] }], { metric: 'dot' }],
      [[{ ids: ['a'], scores: [1], estimates: [] }], { metric: 'dot', candidates: 10 }],
      [[list], { metric: 'dot' }],
      [[list], { metric: 'dot', candidates: 5 }],
      [[], {}],
      [[{ ids: ['a'], scores: [1] }], { metric: 'dot', k: 0 }],
      [[], { metric: 'dot', kk: 1 }],
    ];
    for (const [given, options] of bad) {
      expect(codeOf(() => mergeResults(given as never, options as never))).toBe('INVALID_ARGUMENT');
    }
  });

  it('emptyLike starts anew, and is its own', () => {
    using index = fb.createIndex({ dims, bits: 4, seed: 7 });
    index.add(x);
    let like: VectorIndex;
    {
      using between = index.emptyLike();
      like = between.emptyLike();
    }
    expect(like.size).toBe(0);
    like.add(x);
    expect(like.save()).toEqual(index.save());
    like.dispose();
    expect(index.size).toBe(900);
    index.dispose();
    expect(codeOf(() => index.emptyLike())).toBe('DISPOSED');
  });
});
