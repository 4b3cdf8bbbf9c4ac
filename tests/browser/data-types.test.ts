// The page on data types: bits can be set and numbers typed, and both agree.

import { beforeEach, expect, test } from 'vitest';
import { column, fact, usePage } from './harness.ts';

const opened = usePage('data-types');

const part = () => opened.page.locator('#bits');
const bits = async () => (await part().getByRole('toolbar').textContent())?.replaceAll(/\s/g, '');
const stored = () => fact(opened.page, '#bits', 'stored number');
const type = (name: string) => part().getByRole('combobox', { name: 'Type' }).selectOption(name);
const enter = (text: string) => part().getByRole('textbox', { name: 'Number' }).fill(text);

beforeEach(() => type('f32'));

// Bit patterns from IEEE 754 and two's complement.
test.each([
  ['f32', '0.15625', '00111110001000000000000000000000', '0.15625'],
  ['f32', '-0', '10000000000000000000000000000000', '-0'],
  ['f16', '65504', '0111101111111111', '65504'],
  ['f16', '1e6', '0111110000000000', 'Infinity'],
  ['f16', '6e-8', '0000000000000001', '5.960464477539063e-8'],
  ['bf16', '3.14159265', '0100000001001001', '3.140625'],
  ['f64', '1', `0011111111110${'0'.repeat(51)}`, '1'],
  ['int8', '-128', '10000000', '-128'],
  ['int8', '1000', '01111111', '127'],
  ['uint8', '-3', '00000000', '0'],
  ['int16', '-2', '1111111111111110', '-2'],
  ['int64', '9223372036854775807', `0${'1'.repeat(63)}`, '9223372036854775807'],
])('%s holds %s', async (name, text, pattern, value) => {
  await type(name);
  await enter(text);
  expect(await bits()).toBe(pattern);
  expect(await stored()).toBe(value);
});

test('bits can be turned with the mouse and with the keyboard', async () => {
  const { page } = opened;
  await enter('1');
  await part().getByRole('button', { name: '0, bit 31, sign' }).click();
  expect(await stored()).toBe('-1');
  await page.keyboard.press('ArrowRight');
  expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toBe('0, bit 30, exponent');
  await page.keyboard.press('Enter');
  expect(await stored()).toBe('-Infinity');
  await page.keyboard.press('End');
  await page.keyboard.press('Space');
  expect(await stored()).toBe('NaN');
  expect(await fact(page, '#bits', 'it is')).toBe('not a number');
});

test('says what is wrong with what was typed', async () => {
  await enter('one');
  expect(await part().getByRole('alert').textContent()).toContain('one');
  await enter('2');
  expect(await stored()).toBe('2');
});

test('shows one number in every type, and the ranges', async () => {
  const { page, errors } = opened;
  expect(await column(page, '#compare', 2)).toEqual([
    '3.14159265',
    '3.1415927410125732',
    '3.140625',
    '3.140625',
    ...Array(5).fill('3'),
  ]);
  const largest = await column(page, '[aria-label="Floats"]', 4);
  expect(largest).toEqual(['1.79769e+308', '3.40282e+38', '65504', '3.38953e+38']);
  expect(await column(page, '[aria-label="Integers"]', 4)).toEqual([
    '127',
    '255',
    '32767',
    '2147483647',
    '9223372036854775807',
  ]);
  expect(errors).toEqual([]);
});
