// The page on embeddings: search, comparison, and an index that survives a reload.

import { readFileSync } from 'node:fs';
import { load } from 'fewbits';
import { writeNpy, writeSafetensors } from 'fewbits/io';
import { expect, test } from 'vitest';
import { useFolder } from '../support/folders.ts';
import { column, fact, ready, usePage } from './harness.ts';

const files = useFolder();
const opened = usePage('embeddings');

const part = () => opened.page.locator('#embeddings');
const neighbours = () => part().getByRole('region', { name: /^Neighbours of/ });
const comparison = () => part().getByRole('region', { name: /means over/ });
const done = () => ready(opened.page);

async function give(name: string, bytes: Uint8Array): Promise<void> {
  await part().locator('input[type="file"]').first().setInputFiles(files.write(name, bytes));
  await done();
}

async function search(text: string): Promise<void> {
  await part()
    .getByRole('textbox')
    .or(part().getByRole('combobox', { name: /label/ }))
    .fill(text);
  await part().getByRole('button', { name: 'Search' }).click();
}

/** The cells of a table column, counted from 1. */
const cells = (region: ReturnType<typeof neighbours>, at: number): Promise<string[]> =>
  region
    .locator(`tbody tr > :nth-child(${at})`)
    .evaluateAll((all) => all.map((cell) => cell.textContent?.trim() ?? ''));

const plain = (labels: string[]) => labels.filter(Boolean).map((label) => label.replace(' †', ''));

/** Points around a few centres, so that neighbours are meaningful. */
function clustered(rows: number, dims: number): Float32Array {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const centres = Float32Array.from({ length: 8 * dims }, normal);
  return Float32Array.from({ length: rows * dims }, (_, i) => {
    const row = Math.floor(i / dims);
    return centres[(row % 8) * dims + (i % dims)] + normal();
  });
}

/** The ten rows of largest cosine with a row, without the row itself. */
function nearest(x: Float32Array, dims: number, row: number): number[] {
  const vector = (r: number) => x.subarray(r * dims, (r + 1) * dims);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + v * b[i], 0);
  const cosine = (r: number) =>
    dot(vector(r), vector(row)) /
    Math.sqrt(dot(vector(r), vector(r)) * dot(vector(row), vector(row)));
  return Array.from({ length: x.length / dims }, (_, r) => r)
    .filter((r) => r !== row)
    .sort((a, b) => cosine(b) - cosine(a))
    .slice(0, 10);
}

test('the built-in emoji: searched by text and by item at every width', async () => {
  await search('birthday cake');
  await neighbours().getByText('birthday cake').first().waitFor();
  for (const at of [2, 3, 4, 5]) expect((await cells(neighbours(), at))[0]).toContain('🎂');

  await part().getByRole('radio', { name: 'item', exact: true }).check();
  await search('🐧 penguin');
  await expect.poll(() => neighbours().locator('caption').textContent()).toContain('🐧 penguin');
  const exact = await cells(neighbours(), 2);
  expect(exact).toHaveLength(10);
  expect(exact.join()).not.toContain('🐧');

  await search('no such emoji');
  await expect.poll(() => part().getByRole('alert').textContent()).toContain('no label contains');
});

test('recall falls and size falls with the bits; learning the mean is offered', async () => {
  const recalls = (await cells(comparison(), 2)).map(Number);
  const bytes = (await cells(comparison(), 3)).map(Number);
  expect(recalls[0]).toBe(1);
  expect(recalls[1]).toBeGreaterThan(0.97);
  expect(recalls[2]).toBeGreaterThan(0.9);
  expect(recalls[3]).toBeGreaterThan(0.7);
  expect([...recalls].sort((a, b) => b - a)).toEqual(recalls);
  expect(bytes[0]).toBe(1024);
  [8, 4, 2, 1].forEach((bits, i) => {
    expect(bytes[i + 1]).toBeGreaterThanOrEqual(32 * bits);
    expect(bytes[i + 1]).toBeLessThanOrEqual(32 * bits + 8);
  });
  await part().getByRole('radio', { name: 'the mean', exact: true }).check();
  await done();
  expect((await cells(comparison(), 2)).length).toBe(5);
  await part().getByRole('radio', { name: 'mean and principal axes' }).check();
  await done();
  expect((await cells(comparison(), 2)).length).toBe(5);
  // The built-in set comes from a singular value decomposition, so it is already along its axes.
  expect(await part().getByRole('status').textContent()).toMatch(/axes would not find/);
});

test('what the index learns cannot be changed while it learns', async () => {
  const radio = (name: string) => part().getByRole('radio', { name, exact: true });
  const axes = await radio('mean and principal axes').elementHandle();
  // In one task, so that it cannot finish in between.
  await radio('the mean').evaluate(async (mean, axes) => {
    (mean as HTMLElement).click();
    await null;
    (axes as HTMLElement).click();
  }, axes);
  await expect.poll(() => radio('the mean').isChecked()).toBe(true);
  await done();
  expect(await radio('the mean').isChecked()).toBe(true);
  expect(await part().getByRole('status').textContent()).toBe('Ready.');
});

