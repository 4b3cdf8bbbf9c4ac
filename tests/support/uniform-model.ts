// A model of uniform quantization, written from its formulas one float32 step at a time, for data without the
// edge cases that the header of uniform.h lists.

import type { UniformOptions } from 'fewbits';

const f32 = Math.fround;

const ROUND = {
  nearest: (x: number) => {
    const floor = Math.floor(x);
    if (x - floor !== 0.5) return Math.round(x);
    return floor % 2 === 0 ? floor : floor + 1;
  },
  truncate: Math.trunc,
  floor: Math.floor,
};

export interface Modelled {
  codes: number[];
  scales: number[];
  values: Float32Array;
}

/** The block that each value belongs to. */
export function blockOf(o: UniformOptions, length: number): (i: number) => number {
  const columns = o.shape?.[1] ?? 1;
  if (o.axis === 1) return (i) => i % columns;
  const block = o.axis === 0 ? columns : (o.block ?? length);
  return (i) => Math.floor(i / block);
}

export function model(x: Float32Array, o: UniformOptions): Modelled {
  const { bits = 8, scheme = 'symmetric', rounding = 'nearest' } = o;
  const block = blockOf(o, x.length);
  const ranges: { min: number; max: number }[] = [];
  for (const [i, value] of x.entries()) {
    ranges[block(i)] ??= { min: Infinity, max: -Infinity };
    const range = ranges[block(i)];
    range.min = Math.min(range.min, value);
    range.max = Math.max(range.max, value);
  }
  const top = scheme === 'symmetric' ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const bottom = scheme === 'symmetric' ? -(2 ** (bits - 1)) : 0;
  const blocks = ranges.map(({ min, max }) => {
    const width = scheme === 'symmetric' ? Math.max(-min, max) : f32(max - min);
    const scale = f32(width / top);
    return {
      scale,
      zeroPoint: scheme === 'asymmetric' ? ROUND.nearest(f32(-min / scale)) : 0,
      minimum: scheme === 'affine' ? min : 0,
    };
  });
  const codes: number[] = [];
  const values = new Float32Array(x.length);
  for (const [i, value] of x.entries()) {
    const { scale, zeroPoint, minimum } = blocks[block(i)];
    const steps = ROUND[rounding](f32(f32(value - minimum) / scale));
    const code = Math.min(top, Math.max(bottom, steps + zeroPoint));
    codes.push(code + 0);
    values[i] = f32(f32((code - zeroPoint) * scale) + minimum);
  }
  return { codes, scales: blocks.map(({ scale }) => scale), values };
}
