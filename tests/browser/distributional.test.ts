// The page on distributional quantizers: it shows the library's own numbers.

import { type Fewbits, load } from 'fewbits';
import { writeNpy } from 'fewbits/io';
import { beforeAll, expect, test } from 'vitest';
import { draw } from '../../site/pages/distributional/sources.ts';
import { useFolder } from '../support/folders.ts';
import { fact, ready, usePage } from './harness.ts';

const files = useFolder();
const opened = usePage('distributional');
let fb: Fewbits;

beforeAll(async () => {
  fb = await load();
});

const part = (id: string) => opened.page.locator(`#${id}`);
const shown = (name: string) => fact(opened.page, '#choose', name);
const pick = (label: string, value: string) =>
  part('choose').getByRole('combobox', { name: label }).selectOption(value);

/** Patience for a computed fact, on a machine that may be busy. */
const PATIENCE = { timeout: 20_000 };
const computed = (name: string) => expect.poll(async () => Number(await shown(name)), PATIENCE);

/** The texts of a column of the simulation's table, found by its heading. */
async function curve(source: string, head: string): Promise<number[]> {
  const all = part('simulate').locator(`[data-source="${source}"] .numbers-table`);
  const heads = await all.locator('thead th').allTextContents();
  const cells = all.locator(`tbody tr > :nth-child(${heads.indexOf(head) + 1})`);
  return (await cells.allTextContents()).map((text) => (text === '–' ? Number.NaN : Number(text)));
}

test('the errors, parameters and cells are the library’s own', async () => {
  const x = draw('gaussian', 100_000);
  const { data, info } = fb.distributional.quantize(x, { k: 4, dist: 'gaussian' });
  const error = fb.compare(x, fb.distributional.dequantize(data, info));
  expect(Number(await shown('mean absolute error'))).toBeCloseTo(error.mae, 6);
  expect(Number(await shown('mean squared error'))).toBeCloseTo(error.mse, 6);
  expect(Number(await shown('β'))).toBeCloseTo(info.beta, 4);
  expect(await shown('stored')).toBe('50 kB');
  const levels = await part('choose').locator('tbody tr > :nth-child(3)').allTextContents();
  const { levels: expected } = fb.distributional.codebook(info);
  expect(levels).toHaveLength(16);
  for (const [i, text] of levels.entries()) expect(Number(text)).toBeCloseTo(expected[i], 4);
});

test('every method gives what the library gives; the fitted one beats even levels', async () => {
  const x = draw('logistic', 100_000);
  await pick('Or values drawn here', 'logistic');
  for (const [method, assumed, options] of [
    ['squared', 'logistic', { dist: 'logistic', p: 2 }],
    ['centroid', 'auto', { dist: null, p: 2, levels: 'centroid' }],
    ['cdf', 'cauchy', { dist: 'cauchy_cdf' }],
    ['lloyd-max', 'laplace', { dist: 'laplace', method: 'lloyd-max', beta: null }],
    ['kmeans', '', { method: 'kmeans' }],
  ] as const) {
    await pick('Levels', method);
    if (assumed) await pick('Values are taken to be', assumed);
    const { mse = 0 } = fb.distributional.quantize(x, { k: 4, ...options }).info;
    await computed('mean squared error').toBeCloseTo(mse, 5);
  }
  const best = Number(await shown('mean squared error'));
  await pick('Levels', 'uniform');
  await computed('mean squared error').toBeGreaterThan(best);
});

test('a file of one’s own, and what is wrong with one', async () => {
  const x = Float32Array.from({ length: 5000 }, (_, i) => Math.exp(Math.sin(i)));
  const give = async (name: string, bytes: Uint8Array) => {
    const input = part('choose').locator('input[type="file"]');
    await input.setInputFiles(files.write(name, bytes));
  };
  await give('own.npy', writeNpy({ data: x }));
  await expect.poll(() => shown('array'), PATIENCE).toBe('own');
  await pick('Levels', 'kmeans');
  const { mse = 0 } = fb.distributional.quantize(x, { k: 4, method: 'kmeans' }).info;
  await computed('mean squared error').toBeCloseTo(mse, 6);
  x[7] = Number.NaN;
  await give('holes.npy', writeNpy({ data: x }));
  const alert = part('choose').getByRole('alert');
  await alert.waitFor();
  expect(await alert.textContent()).toContain('x[7]');
});

test('the simulations agree with theory', async () => {
  await ready(opened.page);
  // The limit of n E|error|; at 8 bits it is reached within the noise of 100,000 values.
  for (const [source, limit] of [
    ['gaussian', Math.sqrt(8 * Math.PI) / 4],
    ['logistic', Math.PI ** 2 / 4],
    ['gumbel', Math.PI / 2],
    ['exponential', 1],
  ] as const) {
    const errors = await curve(source, 'distributional');
    expect(errors).toHaveLength(20);
    expect(Math.abs((256 * errors[7]) / limit - 1)).toBeLessThan(0.02);
    expect(errors.slice(0, 16).every((error, i) => i === 0 || error < errors[i - 1])).toBe(true);
    expect(errors.slice(16)).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    const uniform = await curve(source, 'uniform');
    for (let i = 1; i < 12; i++) expect(errors[i]).toBeLessThan(uniform[i]);
    expect(new Set(await curve(source, 'float16')).size).toBe(1);
  }
  await part('simulate').getByRole('radio', { name: 'squared' }).check();
  const lloyd = await curve('gaussian', 'Lloyd-Max');
  const published = [
    0.36338, 0.117482, 0.0345478, 0.00950101, 0.00250467, 6.4424e-4, 1.63478e-4, 4.11851e-5,
  ];
  for (const [i, mse] of published.entries()) {
    expect(Math.abs(lloyd[i] / mse - 1)).toBeLessThan(0.02);
  }
  expect(lloyd.slice(8).every(Number.isNaN)).toBe(true);
  const bound = await curve('gaussian', 'Shannon bound');
  expect(bound.every((mse, i) => Math.abs(mse * 4 ** (i + 1) - 1) < 1e-3)).toBe(true);
  for (const [i, mse] of (await curve('gaussian', 'distributional')).slice(0, 16).entries()) {
    expect(mse).toBeGreaterThan(bound[i]);
  }
});

test('the simulation can be cancelled and run again', async () => {
  const run = part('simulate').getByRole('button', { name: 'Run again' });
  await run.click();
  await part('simulate').getByRole('progressbar').waitFor();
  await part('simulate').getByRole('button', { name: 'Cancel' }).click();
  await part('simulate').getByText('Cancelled.').first().waitFor();
  await run.click();
  await ready(opened.page);
  expect(await part('simulate').getByRole('status').textContent()).toContain('done');
  expect(opened.errors).toEqual([]);
});
