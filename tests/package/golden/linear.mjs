// The worked example of the symmetric and asymmetric post, to its last printed digit.

import { printsAs, same } from './compare.mjs';

export async function linear({ fb, json, test }) {
  const golden = await json('linear/cases.json');
  const x = Float32Array.from(golden.values);
  for (const scheme of ['symmetric', 'asymmetric']) {
    const expected = golden[scheme];
    await test(scheme, () => {
      const q = fb.uniform.quantize(x, { bits: golden.bits, scheme });
      same('scale', q.scales, [expected.scale]);
      if (scheme === 'asymmetric') same('zero point', q.zeroPoints, [expected.zero_point]);
      same('codes', fb.uniform.codes(q), expected.q);
      const back = fb.uniform.dequantize(q);
      for (const [i, value] of back.entries()) {
        same(`dequantized[${i}]`, Number(value.toFixed(4)), expected.dequantized_printed[i]);
      }
      // A float32 mean, summed in a different order: off by one unit in the last place.
      const { mse } = fb.compare(x, back);
      same('mse', Math.abs(mse / expected.mse - 1) < 2 ** -23, true);
      printsAs('mse', mse, Number(expected.mse.toFixed(6)));
    });
  }
}
