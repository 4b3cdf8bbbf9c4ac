// Error measures of a reconstruction, against a plain loop.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builds, expectError, noise } from '../support/builds.ts';

describe.each(await builds())('compare, $variant', (fb) => {
  it('is what a plain loop in double precision finds, at any length', () => {
    for (const n of [1, 2, 3, 4, 5, 31, 33, 32767, 32768, 32769, 100_001]) {
      const x = noise(n, 10);
      const y = noise(n, 10, 7);
      let [squared, absolute, maxAbs, xx, yy, xy] = [0, 0, 0, 0, 0, 0];
      for (let i = 0; i < n; ++i) {
        const difference = Math.abs(x[i] - y[i]);
        squared += difference ** 2;
        absolute += difference;
        maxAbs = Math.max(maxAbs, difference);
        xx += x[i] ** 2;
        yy += y[i] ** 2;
        xy += x[i] * y[i];
      }
      const found = fb.compare(x, y);
      expect(found.mse / (squared / n)).toBeCloseTo(1, 12);
      expect(found.mae / (absolute / n)).toBeCloseTo(1, 12);
      expect(found.maxAbs).toBe(maxAbs);
      expect(found.sqnrDb).toBeCloseTo(10 * Math.log10(xx / squared), 10);
      expect(found.cosine).toBeCloseTo(xy / Math.sqrt(xx * yy), 12);
    }
  });

  it('at the edges', () => {
    const none = { mse: 0, mae: 0, maxAbs: 0, sqnrDb: Infinity };
    expect(fb.compare([], [])).toEqual({ ...none, cosine: 1 });
    expect(fb.compare([0, 0], [0, 0])).toEqual({ ...none, cosine: 1 });
    expect(fb.compare([3, 4], [3, 4])).toEqual({ ...none, cosine: 1 });
    expect(fb.compare([0, 0], [3, 4])).toEqual({
      mse: 12.5,
      mae: 3.5,
      maxAbs: 4,
      sqnrDb: -Infinity,
      cosine: 0,
    });
    expect(fb.compare([1, 0], [0, 0])).toMatchObject({ sqnrDb: 0, cosine: 0 });
    expect(fb.compare([1, Number.NaN], [1, 1]).mse).toBeNaN();
    expect(fb.compare([1, Infinity], [1, 1]).mse).toBe(Infinity);
    expect(fb.compare([3e38, -3e38], [-3e38, 3e38]).maxAbs).toBeCloseTo(6e38, -31);
  });

  it('a difference measured from either side is the same', () => {
    const values = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(values, values), { maxLength: 50 }), (pairs) => {
        const x = pairs.map(([a]) => a);
        const y = pairs.map(([, b]) => b);
        const [one, other] = [fb.compare(x, y), fb.compare(y, x)];
        expect(other).toMatchObject({ mse: one.mse, mae: one.mae, maxAbs: one.maxAbs });
        expect(other.cosine).toBe(one.cosine);
        expect(Math.abs(one.cosine)).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });

  it('arguments', () => {
    expectError('INVALID_ARGUMENT', /^x and y must be of the same length, got 2 and 3/, () =>
      fb.compare([1, 2], [1, 2, 3]),
    );
    expectError('INVALID_ARGUMENT', /^y must be a Float32Array .*, got null/, () =>
      fb.compare([1], null as never),
    );
  });

  it('answers to its former name', () => {
    expect(fb.error).toBe(fb.compare);
  });
});
