// The page on K-quantization: it prints what the demonstration printed.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { column, fact, root, usePage } from './harness.ts';

const golden = JSON.parse(
  readFileSync(path.join(root, 'tests/golden/affine-and-k/cases.json'), 'utf8'),
);

const opened = usePage('k-quantization');

test('prints the demonstration line for line as published', async () => {
  expect(
    await opened.page.locator('#demo samp').textContent(),
  ).toBe(`Original tensor of 256 random values between -5 and 5:
- [4.4640, 2.3434, 1.0826, -2.5315, 4.4279, 4.3040, -2.1526, -2.6482, ...]
- storage: 1024 bytes (256*4)

Quantized tensor:
- scale:      0.0450439
- zero_point: 0.326416
- subscales:  [13, 14, 14, 14, 14, 15, 14, 14]
- suboffsets: [14, 14, 14, 15, 13, 15, 14, 15]
- values:     [15, 11, 9, 3, 15, 15, 4, 3, 14, 2, 12, 3, 2, 8, 9, 0, ...]
- storage:    144 bytes (2+2+6+6+128)

Dequantized tensor:
- [4.2109, 1.8711, 0.6992, -2.8145, 4.2109, 4.2109, -2.2285, -2.8145, ...]
- Mean squared error: 0.0754133`);
  const all = golden.seed_readme_kquant.k_8ca1b07.mse_all;
  expect(Number(await fact(opened.page, '#demo', 'over all 256'))).toBeCloseTo(all, 6);
});

test('prints what the newest version prints with seed 1', async () => {
  const demo = opened.page.locator('#demo');
  await demo.getByRole('radio', { name: 'newest' }).check();
  await demo.getByRole('radio', { name: '1', exact: true }).check();
  const text = (await demo.locator('samp').textContent()) ?? '';
  const { subscales, suboffsets, q, mse_first8 } = golden.head_seed1.k_quantization;
  expect(text).toContain(`subscales:  [${subscales.join(', ')}]`);
  expect(text).toContain(`suboffsets: [${suboffsets.join(', ')}]`);
  expect(text).toContain(`values:     [${q.slice(0, 16).join(', ')}, ...]`);
  expect(text).toContain(`Mean squared error: ${Number(mse_first8.toPrecision(6))}`);
});

test('shows that the repairs gain, up to Q4_K', async () => {
  const mse = (await column(opened.page, '#gain', 2)).map(Number);
  expect(mse).toHaveLength(9);
  expect(mse[7]).toBeLessThan(mse[0] / 2);
  expect(mse[8]).toBeLessThan(mse[0] / 2);
  expect(opened.errors).toEqual([]);
});
