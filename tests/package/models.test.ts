// `fewbits/models` from the packed package: its workers start in Node and in a browser, built in the usual ways,
// and give the bytes that one thread gives.

import { writeFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, serve } from '../support/browser.ts';
import { viteBuild, viteDev, webpackBuild } from './bundlers.ts';
import { type Consumer, install, run } from './consumer.ts';

interface Made {
  length: number;
  hash: number[];
}

let consumer: Consumer;
let browser: Browser;
let made: Made;

beforeAll(async () => {
  [consumer, browser] = await Promise.all([install(), launch()]);
  const program = `
    import { createConverterPool } from 'fewbits/models';
    import { quantizeWith } from './models/quantize.mjs';
    const pool = createConverterPool({ size: 2 });
    console.log(JSON.stringify(await quantizeWith(pool)));
    pool.close();`;
  writeFileSync(consumer.path('models.mjs'), program);
  const { stdout, stderr } = await run(process.execPath, ['models.mjs'], consumer.folder);
  expect(stderr).toBe('');
  made = JSON.parse(stdout);
  expect(made.length).toBeGreaterThan(2048 * 288);
});
afterAll(async () => {
  await browser?.close();
  consumer?.remove();
});

async function expectSame(address: string): Promise<void> {
  const page = await browser.newPage();
  try {
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(address);
    await page.waitForFunction('globalThis.run');
    expect(await page.evaluate('globalThis.run()')).toEqual({ pool: made, page: made });
    expect(problems).toEqual([]);
  } finally {
    await page.close();
  }
}

async function expectSameFrom(folder: string, at = ''): Promise<void> {
  const served = await serve(folder, { base: '/some/where/' });
  try {
    await expectSame(served.url + at);
  } finally {
    await served.close();
  }
}

it('without a bundler', () => expectSameFrom(consumer.folder, 'models/'));

it('Vite dev', async () => {
  const server = await viteDev(consumer);
  try {
    await expectSame(`${server.url}models/`);
  } finally {
    await server.close();
  }
});

it('Vite build', async () => expectSameFrom(await viteBuild(consumer, 'models'), 'models/'));

it('webpack', async () => expectSameFrom(await webpackBuild(consumer, 'models')));
