// The page on symmetric and asymmetric quantization: it shows what the formulas give.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { column, fact, root, usePage } from './harness.ts';

const golden = JSON.parse(readFileSync(path.join(root, 'tests/golden/linear/cases.json'), 'utf8'));

const opened = usePage('symmetric-asymmetric');

const four = (x: number) => x.toFixed(4);

describe.each(['symmetric', 'asymmetric'])('%s', (scheme) => {
  test('shows every number that the worked example prints', async () => {
    const part = `[data-scheme="${scheme}"]`;
    const { scale, zero_point = 0, q, dequantized_printed, mse } = golden[scheme];
    expect(await column(opened.page, part, 1)).toEqual(golden.values.map(four));
    expect(await column(opened.page, part, 2)).toEqual(q.map(String));
    expect(await column(opened.page, part, 3)).toEqual(dequantized_printed.map(four));
    const facts = await opened.page.locator(`${part} dd`).allTextContents();
    expect(facts).toContain(String(scale));
    expect(facts).toContain(String(zero_point));
    expect(facts).toContain(String(mse));
  });
});

test('follows the bits and the numbers, and says what is wrong with them', async () => {
  const { page, errors } = opened;
  const worked = page.locator('#worked');
  const slider = worked.getByRole('slider', { name: 'Bits' });
  await slider.focus();
  for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowLeft');
  expect(await slider.inputValue()).toBe('4');
  expect((await column(page, '[data-scheme="asymmetric"]', 2)).map(Number)).toSatisfy(
    (codes: number[]) => codes.every((code) => code >= 0 && code <= 15),
  );
  const field = worked.getByRole('textbox', { name: 'Numbers' });
  await field.fill('1, 2, three');
  expect(await worked.getByRole('alert').textContent()).toContain('three');
  await field.fill('1, Infinity');
  expect(await worked.getByRole('alert').textContent()).toContain('x[1]');
  await field.fill('');
  expect(await worked.getByRole('alert').count()).toBe(0);
  await worked.getByRole('button', { name: 'The example again' }).click();
  expect(await column(page, '[data-scheme="symmetric"]', 2)).toEqual(
    golden.symmetric.q.map(String),
  );
  expect(errors).toEqual([]);
});

test('the outputs of the integer layer follow from the integers shown', async () => {
  const { page } = opened;
  const codes = (await fact(page, '#linear', 'codes of the input')).split(' ').map(Number);
  const scale = Number(await fact(page, '#linear', 'scale'));
  const zeroPoint = Number(await fact(page, '#linear', 'zero point z'));
  const rows = await page
    .locator('[aria-label^="Codes of the weights"] tbody tr')
    .evaluateAll((all) =>
      all.map((row) => [...row.children].map((cell) => Number(cell.textContent))),
    );
  const dot = (row: number[]) => row.reduce((sum, w, i) => sum + w * codes[i], 0);
  const result = '[aria-label^="The integer sums"]';
  expect((await column(page, result, 3)).map(Number)).toEqual(rows.map(dot));
  const rowScales = (await column(page, result, 1)).map(Number);
  const outputs = (await column(page, result, 4)).map(Number);
  const floats = (await column(page, result, 5)).map(Number);
  const noBias = rows.map(
    (row, i) => scale * rowScales[i] * (dot(row) - zeroPoint * row.reduce((sum, w) => sum + w, 0)),
  );
  // The bias is between -50 and 50.
  for (const [i, output] of outputs.entries())
    expect(Math.abs(output - noBias[i])).toBeLessThan(51);
  for (const [i, output] of outputs.entries()) expect(Math.abs(output - floats[i])).toBeLessThan(6);
});
