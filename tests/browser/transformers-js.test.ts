// The page on transformers.js: it shows its programs and the library's measurements.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { column, ready, root, usePage } from './harness.ts';

const opened = usePage('transformers-js');

const demo = () => opened.page.locator('#demo');
const texts = () => column(opened.page, '#demo', 1);
const caption = () => demo().locator('caption').textContent();

async function search(query: string): Promise<string[]> {
  await demo().getByLabel('Search for').fill(query);
  await demo().getByRole('button', { name: 'Search' }).click();
  await expect.poll(caption).toContain(`“${query}”`);
  return texts();
}

test('prints the files that run, as they are', async () => {
  for (const name of ['recipe', 'use', 'worker', 'client', 'keep', 'signs', 'int8']) {
    const file = path.join(root, `site/pages/transformers-js/recipe/${name}.js`);
    const shown = await opened.page.getByRole('region', { name: `${name}.js` }).textContent();
    expect(shown).toBe(readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trimEnd());
  }
});

test('the demo finds texts by meaning, and takes more of them', async () => {
  expect((await texts())[0]).toBe('Snow fell on the mountains all night');
  expect((await search('astronaut'))[0]).toBe('Rockets carry satellites into space');
  await demo()
    .getByLabel('Texts to add')
    .fill('A penguin lives on ice\n\n  A bowl of hot soup  \n');
  await demo().getByRole('button', { name: 'Add' }).click();
  await demo().getByText('Added 2 texts.').first().waitFor();
  expect(await demo().getByLabel('Texts to add').inputValue()).toBe('');
  expect((await search('noodles'))[0]).toBe('A bowl of hot soup');
  expect(await caption()).toContain('of 12 texts');
});

test('says what is wrong and goes on', async () => {
  const alert = demo().getByRole('alert');
  await demo().getByLabel('Texts to add').fill('A bowl of hot soup');
  await demo().getByLabel('Texts to add').press('Tab');
  await opened.page.keyboard.press('Enter');
  await expect.poll(() => alert.textContent()).toContain('is in the index');
  await demo().getByLabel('Search for').fill('xyzzy');
  await opened.page.keyboard.press('Enter');
  await expect.poll(() => alert.textContent()).toContain('no emoji has a word of “xyzzy”');
  expect((await search('hospital'))[0]).toBe('The doctor looked at my broken arm');
  expect(await alert.count()).toBe(0);
});

test('bytes and errors fall and rise with the bits', async () => {
  await ready(opened.page);
  const bytes = (await column(opened.page, '#widths', 2)).map((text) =>
    Number(text.replace(',', '')),
  );
  expect(bytes[5]).toBe(4 * 384);
  [8, 4, 2, 1, 9].forEach((bits, i) => {
    expect(bytes[i]).toBeGreaterThanOrEqual(48 * bits);
    expect(bytes[i]).toBeLessThanOrEqual(48 * bits + 8);
  });
  // Multiplied by the square root of the dimensions: the errors of Lloyd-Max codes of random vectors.
  const errors = (await column(opened.page, '#widths', 4)).map(
    (text) => Number(text) * Math.sqrt(384),
  );
  expect(errors[0]).toBeLessThan(0.012);
  expect(errors[1]).toBeGreaterThan(0.08);
  expect(errors[1]).toBeLessThan(0.1);
  expect(errors[2]).toBeCloseTo(0.3649, 1);
  expect(errors[3]).toBeCloseTo(0.7555, 1);
  expect(errors[4]).toBeLessThan(0.012);
  expect(opened.errors).toEqual([]);
});
