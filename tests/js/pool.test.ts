// The pool against a single index: the same calls give the same results, errors and files. Calls are not
// awaited one by one, so that their order is tested too. Long because every call of a pool is compared with
// that of an index.

import fc from 'fast-check';
import { type Fewbits, FewbitsError, type Id, load, type VectorIndex } from 'fewbits';
import { createPool, openPool, type VectorPool } from 'fewbits/pool';
import { beforeAll, describe, expect, it } from 'vitest';
import { noise } from '../support/builds.ts';

let fb: Fewbits;
beforeAll(async () => {
  fb = await load();
});

/** The outcome of a call, on an index or a pool. */
type Outcome = { value: unknown } | { code: string; message: string };

const failure = (error: unknown): Outcome => {
  if (!(error instanceof FewbitsError)) throw error;
  return { code: error.code, message: error.message };
};

function outcome(work: () => unknown): Outcome {
  try {
    return { value: work() };
  } catch (error) {
    return failure(error);
  }
}

const later = (work: Promise<unknown>): Promise<Outcome> =>
  work.then((value) => ({ value }), failure);

/** Compares files with Buffer.compare, which is fast. */
function expectSame(found: Outcome, expected: Outcome): void {
  if ('value' in found && 'value' in expected && found.value instanceof Uint8Array) {
    expect(Buffer.compare(found.value, expected.value as Uint8Array)).toBe(0);
  } else {
    expect(found).toEqual(expected);
  }
}

/** A call on an index, and the same on a pool. */
interface Call {
  one: (index: VectorIndex) => unknown;
  many: (pool: VectorPool) => Promise<unknown>;
}

/** A method that both have with the same arguments. */
type Method =
  | 'add'
  | 'replace'
  | 'upsert'
  | 'remove'
  | 'removeMany'
  | 'compact'
  | 'calibrate'
  | 'reconstruct';

function same<M extends Method>(method: M, ...args: Parameters<VectorIndex[M]>): Call {
  const call = (target: object) =>
    (target as Record<M, (...all: unknown[]) => unknown>)[method](...args);
  return { one: call, many: (pool) => call(pool) as Promise<unknown> };
}

const idOf = (number: number): Id => [number, `id ${number}`, BigInt(number)][number % 3] as Id;

const settings = fc
  .record({
    dims: fc.integer({ min: 1, max: 40 }),
    bits: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
    metric: fc.constantFrom('cosine' as const, 'dot' as const, 'l2' as const, 'hamming' as const),
    refine: fc.constantFrom(undefined, 4 as const, 8 as const),
    quality: fc.constantFrom('best' as const, 'fast' as const),
    seed: fc.integer({ min: 0, max: 5 }),
  })
  .map((all) => (all.metric === 'hamming' ? { ...all, bits: 1 as const, refine: undefined } : all));

