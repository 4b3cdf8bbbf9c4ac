import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { column, openPage, root } from './harness.ts';

const golden = JSON.parse(readFileSync(path.join(root, 'tests/golden/linear/cases.json'), 'utf8'));

let opened: Awaited<ReturnType<typeof openPage>>;

beforeAll(async () => {
  opened = await openPage('symmetric-asymmetric');
});

afterAll(() => opened.close());

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
