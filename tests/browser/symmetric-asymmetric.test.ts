import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, open, root, serveSite } from './harness.ts';

const golden = JSON.parse(readFileSync(path.join(root, 'tests/golden/linear/cases.json'), 'utf8'));

let site: Awaited<ReturnType<typeof serveSite>>;
let chromium: Awaited<ReturnType<typeof launch>>;
let opened: Awaited<ReturnType<typeof open>>;

beforeAll(async () => {
  site = await serveSite();
  chromium = await launch();
  opened = await open(chromium.browser, `${site.address}pages/symmetric-asymmetric/`);
});

afterAll(async () => {
  await chromium.close();
  await site.close();
});

/** The cells of a column of the first table in `part`. */
const column = (part: string, index: number) =>
  opened.page
    .locator(`${part} tbody tr :nth-child(${index})`)
    .evaluateAll((cells) => cells.map((cell) => cell.textContent));

const four = (x: number) => x.toFixed(4);

describe.each(['symmetric', 'asymmetric'])('%s', (scheme) => {
  test('shows every number that the worked example prints', async () => {
    const part = `[data-scheme="${scheme}"]`;
    const { scale, zero_point = 0, q, dequantized_printed, mse } = golden[scheme];
    expect(await column(part, 1)).toEqual(golden.values.map(four));
    expect(await column(part, 2)).toEqual(q.map(String));
    expect(await column(part, 3)).toEqual(dequantized_printed.map(four));
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
  expect((await column('[data-scheme="asymmetric"]', 2)).map(Number)).toSatisfy((codes: number[]) =>
    codes.every((code) => code >= 0 && code <= 15),
  );
  const field = worked.getByRole('textbox', { name: 'Numbers' });
  await field.fill('1, 2, three');
  expect(await worked.getByRole('alert').textContent()).toContain('three');
  await field.fill('1, Infinity');
  expect(await worked.getByRole('alert').textContent()).toContain('x[1]');
  await field.fill('');
  expect(await worked.getByRole('alert').count()).toBe(0);
  await worked.getByRole('button', { name: 'The example again' }).click();
  expect(await column('[data-scheme="symmetric"]', 2)).toEqual(golden.symmetric.q.map(String));
  expect(errors).toEqual([]);
});
