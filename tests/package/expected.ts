// The results that programs using the package must report.

import { expect } from 'vitest';

const f32 = Math.fround;

function roundToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The results of consumers/check.mjs, in plain arithmetic. */
function expected() {
  const x = Float32Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 1000) / 500 - 1);
  const codes: number[] = new Array(500).fill(0);
  let [squared, absolute, maxAbs] = [0, 0, 0];
  for (let start = 0; start < x.length; start += 32) {
    const block = x.subarray(start, start + 32);
    const scale = f32(Math.max(...block.map(Math.abs)) / 7);
    for (const [i, value] of block.entries()) {
      const code = Math.min(7, Math.max(-8, roundToEven(f32(value / scale))));
      codes[(start + i) >> 1] |= (code & 15) << (4 * ((start + i) % 2));
      const difference = Math.abs(value - f32(code * scale));
      squared += difference ** 2;
      absolute += difference;
      maxAbs = Math.max(maxAbs, difference);
    }
  }
  return { codes, mse: squared / 1000, mae: absolute / 1000, maxAbs };
}

/** Expects that every build gave the codes of plain arithmetic; `relaxed`: whether that build was to run. */
export function expectRight(results: Record<string, Record<string, unknown>>, relaxed: boolean) {
  const { codes, mse, mae, maxAbs } = expected();
  const variants = { default: relaxed ? 'relaxed' : 'simd128', simd128: 'simd128' };
  expect(Object.keys(results).sort()).toEqual(
    relaxed ? ['default', 'relaxed', 'simd128'] : ['default', 'simd128'],
  );
  for (const [name, result] of Object.entries(results)) {
    expect(result.variant).toBe({ ...variants, relaxed: 'relaxed' }[name]);
    expect(result.codes).toEqual(codes);
    expect(result.mse).toBeCloseTo(mse, 12);
    expect(result.mae).toBeCloseTo(mae, 12);
    expect(result.maxAbs).toBe(maxAbs);
  }
}
