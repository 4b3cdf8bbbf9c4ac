// The index against exact search and against a model of its contents. Long because histories, filters and
// files share one model of an index.

import { crc32 } from 'node:zlib';
import type { Id, IndexOptions, VectorIndex } from 'fewbits';
import type { FewbitsVectors } from 'fewbits/vectors';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeOf, indexBuilds } from '../support/builds.ts';

/** Random numbers, the same in every run. */
function generator(seed: number) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(uniform() * n);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const vectors = (n: number, dims: number) => Float32Array.from({ length: n * dims }, normal);
  return { uniform, below, normal, vectors };
}

/** Vectors whose variance decreases from dimension to dimension. */
const uneven = (x: Float32Array, dims: number) => x.map((value, i) => value / (1 + (i % dims)));

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);

describe.each(indexBuilds)('vector index, %s', (_, start) => {
  let fb: FewbitsVectors;
  beforeAll(async () => {
    fb = await start();
  });

  it('finds what exact search finds', () => {
    const dims = 96;
    const { vectors } = generator(1);
    const x = vectors(1000, dims);
    const queries = vectors(20, dims);
    for (const [metric, least] of [
      ['cosine', 0.99],
      ['dot', 0.99],
      ['l2', 0.99],
    ] as const) {
      using index = fb.createIndex({ dims, bits: 8, metric });
      index.add(x);
      let agree = 0;
      for (let q = 0; q < 20; q++) {
        const query = queries.subarray(q * dims, (q + 1) * dims);
        const exact = Array.from({ length: 1000 }, (_, row) => {
          const vector = x.subarray(row * dims, (row + 1) * dims);
          const product = dot(query, vector);
          if (metric === 'dot') return -product;
          if (metric === 'cosine') {
            return -product / Math.sqrt(dot(query, query) * dot(vector, vector));
          }
          return dot(query, query) - 2 * product + dot(vector, vector);
        });
        const order = exact.map((_, row) => row).sort((a, b) => exact[a] - exact[b]);
        const { ids, scores } = index.search(query, { k: 10 });
        agree += ids.filter((id) => order.slice(0, 10).includes(id as number)).length;
        ids.forEach((id, i) => {
          const expected = metric === 'l2' ? exact[id as number] : -exact[id as number];
          const size = metric === 'cosine' ? 1 : dims;
          expect(Math.abs(scores[i] - expected)).toBeLessThan(0.01 * size);
          if (i > 0) {
            if (metric === 'l2') expect(scores[i]).toBeGreaterThanOrEqual(scores[i - 1]);
            else expect(scores[i]).toBeLessThanOrEqual(scores[i - 1]);
          }
        });
      }
      expect(agree / 200).toBeGreaterThanOrEqual(least - 0.02);
    }
  });

  it('is a map from ids to vectors: random histories against a model', () => {
    let histories = 0;
    for (let seed = 0; seed < 1000; seed++) {
      const { below, uniform, vectors } = generator(seed);
      const dims = 1 + below(below(4) === 0 ? 50 : 12);
      const settings = {
        dims,
        bits: ([1, 2, 3, 4, 6, 8] as const)[below(6)],
        metric: (['cosine', 'dot', 'l2'] as const)[below(3)],
        refine: ([undefined, 4, 8] as const)[below(3)],
        quality: (['best', 'fast'] as const)[below(2)],
        seed: below(5),
        mean: below(3) === 0 ? vectors(1, dims) : undefined,
      };
      let index = fb.createIndex(settings);
      if (below(4) === 0) index.calibrate(uneven(vectors(dims + below(50), dims), dims));
      const pristine = index.save();
      // The model: an index with a single vector for each id gives the score it must have.
      const model = new Map<Id, Float32Array>();
      let next = 0;
      const known = () => [...model.keys()];
      for (let step = 0; step < 10; step++) {
        const action = below(7);
        if (action <= 1) {
          const n = below(below(3) === 0 ? 90 : 9);
          const x = vectors(n, dims);
          const ids: Id[] | undefined =
            below(2) === 0
              ? undefined
              : Array.from(
                  { length: n },
                  (_, i) =>
                    [`${seed}-${step}-${i}`, BigInt(step * 1000 + i), 100000 * (step + 1) + i][
                      below(3)
                    ],
                );
          index.add(x, ids);
          for (let i = 0; i < n; i++) {
            const id = ids === undefined ? next : ids[i];
            if (typeof id === 'number') next = Math.max(next, id + 1);
            model.set(id, x.slice(i * dims, (i + 1) * dims));
          }
        } else if (action === 2) {
          for (const id of known()) {
            if (uniform() < 0.3) {
              expect(index.remove(id)).toBe(true);
              model.delete(id);
            }
          }
          expect(index.remove('never')).toBe(false);
        } else if (action === 3 && model.size > 0) {
          const id = known()[below(model.size)];
          const x = vectors(1, dims);
          index.replace(x, [id]);
          model.set(id, x);
        } else if (action === 4) {
          const file = index.save();
          index.dispose();
          index = fb.openIndex(file);
          expect(index.save()).toEqual(file);
        } else {
          expect(index.size).toBe(model.size);
          expect([...index.ids()]).toEqual(known());
          const filter =
            below(2) === 0 ? undefined : new Set(known().filter(() => uniform() < 0.5));
          const query = vectors(1, dims);
          const k = 1 + below(20);
          const options = { k, filter, rescore: 1000 };
          const { ids, scores } = index.search(query, options);
          const allowed = known().filter((id) => filter === undefined || filter.has(id));
          expect(ids.length).toBe(Math.min(k, allowed.length));
          // A new index with only the allowed vectors, added in the same order, gives the same results.
          using fresh = fb.openIndex(pristine);
          const all = new Float32Array(allowed.length * dims);
          allowed.forEach((id, i) => {
            all.set(model.get(id) as Float32Array, i * dims);
          });
          fresh.add(all, allowed);
          const expected = fresh.search(query, { k, rescore: 1000 });
          expect(ids).toEqual(expected.ids);
          expect(scores).toEqual(expected.scores);
          const [batched] = index.searchBatch(query, options);
          expect(batched).toEqual({ ids, scores });
          histories++;
        }
      }
      index.dispose();
    }
    expect(histories).toBeGreaterThan(2000);
  }, 240000);

  it('adds all or nothing', () => {
    const dims = 8;
    using index = fb.createIndex({ dims, bits: 4 });
    const { vectors } = generator(3);
    index.add(vectors(100, dims));
    const before = index.save();
    const x = vectors(20000, dims);
    x[19999 * dims + 3] = Number.NaN;
    expect(() => index.add(x)).toThrow(`vectors[${19999 * dims + 3}]`);
    expect(codeOf(() => index.add(x))).toBe('NON_FINITE');
    expect(codeOf(() => index.replace(x.subarray(-2 * dims), [1, 2]))).toBe('NON_FINITE');
    expect(codeOf(() => index.add(vectors(2, dims), [1000, 1000]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => index.add(vectors(2, dims), [1000, 5]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => index.add(vectors(2, dims), [1000]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => index.add(vectors(1, dims).subarray(1)))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => index.add(vectors(1, dims), [1.5]))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => index.add(vectors(1, dims), ['\ud800']))).toBe('INVALID_ARGUMENT');
    expect(index.save()).toEqual(before);
  });

  it('refuses what it does not know, before anything happens', () => {
    const bad = [
      {},
      { dims: 0 },
      { dims: 1.5 },
      { dims: 20000 },
      { dims: 4, bits: 5 },
      { dims: 4, metric: 'euclid' },
      { dims: 4, refine: 2 },
      { dims: 4, seed: -1 },
      { dims: 4, speed: 'high' },
      { dims: 4, mean: new Float32Array(3) },
      { dims: 4, metric: 'hamming', bits: 4 },
      { dims: 4, metric: 'hamming', refine: 8 },
      { dims: 4, metric: 'hamming', mean: new Float32Array(4) },
    ];
    for (const options of bad) {
      expect(codeOf(() => fb.createIndex(options as never))).toBe('INVALID_ARGUMENT');
    }
    expect(codeOf(() => fb.createIndex({ dims: 2, mean: [0, Number.NaN] }))).toBe('NON_FINITE');
    using index = fb.createIndex({ dims: 4 });
    expect(index.search(new Float32Array(4))).toEqual({ ids: [], scores: new Float32Array(0) });
    index.add(new Float32Array(8).fill(1));
    expect(codeOf(() => index.search(new Float32Array(5)))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => index.search(new Float32Array(4).fill(Infinity)))).toBe('NON_FINITE');
    expect(codeOf(() => index.search(new Float32Array(4), { k: 0 }))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => index.search(new Float32Array(4), { kk: 1 } as never))).toBe(
      'INVALID_ARGUMENT',
    );
    expect(codeOf(() => index.reconstruct(7))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => index.calibrate(new Float32Array(8)))).toBe('INVALID_ARGUMENT');
  });

  it('takes filters of every kind', () => {
    using index = fb.createIndex({ dims: 3, bits: 8 });
    index.add(generator(4).vectors(50, 3));
    const query = [1, 2, 3];
    const odd = index.search(query, { k: 50, filter: (id) => (id as number) % 2 === 1 });
    expect(odd.ids.length).toBe(25);
    expect(odd.ids.every((id) => (id as number) % 2 === 1)).toBe(true);
    const bitmap = new Uint8Array(7).fill(0b10101010);
    expect(index.search(query, { k: 50, filter: bitmap }).ids).toEqual(odd.ids);
    expect(index.search(query, { k: 50, filter: [...odd.ids, 'x', 99] }).ids).toEqual(odd.ids);
    expect(codeOf(() => index.search(query, { filter: 5 as never }))).toBe('INVALID_ARGUMENT');
  });

  it('calibrates: nearer to exact search at no more bytes', () => {
    // Variance along random directions, as in real embeddings.
    const dims = 128;
    const { vectors, normal } = generator(5);
    const axes = vectors(dims, dims);
    const draw = (n: number) => {
      const x = new Float32Array(n * dims);
      for (let row = 0; row < n; row++) {
        for (let a = 0; a < dims; a++) {
          const size = normal() / (1 + a * 0.3);
          for (let i = 0; i < dims; i++) x[row * dims + i] += size * axes[a * dims + i];
        }
      }
      return x;
    };
    const x = draw(1500);
    const queries = draw(30);
    const norm = (v: Float32Array) => Math.sqrt(dot(v, v));
    for (const bits of [1, 2, 4] as const) {
      const recall = [false, true].map((learned) => {
        using index = fb.createIndex({ dims, bits });
        if (learned) index.calibrate(x);
        index.add(x);
        const stats = index.stats();
        expect(stats.calibrated).toBe(learned);
        expect(stats.bytesPerVector).toBeLessThanOrEqual((dims * bits) / 8 + (bits === 4 ? 8 : 4));
        using reopened = fb.openIndex(index.save());
        let agree = 0;
        for (let q = 0; q < 30; q++) {
          const query = queries.subarray(q * dims, (q + 1) * dims);
          const scores = Array.from({ length: 1500 }, (_, row) => {
            const vector = x.subarray(row * dims, (row + 1) * dims);
            return dot(query, vector) / norm(vector);
          });
          const order = scores.map((_, row) => row).sort((a, b) => scores[b] - scores[a]);
          const { ids } = index.search(query);
          expect(reopened.search(query).ids).toEqual(ids);
          agree += ids.filter((id) => order.slice(0, 10).includes(id as number)).length;
        }
        return agree / 300;
      });
      expect(recall[1]).toBeGreaterThan(recall[0]);
    }
    // Finer codes do not use the axes, whose values differ too much for one scale.
    using index = fb.createIndex({ dims, bits: 1, refine: 8, quality: 'fast' });
    index.calibrate(x);
    index.add(x);
    using again = fb.openIndex(index.save());
    const query = queries.subarray(0, dims);
    const { ids, scores } = again.search(query, { k: 1500 });
    ids.forEach((id, i) => {
      const vector = x.subarray((id as number) * dims, ((id as number) + 1) * dims);
      const exact = dot(query, vector) / (norm(query) * norm(vector));
      expect(Math.abs(scores[i] - exact)).toBeLessThan(0.012);
    });
    expect(again.reconstruct(7)).toEqual(index.reconstruct(7));
  });

  /** A small file of every kind. */
  function* files(): Generator<Uint8Array<ArrayBuffer>> {
    const { vectors } = generator(6);
    const texts = Array.from({ length: 20 }, (_, i) => (i % 2 ? i : `id ${i}`));
    const big = Array.from({ length: 20 }, (_, i) => 10n ** 20n + BigInt(i));
    const kinds: [IndexOptions, Id[]?][] = [
      [{ dims: 12, bits: 1 }],
      [{ dims: 9, bits: 2, metric: 'l2', refine: 4 }, texts],
      [{ dims: 11, bits: 4, mean: vectors(1, 11) }],
      [{ dims: 5, bits: 8, metric: 'dot', quality: 'fast' }, [...Array(20).keys()].reverse()],
      [{ dims: 6, bits: 4, refine: 8 }, big],
    ];
    for (const [settings, ids] of kinds) {
      using index = fb.createIndex(settings);
      index.add(vectors(20, settings.dims), ids);
      yield index.save();
    }
    using index = fb.createIndex({ dims: 36, bits: 4 });
    index.calibrate(uneven(vectors(600, 36), 36));
    expect(index.stats().calibrated).toBe(true);
    index.add(vectors(20, 36));
    yield index.save();
  }

  it('calibrates by the mean alone where axes would not help', () => {
    const dims = 96;
    const { below, vectors } = generator(10);
    const centres = vectors(1000, dims);
    const x = vectors(2000, dims);
    for (let row = 0; row < 2000; row++) {
      const centre = below(1000) * dims;
      for (let i = 0; i < dims; i++) x[row * dims + i] += centres[centre + i] + 0.5;
    }
    for (const bits of [1, 2, 4, 8] as const) {
      using index = fb.createIndex({ dims, bits });
      index.calibrate(uneven(x, dims));
      const { bytesPerVector } = index.stats();
      index.calibrate(x);
      // At 8 bits a mean gains nothing here, so it is not used.
      expect(index.stats()).toMatchObject({ calibrated: false, centred: bits !== 8 });
      // Without a mean, its products (four bytes per vector) are not stored.
      const spared = bits === 8 ? 4 : 0;
      expect(index.stats().bytesPerVector + spared).toBeGreaterThanOrEqual(bytesPerVector);
      index.add(x);
      expect(index.search(x.subarray(0, dims), { k: 1 }).ids).toEqual([0]);
    }
  });

  it('opens what it saved, and nothing that was damaged', () => {
    const { below } = generator(7);
    for (const file of files()) {
      using index = fb.openIndex(file.buffer);
      expect(index.save()).toEqual(file);
      for (let length = 0; length < file.length; length++) {
        const outcome = codeOf(() => fb.openIndex(file.subarray(0, length)));
        if (outcome !== 'CORRUPT_DATA') expect.fail(`opened ${length} bytes: ${outcome}`);
      }
      for (let round = 0; round < 17000; round++) {
        const damaged = file.slice();
        const changes = 1 + below(3);
        for (let i = 0; i < changes; i++) damaged[below(file.length)] ^= 1 + below(255);
        const outcome = codeOf(() => fb.openIndex(damaged).dispose());
        if (outcome === 'CORRUPT_DATA') continue;
        if (!damaged.every((byte, i) => byte === file[i])) expect.fail(`damaged: ${outcome}`);
      }
    }
    expect(codeOf(() => fb.openIndex('file' as never))).toBe('INVALID_ARGUMENT');
  }, 240000);

  it('survives files that were made to deceive: damaged, with the right checksum', () => {
    const { below, vectors } = generator(8);
    const outcomes = new Map<string, number>();
    for (const file of files()) {
      for (let round = 0; round < 1500; round++) {
        const damaged = file.slice();
        const changes = 1 + below(3);
        for (let i = 0; i < changes; i++) damaged[below(file.length - 4)] ^= 1 << below(8);
        new DataView(damaged.buffer).setUint32(
          file.length - 4,
          crc32(damaged.subarray(0, -4)),
          true,
        );
        const outcome = codeOf(() => {
          using index = fb.openIndex(damaged);
          index.search(vectors(1, index.dims), { k: 30 });
          for (const id of index.ids()) index.reconstruct(id);
          index.save();
        });
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    }
    expect(new Set(outcomes.keys())).toEqual(new Set(['passed', 'CORRUPT_DATA', 'UNSUPPORTED']));
  }, 240000);

  it('frees what it held', () => {
    const x = new Float32Array(16).fill(1);
    const round = (i: number) => {
      const index = fb.createIndex({ dims: 16 });
      if (i % 8 === 0) index.add(x);
      index.dispose();
    };
    for (let i = 0; i < 100; i++) round(i);
    const held = fb.memoryBytes;
    for (let i = 0; i < 1_000_000; i++) round(i);
    expect(fb.memoryBytes).toBe(held);
    const index = fb.createIndex({ dims: 16 });
    index.dispose();
    index.dispose();
    const uses: ((index: VectorIndex) => unknown)[] = [
      (it) => it.add([]),
      (it) => it.search(new Float32Array(16)),
      (it) => it.save(),
      (it) => it.byteLength,
      (it) => it.reconstruct(0),
      (it) => it.compact(),
    ];
    for (const use of uses) expect(codeOf(() => use(index))).toBe('DISPOSED');
  }, 240000);

  it('holds little more than the codes', () => {
    const dims = 384;
    const x = generator(9).vectors(1000, dims);
    for (const settings of [{ bits: 1 }, { bits: 2 }, { bits: 4 }, { bits: 8 }] as const) {
      using index = fb.createIndex({ dims, quality: 'fast', ...settings });
      for (let i = 0; i < 100; i++) index.add(x);
      const codes = (100_000 * dims * settings.bits) / 8;
      expect(index.byteLength).toBeGreaterThan(codes);
      expect(index.byteLength).toBeLessThan(1.03 * 100_000 * index.stats().bytesPerVector);
    }
  }, 60000);

  it('gives back a vector near the one it was given', () => {
    const { vectors } = generator(7);
    const x = vectors(1, 256);
    for (const [bits, cosine] of [
      [1, 0.75],
      [2, 0.92],
      [4, 0.99],
      [8, 0.9999],
    ] as const) {
      using index = fb.createIndex({ dims: 256, bits, metric: 'dot' });
      index.add(x, ['it']);
      const y = index.reconstruct('it');
      expect(dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y))).toBeGreaterThan(cosine);
    }
  });
});
