// The page on int4: it prints what the package printed.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { column, fact, root, usePage } from './harness.ts';

const golden = JSON.parse(readFileSync(path.join(root, 'tests/golden/int4/cases.json'), 'utf8'));

const opened = usePage('int4');

/** The line of the output that starts with `name`. */
async function printed(name: string): Promise<string> {
  const text = (await opened.page.locator('#run samp').textContent()) ?? '';
  const line = text.split('\n').find((one) => one.startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim() ?? '';
}

const listed = (numbers: number[]) => `[${numbers.join(', ')}]`;

test('prints what the original prints, for every case', async () => {
  const { page } = opened;
  for (const one of golden.cases) {
    await page.locator('#run').getByRole('textbox').fill(listed(one.input));
    await page.locator('#run').getByRole('radio', { name: one.scale_method }).check();
    expect(await printed('Quantized values (int4)')).toBe(listed(one.q));
    expect(await printed('Zero point')).toBe('0');
    if (one.scale) expect(Number(await printed('Scale factor'))).toBeCloseTo(one.scale, 6);
    if (one.packed_int8)
      expect(await printed('Packed values (int8)')).toBe(listed(one.packed_int8));
    if (one.packed_hex) {
      expect((await printed('Packed, in hex')).replaceAll(' ', '')).toBe(one.packed_hex);
    }
    if (one.mean_absolute_error) {
      expect(await printed('Mean absolute error')).toBe(String(one.mean_absolute_error));
    }
    if (one.max_absolute_error) {
      expect(await printed('Max absolute error')).toBe(String(one.max_absolute_error));
    }
  }
});

test('shows that minmax does not cover data on one side, and that a zero point does', async () => {
  const { page } = opened;
  expect(await column(page, '[aria-label^="Codes"]', 2)).toEqual(['7', '7', '7']);
  const errors = await column(page, '[aria-label="Error"]', 3);
  expect(errors.map(Number)[0]).toBeGreaterThan(2);
  expect(errors.map(Number)[2]).toBeLessThan(0.11);
});

test('packs bit by bit', async () => {
  const { page, errors } = opened;
  const { values, packed_int8 } = golden.pack[0];
  expect(await fact(page, '#pack', 'packed')).toBe(listed(packed_int8));
  expect(await fact(page, '#pack', 'unpacked')).toBe(listed(values));
  const byte = page.locator('#pack tbody tr').first().locator('td').nth(4).getByRole('img');
  expect(await byte.getAttribute('aria-label')).toBe('11001000');
  const field = page.locator('#pack').getByRole('textbox');
  await field.fill('1 2 3');
  expect(await fact(page, '#pack', 'packed')).toBe('[33, 3]');
  await field.fill('8');
  expect(await page.locator('#pack').getByRole('alert').textContent()).toContain('8');
  expect(errors).toEqual([]);
});
