// Matrix products and the quantized layer through the package.

import { describe, expect, it } from 'vitest';
import { builds, expectError, noise } from '../support/builds.ts';

const f32 = Math.fround;

/** Shapes around the sizes of tiles, panels and whole bytes of weights. */
const LAYERS: [batch: number, inputs: number, outputs: number][] = [
  [1, 1, 1],
  [3, 7, 5],
  [5, 33, 9],
  [2, 3000, 131],
];

describe.each(await builds())('linear, $variant', (fb) => {
  it('products are the sums of integers', () => {
    const [m, n, k] = [5, 7, 37];
    const a = Int8Array.from({ length: m * k }, (_, i) => (i % 3 === 0 ? -128 : i * 91));
    const b = Int8Array.from({ length: n * k }, (_, i) => (i % 5 === 0 ? -128 : i * 57));
    for (const left of [a, new Uint8Array(a.buffer)]) {
      const expected = Array.from({ length: m * n }, (_, at) => {
        let sum = 0;
        for (let p = 0; p < k; p++) sum += left[Math.floor(at / n) * k + p] * b[(at % n) * k + p];
        return sum;
      });
      expect(Array.from(fb.linear.matmul(left, b, { m, n, k }))).toEqual(expected);
    }
    expectError('INVALID_ARGUMENT', /^b must hold 7 rows of 36 values, got 259/, () =>
      fb.linear.matmul(a.subarray(0, 5 * 36), b, { m, n, k: 36 }),
    );
  });

  describe.each(LAYERS)('batch %i, %i inputs, %i outputs', (batch, inputs, outputs) => {
    const weights = noise(outputs * inputs);
    const x = noise(batch * inputs + 1, 1, 2).subarray(1);
    const bias = noise(outputs + 2, 1, 3).subarray(2);

    it.each(['symmetric', 'asymmetric'] as const)('%s activations: exact integers', (scheme) => {
      for (const weightBits of [8, 4] as const) {
        const shape = [outputs, inputs] as const;
        const layer = fb.linear.create({ weights, shape, bias, weightBits, activations: scheme });
        const y = layer.forward(x, batch);
        const q = fb.uniform.quantize(x, { bits: 8, scheme, axis: 0, shape: [batch, inputs] });
        const codes = fb.uniform.codes(q);
        for (let i = 0; i < batch; i++) {
          for (let j = 0; j < outputs; j++) {
            const scale = f32(q.scales[i] * layer.weightScales[j]);
            let sum = Math.round(f32(bias[j] / scale));
            for (let p = 0; p < inputs; p++) {
              const level = codes[i * inputs + p] - (q.zeroPoints?.[i] ?? 0);
              sum += level * layer.weights[j * inputs + p];
            }
            expect(y[i * outputs + j]).toBe(f32(f32(sum) * scale));
          }
        }
      }
    });
  });

  it('random layers are near the float product', () => {
    const [batch, inputs, outputs] = [32, 384, 96];
    const weights = noise(outputs * inputs);
    const x = noise(batch * inputs + 5, 1, 2).subarray(5);
    const float = fb.linear.matmulFloat(x.slice(), weights, { m: batch, n: outputs, k: inputs });
    const sqnr = (weightBits: 8 | 4) => {
      const layer = fb.linear.create({ weights, shape: [outputs, inputs], weightBits });
      return fb.compare(float, layer.forward(x, batch)).sqnrDb;
    };
    const [eight, four] = [sqnr(8), sqnr(4)];
    console.log(`layer against floats: ${eight.toFixed(1)} dB at 8 bits, ${four.toFixed(1)} at 4`);
    expect(eight).toBeGreaterThan(30);
    expect(four).toBeGreaterThan(12);
  });
});
