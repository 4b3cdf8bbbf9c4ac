// Both published versions of the K-quantization demo.

import { float32, same } from './compare.mjs';

const VERSIONS = { first: 'k_8ca1b07', latest: 'k_quantization' };

export async function kquant({ fb, json, test }) {
  const cases = await json('affine-and-k/cases.json');
  for (const name of ['seed_readme_affine', 'seed_readme_kquant', 'head_seed1']) {
    for (const [version, key] of Object.entries(VERSIONS)) {
      await test(`${name}, ${version}`, () => {
        const expected = cases[name][key];
        const block = fb.kquant.quantize(float32(cases[name].t_bits), { version });
        same('scale', block.scale, expected.scale_f16);
        same('zero point', block.zeroPoint, expected.zero_f16);
        same('subscales', block.subscales, expected.subscales);
        same('suboffsets', block.suboffsets, expected.suboffsets);
        same('codes', block.codes, expected.q);
        same('dequantized', block.dequantized, expected.deq);
        same('error of 8', block.mseFirst8, Math.fround(expected.mse_first8));
      });
    }
  }
}
