// The affine part of the affine and K-quantization demo: codes from the float32 scale, truncated instead of
// rounded, with scale and minimum stored as float16.

import { bitsOf, float32, same, sequentialMse } from './compare.mjs';

const CASES = {
  block32_8bit: { bits: 8, block: 32 },
  block32_4bit: { bits: 4, block: 32 },
  whole_8bit: { bits: 8 },
  whole_4bit: { bits: 4 },
};

export async function affine({ fb, json, test }) {
  const tensors = await json('affine-and-k/cases.json');
  const quantize = (x, how) =>
    fb.uniform.quantize(x, {
      ...how,
      scheme: 'affine',
      rounding: 'truncate',
      scaleType: 'f16',
      mode: 'reference',
    });
  for (const [name, tensor] of Object.entries(tensors)) {
    const x = float32(tensor.t_bits);
    for (const [key, how] of Object.entries(CASES)) {
      const golden = tensor[key];
      if (golden === undefined) continue;
      await test(`${name}, ${key}`, () => {
        const q = quantize(x, how);
        same('scales', q.scales, golden.scale_f16);
        same('minima', q.minima, golden.zero_f16);
        same('codes', fb.uniform.codes(q), golden.q);
        const back = fb.uniform.dequantize(q);
        same('dequantized bits', bitsOf(back), golden.deq_bits);
        same('mse', sequentialMse(x, back), golden.mse);
      });
    }
  }
  const x = float32(tensors.seed_readme_affine.t_bits);
  for (const [bits, bytes, first] of [
    [8, 288, [231, 77, 164, 70, 8, 224, 112, 183]],
    [4, 160, [13, 4, 9, 4, 0, 13, 6, 10]],
  ]) {
    await test(`the demo's printed line at ${bits} bits`, () => {
      const q = quantize(x, { bits, block: 32 });
      same('bytes', q.byteLength, bytes);
      same('codes', fb.uniform.codes(q).subarray(0, 8), first);
    });
  }
}