test('a .npy with labels: neighbours and download equal the library’s own', async () => {
  const [rows, dims] = [500, 96];
  const x = clustered(rows, dims);
  await part().getByRole('radio', { name: 'nothing', exact: true }).check();
  await done();
  await give('points.npy', writeNpy({ data: x, shape: [rows, dims] }));
  expect(await fact(opened.page, '#embeddings', 'vectors')).toBe('500');
  const labels = Array.from({ length: rows }, (_, i) => `point ${i}!`);
  await part()
    .getByLabel(/Their labels/)
    .setInputFiles(files.write('labels.json', JSON.stringify(labels)));
  await done();
  await search('point 42!');
  await expect.poll(() => neighbours().locator('caption').textContent()).toContain('point 42!');
  expect(await cells(neighbours(), 2)).toEqual(nearest(x, dims, 42).map((row) => labels[row]));

  const fb = await load();
  const norm = (row: number) => Math.hypot(...x.subarray(row * dims, (row + 1) * dims));
  const unit = x.map((value, i) => value / norm(Math.floor(i / dims)));
  for (const [at, bits] of [8, 4, 2, 1].entries()) {
    using index = fb.createIndex({ dims, bits: bits as 8 | 4 | 2 | 1, seed: 1 });
    index.add(unit, labels);
    const { ids } = index.search(unit.subarray(42 * dims, 43 * dims), { k: 11 });
    const own = ids.filter((id) => id !== labels[42]).slice(0, 10);
    const shown = plain(await cells(neighbours(), at + 3));
    // Norms are summed in a different order here: the last place may differ by rounding.
    expect(shown.filter((label) => own.includes(label)).length).toBeGreaterThanOrEqual(9);
  }

  await part().getByRole('combobox', { name: 'Index of' }).selectOption('2');
  const [download] = await Promise.all([
    opened.page.waitForEvent('download'),
    part().getByRole('button', { name: 'Download' }).click(),
  ]);
  using index = fb.openIndex(readFileSync(await download.path()));
  expect([index.bits, index.dims, index.size]).toEqual([2, dims, rows]);
  expect([...index.ids()]).toEqual(labels);
  const hits = index.search(unit.subarray(42 * dims, 43 * dims), { k: 11 }).ids;
  const shown = plain(await cells(neighbours(), 5));
  expect(shown.filter((label) => hits.includes(label)).length).toBeGreaterThanOrEqual(9);
});

test('an index kept in the browser is there after a reload, and searches the same', async () => {
  await part().getByRole('button', { name: 'Save in this browser' }).click();
  await part().getByText('Saved in this browser.').first().waitFor();
  const before = plain(await cells(neighbours(), 5));
  await opened.page.reload();
  await done();
  await part().getByRole('button', { name: 'Open it' }).click();
  await part().getByText('were not kept').waitFor();
  await done();
  expect(await fact(opened.page, '#embeddings', 'vectors')).toBe('500');
  await search('point 42!');
  await expect.poll(() => neighbours().locator('caption').textContent()).toContain('point 42!');
  // The query is the decoded vector, not the float vector.
  const after = await cells(neighbours(), 2);
  expect(after.filter((label) => before.includes(label)).length).toBeGreaterThanOrEqual(6);
  await part().getByRole('button', { name: 'Delete it' }).click();
  await part().getByText('Deleted from this browser.').first().waitFor();
  await opened.page.reload();
  await done();
  expect(await part().getByRole('button', { name: 'Open it' }).count()).toBe(0);
});

test('a matrix of a safetensors file; says what is wrong with files and goes on', async () => {
  const x = clustered(64, 40);
  await give(
    'model.safetensors',
    writeSafetensors([
      { name: 'bias', shape: [7], dtype: 'F32', data: new Float32Array(7) },
      { name: 'embed', shape: [64, 40], dtype: 'F16', data: x },
    ]),
  );
  expect(await fact(opened.page, '#embeddings', 'vectors')).toBe('64');
  expect(await column(opened.page, '#embeddings', 1)).toContain('exact, float32');
  const alert = () => part().getByRole('alert').textContent();
  await part()
    .getByLabel(/Their labels/)
    .setInputFiles(files.write('few.txt', 'a\nb\n'));
  await done();
  expect(await alert()).toContain('2 labels for 64 vectors');
  await give('flat.npy', writeNpy({ data: x }));
  expect(await alert()).toContain('two dimensions');
  x[83] = Number.NaN;
  await give('holes.npy', writeNpy({ data: x, shape: [64, 40] }));
  expect(await alert()).toContain('value 3 of vector 2 is NaN');
  await part().getByRole('button', { name: 'Take the built-in emoji' }).click();
  await done();
  expect(await neighbours().count()).toBe(1);
  expect(opened.errors).toEqual([]);
});
