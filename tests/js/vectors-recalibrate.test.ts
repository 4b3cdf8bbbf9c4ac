// recalibrate(): an index that holds vectors learns again, and stats() show when this is due.

import { type Fewbits, FewbitsError, load, type VectorIndex } from 'fewbits';
import { beforeAll, describe, expect, it } from 'vitest';

const [dims, rows, k] = [64, 2000, 10];
let fb: Fewbits;

beforeAll(async () => {
  fb = await load();
});

/** Normal numbers from a 32-bit generator, the same in each run. */
function normal(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Vectors around a far centre in a few directions, which depend on `seed`. */
function crowd(n: number, seed: number): Float32Array {
  const axis = normal(seed);
  const axes = Float32Array.from({ length: 8 * dims }, axis);
  const centre = Float32Array.from({ length: dims }, () => 2 * axis());
  const next = normal(seed + 1000);
  const x = new Float32Array(n * dims);
  for (let row = 0; row < n; row++) {
    for (let i = 0; i < dims; i++) x[row * dims + i] = centre[i] + 0.2 * next();
    for (let r = 0; r < 8; r++) {
      const z = next() / (1 + r);
      for (let i = 0; i < dims; i++) x[row * dims + i] += z * axes[r * dims + i];
    }
  }
  return x;
}

const unit = (x: Float32Array) => {
  const norm = Math.hypot(...x);
  return x.map((value) => value / norm);
};

/** The share of the true neighbours by cosine that an index finds, for 50 of its vectors. */
function recall(index: VectorIndex, x: Float32Array, idOf: (row: number) => number): number {
  const units = Array.from({ length: rows }, (_, row) =>
    unit(x.slice(row * dims, (row + 1) * dims)),
  );
  let found = 0;
  for (let q = 0; q < 50; q++) {
    const query = units[q * 31];
    const order = units
      .map((u, row) => [u.reduce((sum, value, i) => sum + value * query[i], 0), row])
      .sort((a, b) => b[0] - a[0])
      .slice(0, k)
      .map(([, row]) => idOf(row));
    const { ids } = index.search(query, { k });
    found += ids.filter((id) => order.includes(id as number)).length;
  }
  return found / (50 * k);
}

/** An index calibrated with vectors of one kind and filled with another. */
function strayed(bits: 1 | 2 | 4 | 8) {
  const index = fb.createIndex({ dims, bits });
  index.calibrate(crowd(1500, 1));
  index.add(crowd(100, 1).subarray(0, 100 * dims));
  index.removeMany(Array.from({ length: 100 }, (_, id) => id));
  const x = crowd(rows, 2);
  const ids = Array.from({ length: rows }, (_, row) => 7 * row + 1000);
  index.add(x, ids);
  return { index, x, ids };
}

describe('recalibrate()', () => {
  it.each([1, 2, 4] as const)('finds as much as calibrating first, at %i bits', (bits) => {
    const { index, x, ids } = strayed(bits);
    const idOf = (row: number) => 7 * row + 1000;
    const { fit } = index.stats();
    expect(fit?.count).toBe(rows + 100);
    expect(fit?.seen).toBeGreaterThan(1.2 * (fit?.expected ?? Infinity));
    const before = recall(index, x, idOf);
    index.recalibrate(x);
    expect([...index.ids()]).toEqual(ids);
    const fresh = fb.createIndex({ dims, bits });
    fresh.calibrate(x);
    fresh.add(x, ids);
    const after = recall(index, x, idOf);
    expect(after).toBe(recall(fresh, x, idOf));
    expect(after).toBeGreaterThan(before);
    expect(index.save()).toEqual(fresh.save());
    const now = index.stats().fit;
    expect(now?.seen).toBeLessThan(1.1 * (now?.expected ?? 0));
  });

  it('learns from codes of 4 bits and more alone', () => {
    const idOf = (row: number) => 7 * row + 1000;
    for (const bits of [4, 8] as const) {
      const { index, x } = strayed(bits);
      const before = recall(index, x, idOf);
      index.recalibrate();
      expect(recall(index, x, idOf)).toBeGreaterThan(before - 0.05);
    }
    for (const bits of [1, 2] as const) {
      const { index } = strayed(bits);
      const before = index.save();
      expect(() => index.recalibrate()).toThrow(/give recalibrate\(\) the vectors/);
      expect(index.save()).toEqual(before);
    }
  });

  it('changes nothing when it is refused', () => {
    const { index, x } = strayed(2);
    const before = index.save();
    const odd = x.slice();
    odd[12345] = Number.NaN;
    const codeOf = (work: () => void) => {
      try {
        work();
      } catch (error) {
        return error instanceof FewbitsError ? error.code : String(error);
      }
      return 'none';
    };
    expect(codeOf(() => index.recalibrate(odd))).toBe('NON_FINITE');
    expect(codeOf(() => index.recalibrate(x.subarray(dims)))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => fb.createIndex({ dims }).recalibrate(x))).toBe('INVALID_ARGUMENT');
    expect(index.save()).toEqual(before);
    index.dispose();
    expect(codeOf(() => index.recalibrate(x))).toBe('DISPOSED');
  });
});
