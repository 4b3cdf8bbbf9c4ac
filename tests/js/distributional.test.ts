// Distributional quantizers through the package, against golden files of the original Python package. Long
// because every quantizer of the original is compared.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  type DistributionalOptions,
  type DistributionName,
  type Fewbits,
  FewbitsError,
  load,
} from 'fewbits';
import { beforeAll, describe, expect, it } from 'vitest';
import { variants } from '../support/builds.ts';

const golden = (name: string) =>
  readFileSync(new URL(`../golden/distquant/${name}`, import.meta.url));

interface Case {
  readonly x: Float32Array;
  readonly options: DistributionalOptions;
  readonly info: { dist: string; scale: number; loc: number; n: number; beta: number; abs: number };
  readonly words: BigInt64Array;
  /** The values of the used codes, in ascending order of code. */
  readonly levels: Float32Array;
  readonly line: string;
}

/** The Python package's own results. */
function cases(): Case[] {
  const file = golden('cases.bin');
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
  const inputs = new Map<string, Float32Array>();
  const found: Case[] = [];
  for (const line of golden('cases.tsv').toString().trim().split('\n')) {
    const f = line.split('\t');
    const number = (i: number) => (f[i] === '-' ? null : Number(f[i]));
    if (f[0] === 'input')
      inputs.set(f[1] ?? '', new Float32Array(bytes, Number(f[2]), Number(f[3])));
    if (f[0] !== 'case') continue;
    const k = number(2);
    const n = number(3);
    found.push({
      x: inputs.get(f[1] ?? '') as Float32Array,
      options: {
        ...(k === null ? {} : { k }),
        ...(n === null ? {} : { n }),
        dist: f[4] === '-' ? null : (f[4] as DistributionName),
        beta: number(5),
        zero: number(6),
      },
      info: {
        dist: f[7] ?? '',
        scale: Number(f[8]),
        loc: Number(f[9]),
        n: Number(f[10]),
        beta: Number(f[11]),
        abs: Number(f[12]),
      },
      words: new BigInt64Array(bytes, Number(f[13]), Number(f[14])),
      levels: new Float32Array(bytes, Number(f[15]), Number(f[16])),
      line,
    });
  }
  return found;
}