const numbers = fc.integer({ min: 0, max: 400 });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('add' as const),
      n: fc.oneof(
        fc.integer({ min: 0, max: 70 }),
        fc.integer({ min: 0, max: 5 }),
        fc.constant(700),
      ),
      ids: fc.constantFrom('default', 'own', 'clash'),
      bad: fc.constantFrom(false, false, false, false, 'nan', 'long'),
      ties: fc.boolean(),
    }),
  },
  fc.record({
    what: fc.constant('replace' as const),
    ids: fc.array(numbers, { maxLength: 8 }),
    bad: fc.constantFrom(false, false, false, true),
  }),
  fc.record({
    what: fc.constant('upsert' as const),
    ids: fc.array(numbers, { maxLength: 30 }),
    distinct: fc.constantFrom(true, true, false),
    bad: fc.constantFrom(false, false, false, true),
  }),
  { weight: 2, arbitrary: fc.record({ what: fc.constant('remove' as const), id: numbers }) },
  fc.record({ what: fc.constant('removeMany' as const), ids: fc.array(numbers) }),
  fc.record({ what: fc.constant('thin' as const), every: fc.integer({ min: 2, max: 5 }) }),
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('search' as const),
      k: fc.constantFrom(1, 3, 10, 100),
      rescore: fc.constantFrom(undefined, 1, 2, 20),
      filter: fc.constantFrom('none', 'ids', 'function', 'bitmap'),
      queries: fc.constantFrom(1, 1, 1, 70),
      bad: fc.constantFrom(false, false, false, false, true),
    }),
  },
  fc.record({ what: fc.constant('reconstruct' as const), id: numbers }),
  fc.record({ what: fc.constantFrom('save' as const, 'compact' as const) }),
  fc.record({
    what: fc.constant('calibrate' as const),
    method: fc.constantFrom('axes' as const, 'mean' as const),
  }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The search of a step, for the queries in `x`. */
function searching(wanted: Extract<Step, { what: 'search' }>, x: Float32Array): Call {
  const { k, rescore, queries } = wanted;
  const filter = {
    none: undefined,
    ids: Array.from({ length: 50 }, (_, i) => idOf(i * 5)),
    function: (id: Id) => String(id).length % 2 === 0,
    bitmap: new Uint8Array(60).fill(0b01101101),
  }[wanted.filter];
  if (wanted.bad) x[0] = Number.NaN;
  const options = { k, rescore, filter };
  if (queries > 1) {
    return {
      one: (index) => index.searchBatch(x, options),
      many: (pool) => pool.searchBatch(x, options),
    };
  }
  return { one: (index) => index.search(x, options), many: (pool) => pool.search(x, options) };
}

/** The calls of a step; `at` makes its vectors differ from those of others, around `centre`. */
function calls(wanted: Step, at: number, dims: number, centre: number): Call[] {
  const vectors = (n: number, ties = false) => {
    const x = noise(n * dims, 1, at + 1).map((value) => value + centre);
    // The same few vectors, repeated.
    if (ties) for (let i = 3 * dims; i < x.length; i++) x[i] = x[i % (3 * dims)];
    return x;
  };
  switch (wanted.what) {
    case 'add': {
      const { n, ids, bad, ties } = wanted;
      const x = vectors(n, ties);
      if (bad === 'nan' && x.length > 0) x[x.length - 1] = Number.NaN;
      const given =
        ids === 'default'
          ? undefined
          : Array.from({ length: bad === 'long' ? n + 1 : n }, (_, i) =>
              ids === 'own' ? idOf(1000 * (at + 1) + i) : idOf(i * 7),
            );
      return [same('add', x, given)];
    }
    case 'replace': {
      const x = vectors(wanted.ids.length);
      if (wanted.bad && x.length > 0) x[x.length >> 1] = Number.POSITIVE_INFINITY;
      return [same('replace', x, wanted.ids)];
    }
    case 'upsert': {
      const ids = wanted.distinct ? [...new Set(wanted.ids)] : wanted.ids;
      const x = vectors(ids.length);
      if (wanted.bad && x.length > 0) x[x.length >> 1] = Number.NaN;
      return [same('upsert', x, ids)];
    }
    case 'removeMany':
      return [same('removeMany', wanted.ids)];
    case 'remove':
      return [same('remove', wanted.id)];
    case 'thin':
      return Array.from({ length: Math.floor(700 / wanted.every) }, (_, i) =>
        same('remove', i * wanted.every),
      );
    case 'search':
      return [searching(wanted, vectors(wanted.queries))];
    case 'reconstruct':
      return [same('reconstruct', wanted.id)];
    case 'calibrate':
      return [same('calibrate', vectors(dims + 3), { method: wanted.method })];
    case 'compact':
      return [same('compact')];
    case 'save':
      return [{ one: (index) => index.save(), many: (pool) => pool.save() }];
  }
}

describe('an index in workers', () => {
  it('is the index in one piece: histories of calls', async () => {
    let compared = 0;
    const failed = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        settings,
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        fc.constantFrom(0, 0, 30),
        fc.array(step, { minLength: 4, maxLength: 14 }),
        async (options, workers, calibrated, centre, steps) => {
          using index = fb.createIndex(options);
          using pool = await createPool({ ...options, workers });
          const all = steps.flatMap((wanted, at) => calls(wanted, at, options.dims, centre));
          if (calibrated) {
            const sample = noise((options.dims + 20) * options.dims, 1, 99);
            all.unshift(same('calibrate', sample));
          }
          // Both are started before anything is awaited; the caller's arrays must not change.
          const many = all.map(({ many }) => later(many(pool)));
          const one = all.map(({ one }) => outcome(() => one(index)));
          for (let i = 0; i < all.length; i++) {
            const found = await many[i];
            if ('code' in found) failed.add(found.code);
            expectSame(found, one[i]);
            compared++;
          }
          expect([...pool.ids()]).toEqual([...index.ids()]);
          expect(pool.size).toBe(index.size);
          const { workers: each, byteLength, fit, ...stats } = await pool.stats();
          const wanted = index.stats();
          expect({ ...stats, fit: wanted.fit, byteLength: index.byteLength }).toEqual(wanted);
          expect(fit?.count).toBe(wanted.fit?.count);
          // Means combined from parts differ from the overall mean in their last digits.
          expect(fit?.seen ?? 0).toBeCloseTo(wanted.fit?.seen ?? 0, 9);
          expect(each.length).toBe(workers);
          expect(byteLength).toBe(each.reduce((sum, worker) => sum + worker.byteLength, 0));
          const file = index.save();
          expect(Buffer.compare(await pool.save(), file)).toBe(0);
          using again = await openPool(file, { workers: 1 + (workers % 4) });
          const query = noise(options.dims, 1, 7);
          expect(await again.search(query)).toEqual(index.search(query));
          await again.add(query);
          index.add(query);
          expect(Buffer.compare(await again.save(), index.save())).toBe(0);
        },
      ),
      { numRuns: 50, seed: 20 },
    );
    expect(compared).toBeGreaterThan(2000);
    expect([...failed].sort()).toEqual(['INVALID_ARGUMENT', 'NON_FINITE']);
  }, 300_000);

  it('takes numbers of every kind, and an array only when asked', async () => {
    using pool = await createPool({ dims: 4, workers: 2 });
    const x = noise(8 * 4);
    const added = pool.add(x);
    x.fill(0); // It was copied.
    await added;
    expect(x.length).toBe(32);
    await pool.add([1, 2, 3, 4], ['list']);
    await pool.add(Float64Array.of(1, 2, 3, 4), [10n]);
    const mine = noise(8, 1, 2);
    const copy = mine.slice();
    await pool.add(mine, ['a', 'b'], { transfer: true });
    expect(mine.length).toBe(0);
    using index = fb.createIndex({ dims: 4 });
    index.add(noise(8 * 4));
    index.add([1, 2, 3, 4], ['list']);
    index.add([1, 2, 3, 4], [10n]);
    index.add(copy, ['a', 'b']);
    expect(await pool.save()).toEqual(index.save());
    expect(pool.has('a')).toBe(true);
    expect(pool.has(11)).toBe(false);
    await pool.replace(copy.subarray(0, 4), 'b');
    expect(await pool.reconstruct('b')).toEqual(await pool.reconstruct('a'));
  });

  it('opens the bytes of any view, as one index does', async () => {
    using index = fb.createIndex({ dims: 4 });
    index.add(noise(12), [5, 3, 9]);
    const file = index.save();
    // For a Buffer, slice() is a view.
    const buffer = Buffer.concat([Buffer.alloc(3), file]).subarray(3);
    for (const view of [buffer, new DataView(buffer.buffer, buffer.byteOffset, buffer.length)]) {
      using again = fb.openIndex(view);
      expect(again.save()).toEqual(file);
      using pool = await openPool(view, { workers: 2 });
      expect(await pool.save()).toEqual(file);
    }
  });

  it('drops removed vectors by itself as one index does', async () => {
    using pool = await createPool({ dims: 4, workers: 3 });
    using index = fb.createIndex({ dims: 4 });
    const x = noise(4000);
    await pool.add(x);
    index.add(x);
    for (let id = 0; id < 300; id++) {
      void pool.remove(id);
      index.remove(id);
    }
    expect((await pool.stats()).removed).toBe(index.stats().removed);
    expect(await pool.search(x.subarray(0, 4))).toEqual(index.search(x.subarray(0, 4)));
  });

  it('refuses what it does not know', async () => {
    const bad = [
      undefined,
      {},
      { dims: 4, workers: 0 },
      { dims: 4, workers: 65 },
      { dims: 4, bits: 5 },
      { dims: 4, threads: 2 },
      { dims: 4, mean: new Float32Array(3) },
    ];
    for (const options of bad) {
      expect(await later(createPool(options as never))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    expect(await later(createPool({ dims: 1, mean: [Number.NaN] }))).toMatchObject({
      code: 'NON_FINITE',
    });
    expect(await later(openPool('file' as never))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    using pool = await createPool({ dims: 4, workers: 2, mean: [0, 0, 0, 1] });
    await pool.add(noise(80));
    const file = await pool.save();
    file[file.length >> 1] ^= 1;
    expect(await later(openPool(file, { workers: 2 }))).toMatchObject({ code: 'CORRUPT_DATA' });
    for (const options of [{ k: 0 }, { rescore: 0 }, { filter: 5 }, { kk: 1 }]) {
      expect(await later(pool.search(noise(4), options as never))).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
    expect(await later(pool.add(noise(4), ['x'], { copy: true } as never))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(pool.size).toBe(20);
  });

  it('stops when asked to', async () => {
    using pool = await createPool({ dims: 64, workers: 2 });
    const reason = new Error('enough');
    const aborted = AbortSignal.abort(reason);
    await expect(pool.search(noise(64), { signal: aborted })).rejects.toBe(reason);
    await expect(pool.add(noise(64), undefined, { signal: aborted })).rejects.toBe(reason);
    const controller = new AbortController();
    const adding = pool.add(noise(64 * 100_000), undefined, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 5);
    await expect(adding).rejects.toBe(reason);
    expect(pool.size).toBe(0);
    const other = new AbortController();
    const another = pool.add(noise(64 * 100_000), undefined, { signal: other.signal });
    setTimeout(() => other.abort(null), 5);
    await expect(another).rejects.toBe(null);
    expect(pool.size).toBe(0);
    await pool.add(noise(64));
    expect((await pool.search(noise(64))).ids).toEqual([0]);
    expect((await pool.stats()).workers.length).toBe(2);
  });

  it('finds all that there are when its turn comes', async () => {
    using pool = await createPool({ dims: 4, workers: 2 });
    using index = fb.createIndex({ dims: 4 });
    const x = noise(120);
    index.add(x);
    const query = noise(4);
    const all = { k: Number.POSITIVE_INFINITY };
    // Not awaited: at the time of the call there is no result yet.
    void pool.add(x);
    const found = await pool.search(query, all);
    expect(found.ids.length).toBe(30);
    expect(found).toEqual(index.search(query, all));
    void pool.removeMany([1, 2]);
    expect((await pool.search(query, all)).ids.length).toBe(28);
  });

  it('takes one id where it takes several', async () => {
    using pool = await createPool({ dims: 4, workers: 2 });
    using index = fb.createIndex({ dims: 4 });
    const [a, b] = [noise(4), noise(4, 1, 2)];
    for (const target of [pool, index]) {
      expect(await target.upsert(a, 'one')).toEqual({ added: 1, replaced: 0 });
      expect(await target.upsert(b, 'one')).toEqual({ added: 0, replaced: 1 });
      expect(await target.upsert(noise(8), ['one', 2n])).toEqual({ added: 1, replaced: 1 });
      await target.replace(a, 2n);
      expect(await target.removeMany(new Set(['one', 'two']))).toBe(1);
      expect(await target.removeMany(BigInt64Array.of(5n))).toBe(0);
    }
    expect(await pool.save()).toEqual(index.save());
    for (const odd of [5, undefined, Symbol('id'), { length: 2 ** 40 }, [{}], [Symbol('id')]]) {
      expect(await later(pool.removeMany(odd as never))).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
      expect(await later(pool.upsert(a, odd as never))).toMatchObject(
        odd === 5 ? { value: { added: 1 } } : { code: 'INVALID_ARGUMENT' },
      );
    }
  });

  it('an empty one like itself codes alike, far from the origin too', async () => {
    using pool = await createPool({ dims: 4, metric: 'l2', workers: 2 });
    using index = fb.createIndex({ dims: 4, metric: 'l2' });
    const far = noise(40 * 4).map((value) => value + 50);
    // In order: the mean follows from what was added before.
    const added = pool.add(far);
    await using like = await pool.emptyLike();
    await added;
    index.add(far);
    using other = index.emptyLike();
    for (const offset of [0, 100]) {
      const x = noise(30 * 4, 1, 3).map((value) => value + offset);
      await like.add(x);
      other.add(x);
      expect(await like.save()).toEqual(other.save());
      // All vectors are removed, and others added.
      for (const id of [...other.ids()]) {
        other.remove(id);
        await like.remove(id);
      }
      other.compact();
      await like.compact();
    }
    // A mean found from the first vectors is computed again once these are removed, in workers too.
    await using again = await createPool({ dims: 4, metric: 'l2', workers: 2 });
    using plain = fb.createIndex({ dims: 4, metric: 'l2' });
    for (const offset of [50, 0, -70]) {
      const x = noise(30 * 4, 1, 5).map((value) => value + offset);
      await again.add(x);
      plain.add(x);
      expect((await again.stats()).centred).toBe(offset !== 0);
      expect(await again.save()).toEqual(plain.save());
      await again.removeMany([...plain.ids()]);
      plain.removeMany([...plain.ids()]);
      plain.compact();
      await again.compact();
    }
  });

  it('makes an empty one like itself', async () => {
    using pool = await createPool({ dims: 16, bits: 2, workers: 3 });
    using index = fb.createIndex({ dims: 16, bits: 2 });
    const x = noise(500 * 16);
    await pool.calibrate(x);
    index.calibrate(x);
    await pool.add(x);
    await using like = await pool.emptyLike();
    expect(like.workers).toBe(3);
    expect(like.size).toBe(0);
    using other = index.emptyLike();
    await like.add(x.subarray(0, 160));
    other.add(x.subarray(0, 160));
    expect(await like.save()).toEqual(other.save());
    pool.dispose();
    expect(like.size).toBe(10);
    await expect(pool.emptyLike()).rejects.toMatchObject({ code: 'DISPOSED' });
  });
});
