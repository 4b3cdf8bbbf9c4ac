// The page on affine blocks: it prints what the demonstration printed.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { column, root, usePage } from './harness.ts';

const golden = JSON.parse(
  readFileSync(path.join(root, 'tests/golden/affine-and-k/cases.json'), 'utf8'),
);

const opened = usePage('affine-blocks');

const printed = () => opened.page.locator('#demo samp').textContent();

test('prints the demonstration line for line as published', async () => {
  expect(await printed()).toBe(`Original tensor of 256 random values between -5 and 5:
- [4.0744, -1.8795, 1.4729, -2.1683, -4.5729, 3.8113, -0.5243, 2.2338, ...]
- storage: 1024 bytes (256*4)

Quantizing as 8 bits:
  Quantized tensor:
  - scale:      0.0388489
  - zero_point: -4.90625
  - values:     [231, 77, 164, 70, 8, 224, 112, 183, ...]
  - storage:    288 bytes (8*(2+2+32*8/8))
  Dequantized tensor:
  - [4.0678, -1.9149, 1.4650, -2.1868, -4.5955, 3.7959, -0.5552, 2.2031, ...]
  - Mean squared error: 0.000402794

Quantizing as 4 bits:
  Quantized tensor:
  - scale:      0.660645
  - zero_point: -4.90625
  - values:     [13, 4, 9, 4, 0, 13, 6, 10, ...]
  - storage:    160 bytes (8*(2+2+32*4/8))
  Dequantized tensor:
  - [3.6821, -2.2637, 1.0396, -2.2637, -4.9062, 3.6821, -0.9424, 1.7002, ...]
  - Mean squared error: 0.11608`);
});

test('prints what the newest version prints with seed 1', async () => {
  await opened.page.locator('#demo').getByRole('radio', { name: /^1,/ }).check();
  const text = (await printed()) ?? '';
  for (const bits of [8, 4]) {
    const { scale_f16, zero_f16, q, mse } = golden.head_seed1[`block32_${bits}bit`];
    expect(text).toContain(`scale:      ${Number(scale_f16[0].toPrecision(6))}`);
    expect(text).toContain(`zero_point: ${Number(zero_f16[0].toPrecision(6))}`);
    expect(text).toContain(`[${q.slice(0, 8).join(', ')}, ...]`);
    expect(text).toContain(`Mean squared error: ${Number(mse.toPrecision(6))}`);
  }
});

test('shows that rounding gains about six decibels', async () => {
  const { page, errors } = opened;
  const [truncated, rounded] = (await column(page, '#gain .numbers-table', 2)).map(Number);
  expect(truncated / rounded).toBeGreaterThan(3);
  expect(truncated / rounded).toBeLessThan(5);
  expect(errors).toEqual([]);
});