/** Normal values by xorshift128+ and Box-Muller: the same on every machine. */
function random(seed: number) {
  let a = BigInt(seed) * 0x9e3779b97f4a7c15n;
  let b = 0x1234567890abcdefn;
  const mask = (1n << 64n) - 1n;
  const uniform = () => {
    let s = a & mask;
    const t = b & mask;
    a = t;
    s ^= (s << 23n) & mask;
    b = s ^ t ^ (s >> 18n) ^ (t >> 5n);
    return (Number(((b + t) & mask) >> 11n) + 0.5) / 2 ** 53;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

const refused = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof FewbitsError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'passed';
};

describe.each(variants)('distributional, %s', (variant) => {
  let fb: Fewbits;
  beforeAll(async () => {
    fb = await load({ variant });
  });

  it('reference mode returns what the Python package returns', () => {
    const all = cases();
    expect(all).toHaveLength(144);
    for (const c of all) {
      const { data, info } = fb.distributional.quantize(c.x, { ...c.options, mode: 'reference' });
      expect(info.dist, c.line).toBe(c.info.dist);
      expect(info.beta, c.line).toBe(c.info.beta);
      expect(info.n).toBe(c.info.n);
      expect(Math.abs(info.scale - c.info.scale), c.line).toBeLessThanOrEqual(1e-6 * c.info.scale);
      expect(Math.abs(info.loc - c.info.loc), c.line).toBeLessThanOrEqual(
        1e-6 * Math.abs(c.info.loc),
      );
      expect(Math.abs(info.abs_error / c.info.abs - 1), c.line).toBeLessThan(1e-5);
      if (c.info.n <= 256) {
        expect(data, c.line).toEqual(c.words);
      }
      // The words of the original can be decoded, also with a copy of the info.
      const values = fb.distributional.dequantize(c.words, info);
      const codes = fb.distributional.dequantize(c.words, { ...info });
      expect(values).toEqual(codes);
      const used = [...new Set(values)].sort((x, y) => x - y);
      expect(used.length, c.line).toBe(new Set(c.levels).size);
      const expected = [...new Set(c.levels)].sort((x, y) => x - y);
      for (let i = 0; i < used.length; ++i) {
        const level = expected[i] as number;
        expect(Math.abs((used[i] as number) - level), c.line).toBeLessThanOrEqual(
          Math.max(1e-5 * Math.abs(level), 2.5e-7 * info.scale),
        );
      }
    }
  });

  it("the package's words and info decode in the default mode too", () => {
    for (const c of cases().slice(0, 11)) {
      const { dist, scale, loc, n, beta, abs } = c.info;
      const info = {
        dist: dist as DistributionName,
        scale,
        loc,
        n,
        packbits: true,
        beta,
        abs_error: abs,
        shape: [c.x.length],
        n_elems: c.x.length,
      };
      const before = c.words.slice();
      const values = fb.distributional.dequantize(c.words, info);
      expect(c.words).toEqual(before);
      let sum = 0;
      for (let i = 0; i < values.length; ++i) {
        sum += Math.abs((values[i] as number) - (c.x[i] as number));
      }
      expect(Math.abs(sum / values.length / abs - 1)).toBeLessThan(1e-4);
    }
  });

  it('100,000 values of a normal with some noise at 7 bits become 88,896 bytes', () => {
    const { uniform, normal } = random(1);
    const x = Float32Array.from({ length: 100_000 }, () => normal() + 0.2 * uniform());
    const before = x.slice();
    const { data, info } = fb.distributional.quantize(x, { k: 7, dist: null });
    expect(x).toEqual(before);
    expect(data.byteLength).toBe(88_896);
    expect(info.dist).toBe('gaussian');
    expect(fb.distributional.dequantize(data, info)).toHaveLength(x.length);
  });

  it('whatever the values: codes are cells, decoded values finite, packing exact', () => {
    const value = fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(0, -0, 3.4028234663852886e38, -3.4028234663852886e38, 1e-45, 1, -1),
    );
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 70 }),
        fc.oneof(
          fc.integer({ min: 1, max: 9 }).map((k) => ({ k })),
          fc.integer({ min: 2, max: 300 }).map((n) => ({ n })),
        ),
        fc.record({
          dist: fc.constantFrom(
            null,
            'gaussian',
            'gaussian_cdf',
            'logistic',
            'logistic_cdf',
            'gumbel',
            'gumbel_cdf',
            'exponential',
            'exponential_cdf',
            'cauchy_cdf',
          ),
          beta: fc.constantFrom(null, 1, 0.1, 10, 1e-6, 1e6),
          p: fc.constantFrom(1, 2),
          levels: fc.constantFrom('midpoint', 'centroid'),
          block: fc.constantFrom(undefined, 1, 7, 32),
        }),
        (values, size, chosen) => {
          const x = Float32Array.from(values);
          const { block, ...rest } = chosen;
          const options = {
            ...size,
            ...rest,
            ...(block ? { block } : {}),
          } as DistributionalOptions;
          const { data, info } = fb.distributional.quantize(x, options);
          const plain = fb.distributional.quantize(x, { ...options, packbits: false });
          for (const code of plain.data) expect(Number(code)).toBeLessThan(info.n);
          const decoded = fb.distributional.dequantize(data, info);
          expect(decoded.every(Number.isFinite)).toBe(true);
          expect(fb.distributional.dequantize(plain.data, plain.info)).toEqual(decoded);
          // The layout of the words: the first value in the highest bits, zero bits at the end.
          const bits = Math.ceil(Math.log2(info.n));
          const perWord = Math.floor(64 / bits);
          for (let word = 0; word < data.length; ++word) {
            let expected = 0n;
            for (let i = 0; i < perWord; ++i) {
              expected = (expected << BigInt(bits)) | BigInt(plain.data[word * perWord + i] ?? 0);
            }
            expect(BigInt.asUintN(64, data[word] as bigint)).toBe(expected);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('repairs what the Python package gets wrong', () => {
    const { quantize, dequantize } = fb.distributional;
    const { normal } = random(2);
    // An outlier is clamped, and its neighbours are not affected.
    const x = Float32Array.from({ length: 64 }, normal);
    x[5] = 1e6;
    const options = { k: 4, dist: 'gumbel', beta: 0.1 } as const;
    const { data, info } = quantize(x, { ...options, packbits: false });
    expect(data[5]).toBe(15);
    const packed = quantize(x, options);
    expect(dequantize(packed.data, packed.info)).toEqual(dequantize(data, info));
    // Constant and single values come back exactly.
    for (const constant of [[7.25], [-3, -3, -3], [0, 0]]) {
      const q = quantize(constant, { k: 3, dist: null });
      expect([...dequantize(q.data, q.info)]).toEqual(constant);
    }
    expect(quantize([], { k: 3 }).info.n_elems).toBe(0);
    // A given beta is used, whichever distribution is chosen.
    expect(quantize(x, { k: 4, dist: null, beta: 0.7 }).info.beta).toBe(0.7);
    // Negative values are fitted as exponential from the minimum upwards.
    const below = [-3, -2.5, -2, 1];
    expect(quantize(below, { k: 4, dist: 'exponential', beta: 1 }).info.loc).toBe(-3);
    // One level is exactly zero.
    const zeroed = quantize(x, { n: 15, zero: 0 });
    expect(fb.distributional.codebook(zeroed.info).levels[7]).toBe(0);
  });

  it('is never worse than the grid of the Python package', () => {
    const { normal } = random(3);
    const x = Float32Array.from({ length: 2000 }, () => normal() ** 3);
    for (const dist of ['gaussian', 'logistic_cdf', 'gumbel'] as const) {
      for (const k of [2, 4, 8]) {
        const best = fb.distributional.quantize(x, { k, dist }).info.abs_error;
        for (const beta of [0.1, 0.316, 0.631, 0.794, 0.851, 0.912, 1, 1.072, 1.259, 1.995, 10]) {
          expect(best).toBeLessThanOrEqual(
            fb.distributional.quantize(x, { k, dist, beta }).info.abs_error,
          );
        }
      }
    }
  });

  it('rows and blocks have parameters of their own', () => {
    const { normal } = random(4);
    const rows = 40;
    const columns = 100;
    const x = Float32Array.from(
      { length: rows * columns },
      (_, i) => normal() * 2 ** (Math.floor(i / columns) % 10),
    );
    for (const more of [{}, { method: 'lloyd-max' }, { p: 2, levels: 'centroid' }] as const) {
      const options = { k: 4, beta: 1, ...more } as const;
      const q = fb.distributional.quantize(x, { ...options, axis: 0, shape: [rows, columns] });
      expect(q.info.shape).toEqual([rows, columns]);
      expect(q.info.locs).toHaveLength(rows);
      const decoded = fb.distributional.dequantize(q.data, structuredClone(q.info));
      for (let row = 0; row < rows; row += 7) {
        const alone = fb.distributional.quantize(x.subarray(row * columns, (row + 1) * columns), {
          ...options,
        });
        expect(q.info.scales?.[row]).toBe(alone.info.scale);
        expect(decoded.subarray(row * columns, (row + 1) * columns)).toEqual(
          fb.distributional.dequantize(alone.data, alone.info),
        );
      }
      const whole = fb.distributional.quantize(x, { ...options });
      expect(q.info.abs_error).toBeLessThan(whole.info.abs_error);
    }
    const q = fb.distributional.quantize(x, { k: 3, block: 64, dist: null });
    expect(q.info.scales).toHaveLength(Math.ceil(x.length / 64));
  });

  it('long arrays cross in pieces and give what short ones give', () => {
    const { normal } = random(5);
    const x = Float32Array.from({ length: 100_003 }, normal);
    for (const options of [
      { k: 3, beta: 1 },
      { k: 7, beta: 1 },
      { k: 10, beta: 1, dist: 'logistic' },
      { k: 3, beta: 1, block: 50 },
    ] as DistributionalOptions[]) {
      const q = fb.distributional.quantize(x, options);
      const plain = fb.distributional.quantize(x, { ...options, packbits: false });
      expect(fb.distributional.dequantize(q.data, q.info)).toEqual(
        fb.distributional.dequantize(plain.data, plain.info),
      );
      if (options.block) continue;
      const { thresholds } = fb.distributional.codebook(q.info);
      for (let i = 0; i < x.length; i += 997) {
        let code = 0;
        while (code < thresholds.length && (thresholds[code] as number) <= (x[i] as number)) ++code;
        expect(plain.data[i]).toBe(code);
      }
    }
  });

  it('k-means beats every other codebook on its own data, and encodes other data', () => {
    const { normal } = random(6);
    const x = Float32Array.from({ length: 20_000 }, () => normal() * (normal() > 0 ? 1 : 0.1));
    for (const k of [1, 4, 8]) {
      const fitted = fb.distributional.quantize(x, { k, method: 'kmeans' });
      for (const other of [
        { method: 'lloyd-max' },
        { method: 'lloyd-max', dist: 'laplace' },
        { p: 2, dist: null },
      ] as const) {
        const { info } = fb.distributional.quantize(x, { k, ...other });
        expect(fitted.info.mse).toBeLessThan(info.mse as number);
      }
      const decoded = fb.distributional.dequantize(fitted.data, structuredClone(fitted.info));
      expect(fb.compare(x, decoded).mse).toBeCloseTo(fitted.info.mse as number, 9);
      const { codebook } = fitted.info;
      if (!codebook) throw new Error('no codebook');
      const again = fb.distributional.quantize(x, { codebook });
      expect(again.data).toEqual(fitted.data);
      expect(fb.distributional.codebook(fitted.info)).toEqual(codebook);
    }
  });

  it('codebooks are those of theory', () => {
    const { codebook, meanSquaredError } = fb.distributional;
    const lloyd = codebook({ k: 2, method: 'lloyd-max' });
    expect(lloyd.levels[3]).toBeCloseTo(1.51, 3);
    expect(meanSquaredError(lloyd)).toBeCloseTo(0.117482, 6);
    const laplace = codebook({ k: 4, method: 'lloyd-max', dist: 'laplace' });
    expect(meanSquaredError(laplace, 'laplace')).toBeCloseTo(0.0153725, 7);
    expect(meanSquaredError(codebook({ n: 16, dist: 'gaussian', beta: 1 }))).toBeCloseTo(
      0.0105054,
      7,
    );
    expect(codebook({ n: 2, dist: 'exponential' }).thresholds[0]).toBeCloseTo(2 * Math.LN2, 6);
  });

  it('squared errors on a million Gaussian values are within 1% of the integral', () => {
    const { normal } = random(7);
    const x = Float32Array.from({ length: 1_000_000 }, normal);
    // Mean squared errors at 1 to 8 bits.
    for (const [options, expected] of [
      [
        { dist: 'gaussian', p: 1 },
        [0.38771, 0.124223, 0.0368682, 0.0105054, 0.00291905, 7.97327e-4, 2.15102e-4, 5.74865e-5],
      ],
      [
        { dist: 'gaussian', p: 2 },
        [0.50055, 0.151665, 0.0406132, 0.0104274, 0.00263523, 6.61822e-4, 1.65785e-4, 4.14829e-5],
      ],
      [
        { dist: 'gaussian', p: 2, levels: 'centroid' },
        [0.36338, 0.124359, 0.0362994, 0.0098074, 0.00255047, 6.50572e-4, 1.64318e-4, 4.1294e-5],
      ],
      [
        { method: 'lloyd-max' },
        [0.36338, 0.117482, 0.0345478, 0.00950101, 0.00250467, 6.4424e-4, 1.63478e-4, 4.11851e-5],
      ],
    ] as const) {
      for (const [i, mse] of expected.entries()) {
        const codebook = fb.distributional.codebook({ ...options, k: i + 1 });
        const analytic = fb.distributional.meanSquaredError(codebook);
        expect(Math.abs(analytic / mse - 1)).toBeLessThan(1e-5);
        const { data, info } = fb.distributional.quantize(x, { codebook });
        const sampled = fb.compare(x, fb.distributional.dequantize(data, info)).mse;
        expect(Math.abs(sampled / mse - 1)).toBeLessThan(0.01);
      }
    }
  });

  it('refuses what it cannot do', () => {
    const { quantize, dequantize, codebook } = fb.distributional;
    const x = new Float32Array(10).fill(1);
    const bad = Float32Array.of(1, 2, Number.NaN);
    expect(refused(() => quantize(bad, { k: 4 }))).toMatch(/^NON_FINITE: x\[2\]/);
    expect(refused(() => quantize(bad, { k: 4, block: 2 }))).toMatch(/^NON_FINITE: x\[2\]/);
    expect(refused(() => quantize(bad, { k: 4, method: 'kmeans' }))).toMatch(/^NON_FINITE: x\[2\]/);
    const tables = codebook({ k: 4 });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const x = Float32Array.of(1, -0, value, 3e38);
      expect(refused(() => quantize(x, { codebook: tables }))).toMatch(/^NON_FINITE: x\[2\]/);
    }
    const wrong = (options: unknown) =>
      refused(() => quantize(x, options as DistributionalOptions));
    for (const options of [
      undefined,
      {},
      { k: 4, n: 16 },
      { k: 17 },
      { n: 1 },
      { n: 65537 },
      { k: 4, dist: 'normal' },
      { k: 4, dist: 'laplace' },
      { k: 4, beta: 0 },
      { k: 4, beta: -1 },
      { k: 4, beta: Number.NaN },
      { k: 4, zero: 0 },
      { n: 15, zero: Number.POSITIVE_INFINITY },
      { k: 4, p: 3 },
      { k: 4, levels: 'mean' },
      { k: 9, method: 'lloyd-max' },
      { k: 9, method: 'kmeans' },
      { k: 4, method: 'kmeans', dist: 'gaussian' },
      { k: 4, method: 'lloyd-max', p: 1 },
      { k: 4, mode: 'reference', p: 2 },
      { k: 4, mode: 'reference', block: 4 },
      { k: 4, packbits: 1 },
      { k: 4, shape: [3, 3] },
      { k: 4, axis: 0 },
      { k: 4, axis: 1, shape: [2, 5] },
      { k: 4, bits: 4 },
      { codebook: { thresholds: Float32Array.of(1, 0), levels: new Float32Array(3) } },
      { codebook: { thresholds: [0], levels: [0, 1] } },
    ]) {
      expect(wrong(options), JSON.stringify(options)).toMatch(/^INVALID_ARGUMENT/);
    }
    // Rows of the largest length that a block may have, and no longer, even if there are none.
    for (const columns of [2 ** 28 + 1, 2 ** 40, Number.MAX_VALUE]) {
      expect(refused(() => quantize([], { k: 5, axis: 0, shape: [0, columns] }))).toMatch(
        /^INVALID_ARGUMENT: shape\[1\] must be an integer from 0 to 268435456/,
      );
    }
    const empty = quantize([], { k: 5, axis: 0, shape: [0, 2 ** 28] });
    expect(dequantize(empty.data, empty.info)).toEqual(new Float32Array(0));
    const q = quantize(x, { n: 5, packbits: false });
    expect(
      refused(() => dequantize(Uint8Array.from(q.data, Number).fill(5, 3, 4), q.info)),
    ).toMatch(/^CORRUPT_DATA: .*3/);
    expect(refused(() => dequantize(new Uint8Array(9), q.info))).toMatch(/^INVALID_ARGUMENT/);
    expect(refused(() => dequantize(new BigInt64Array(1), q.info))).toMatch(/^INVALID_ARGUMENT/);
    for (const info of [
      null,
      { ...q.info, scale: Number.NaN },
      { ...q.info, n: 0 },
      { ...q.info, beta: -1 },
      { ...q.info, n_elems: 1.5 },
      { ...q.info, dist: null },
      { ...q.info, block: 5 },
      { ...q.info, method: 'kmeans' },
    ]) {
      expect(
        refused(() => dequantize(q.data, info as unknown as typeof q.info)),
        JSON.stringify(info),
      ).toMatch(/^INVALID_ARGUMENT/);
    }
    expect(refused(() => codebook({ k: 4, block: 3 } as never))).toMatch(/^INVALID_ARGUMENT/);
  });
});

it.skipIf(variants.length < 2)('gives the same bytes in both variants', async () => {
  const [a, b] = await Promise.all([load({ variant: 'simd128' }), load({ variant: 'relaxed' })]);
  const { normal } = random(9);
  const x = Float32Array.from({ length: 20_001 }, normal);
  for (const options of [
    { k: 4 },
    { k: 8, dist: null },
    { n: 1000, dist: 'logistic' },
    { k: 5, method: 'kmeans' },
    { k: 4, method: 'lloyd-max', block: 32 },
    { k: 3, p: 2, levels: 'centroid', dist: 'gumbel' },
  ] as DistributionalOptions[]) {
    expect(a.distributional.quantize(x, options)).toEqual(b.distributional.quantize(x, options));
  }
});
