// Vectors for 'l2' added a few at a time, far from the origin: the mean comes from the first ones.

import { type Fewbits, load, type VectorIndex } from 'fewbits';
import { readSafetensors } from 'fewbits/io';
import { createPool } from 'fewbits/pool';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeOf, noise } from '../support/builds.ts';

let fb: Fewbits;
beforeAll(async () => {
  fb = await load();
});

const dims = 48;
const rows = 400;
const far = noise(rows * dims).map((value, i) => value + 60 + 40 * (i % 3));
const near = noise(rows * dims);
const row = (x: Float32Array, i: number) => x.subarray(i * dims, (i + 1) * dims);

/** The recall of the ten nearest, over every eighth vector. */
function recall(index: VectorIndex, x: Float32Array): number {
  let hits = 0;
  for (let q = 0; q < rows; q += 8) {
    const query = row(x, q).map((value, i) => value + 0.3 * Math.sin(q + i));
    const distances = Array.from({ length: rows }, (_, r) =>
      row(x, r).reduce((sum, value, i) => sum + (value - query[i]) ** 2, 0),
    );
    const nearest = [...distances.keys()].sort((a, b) => distances[a] - distances[b]).slice(0, 10);
    hits += index.search(query).ids.filter((id) => nearest.includes(id as number)).length;
  }
  return hits / (10 * (rows / 8));
}

describe("vectors for 'l2' that come a few at a time", () => {
  it.each([1, 2, 3, 7])('%i: are found as if they came together', (step) => {
    using together = fb.createIndex({ dims, bits: 4, metric: 'l2' });
    together.add(far);
    using index = fb.createIndex({ dims, bits: 4, metric: 'l2' });
    for (let i = 0; i < rows; i += step) {
      const x = far.subarray(i * dims, Math.min(rows, i + step) * dims);
      if (i % 2) index.add(x);
      else {
        const ids = Array.from({ length: x.length / dims }, (_, j) => i + j);
        expect(index.upsert(x, ids)).toEqual({ added: ids.length, replaced: 0 });
      }
      expect(index.stats().centred).toBe(i + step >= 8);
    }
    expect([...index.ids()]).toEqual([...Array(rows).keys()]);
    expect(recall(together, far)).toBeGreaterThan(0.85);
    expect(recall(index, far)).toBeGreaterThan(recall(together, far) - 0.05);
    expect(fb.openIndex(index.save()).save()).toEqual(index.save());
  });

  it('near the origin they are coded as ever', () => {
    using together = fb.createIndex({ dims, bits: 4, metric: 'l2' });
    together.add(near);
    using index = fb.createIndex({ dims, bits: 4, metric: 'l2' });
    for (let i = 0; i < rows; i++) index.add(row(near, i));
    expect(index.save()).toEqual(together.save());
  });

  it('what is refused changes nothing, and those that follow tell', () => {
    using index = fb.createIndex({ dims, bits: 4, metric: 'l2' });
    index.add(far.subarray(0, 5 * dims));
    const all = () => [...index.ids()].map((id) => index.reconstruct(id));
    const before = all();
    const bad = far.slice(5 * dims, 10 * dims);
    bad[3 * dims] = 3e18;
    expect(codeOf(() => index.add(bad))).toBe('INVALID_ARGUMENT');
    bad[3 * dims] = Number.NaN;
    expect(codeOf(() => index.add(bad))).toBe('NON_FINITE');
    expect(codeOf(() => index.upsert(bad, [0, 1, 7, 8, 9]))).toBe('NON_FINITE');
    expect(codeOf(() => index.add(far.subarray(5 * dims, 10 * dims), [9, 8, 7, 6, 0]))).toBe(
      'INVALID_ARGUMENT',
    );
    expect(all()).toEqual(before);
    expect(index.stats().centred).toBe(false);
    index.replace(row(far, 300), 2);
    index.add(far.subarray(5 * dims, 8 * dims));
    expect(index.stats().centred).toBe(true);
    expect(index.size).toBe(8);
    const [code, vector] = [index.reconstruct(2), row(far, 300)];
    for (let i = 0; i < dims; i++) expect(Math.abs(code[i] - vector[i])).toBeLessThan(0.5);
    const { scores } = index.search(vector, { k: 1 });
    expect(scores[0]).toBeLessThan(2);
  });

  it('they tell nothing where a mean was given, rows went or others code alike', () => {
    const mean = new Float32Array(dims).fill(1);
    const singly = (index: VectorIndex) => {
      for (let i = 0; i < 20; i++) index.add(row(far, i));
      return index.stats().centred;
    };
    using given = fb.createIndex({ dims, metric: 'l2', mean });
    singly(given);
    expect(readSafetensors(given.save()).float32('mean')).toEqual(mean);
    using gone = fb.createIndex({ dims, metric: 'l2' });
    gone.add(far.subarray(0, 2 * dims));
    gone.remove(0);
    expect(singly(gone)).toBe(false);
    using alike = fb.createIndex({ dims, metric: 'l2' });
    alike.add(row(far, 0));
    using like = alike.emptyLike();
    expect([singly(alike), singly(like)]).toEqual([false, false]);
    using three = fb.createIndex({ dims, metric: 'l2' });
    three.add(far.subarray(0, 3 * dims));
    using opened = fb.openIndex(three.save());
    expect([singly(opened), singly(three)]).toEqual([false, false]);
    expect(opened.save()).toEqual(three.save());
    using cosine = fb.createIndex({ dims });
    expect(singly(cosine)).toBe(false);
  });

  it('in workers as in one piece', async () => {
    await using pool = await createPool({ dims, bits: 4, metric: 'l2', workers: 3 });
    using index = fb.createIndex({ dims, bits: 4, metric: 'l2' });
    const same = async () => {
      const ids = [...index.ids()];
      expect([...pool.ids()]).toEqual(ids);
      const vectors = await Promise.all(ids.map((id) => pool.reconstruct(id)));
      expect(vectors).toEqual(ids.map((id) => index.reconstruct(id)));
    };
    for (let i = 0; i < 12; i += 2) {
      const x = far.subarray(i * dims, (i + 2) * dims);
      if (i % 4) {
        index.add(x, [i, i + 1]);
        await pool.add(x, [i, i + 1]);
      } else {
        const ids = i ? [i - 1, i, i + 1] : [i, i + 1];
        const these = i ? far.subarray((i - 1) * dims, (i + 2) * dims) : x;
        index.upsert(these, ids);
        await pool.upsert(these, ids);
      }
      await same();
      const bad = far.slice(0, 9 * dims);
      bad[4] = Number.NaN;
      expect(codeOf(() => index.add(bad))).toBe('NON_FINITE');
      await expect(pool.add(bad)).rejects.toMatchObject({ code: 'NON_FINITE' });
      index.replace(row(far, 100 + i), i);
      await pool.replace(row(far, 100 + i), i);
      await same();
    }
    expect((await pool.stats()).centred).toBe(true);
    expect((await pool.search(row(far, 3))).ids).toEqual(index.search(row(far, 3)).ids);
    index.add(far);
    await pool.add(far);
    expect(await pool.save()).toEqual(index.save());
  });
});
