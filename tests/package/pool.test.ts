// `fewbits/pool` from the packed package, in Node and in pages that are not cross-origin isolated,
// built in the usual ways and under a strict policy.

import { copyFileSync, writeFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testNodes } from '../../cpp/toolchain/nodes.mjs';
import { launch, serve } from '../support/browser.ts';
import { viteBuild, viteDev, webpackBuild } from './bundlers.ts';
import { type Consumer, install, run } from './consumer.ts';

const CSP =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

const right = {
  same: { search: true, file: true, opened: true, restarted: true },
  code: 'LOAD_FAILED',
  restored: 1000,
  lost: [],
  end: 'DISPOSED',
};

let consumer: Consumer;
let browser: Browser;
beforeAll(async () => {
  [consumer, browser] = await Promise.all([install(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  consumer?.remove();
});

describe.each(testNodes())('$name', (node) => {
  const print = async (program: string) => {
    writeFileSync(consumer.path('pool.mjs'), program);
    const { stdout, stderr } = await run(node.path, [...node.flags, 'pool.mjs'], consumer.folder);
    expect(stderr).toBe('');
    return stdout;
  };

  it('gives what one index gives', async () => {
    const program = `
      import { Worker } from 'node:worker_threads';
      import { compare } from './pool/compare.mjs';
      let first;
      process.on('worker', (worker) => { first ??= worker; });
      console.log(JSON.stringify(await compare(() => first.terminate())));`;
    expect(JSON.parse(await print(program))).toEqual(right);
  });

  it('a worker can be given, and a pool without work lets the process end', async () => {
    const program = `
      import { Worker } from 'node:worker_threads';
      import { createPool } from 'fewbits/pool';
      const script = new URL(import.meta.resolve('fewbits/pool/worker'));
      let started = 0;
      const createWorker = () => (started++, new Worker(script));
      const pool = await createPool({ dims: 2, workers: 2, createWorker });
      await pool.add([1, 2, 3, 4]);
      console.log(started, (await pool.search([1, 2])).ids.join());`;
    expect(await print(program)).toBe('2 0,1\n');
  });

  it('importing it does nothing', async () => {
    const program = `
      for (const name of ['Worker', 'WebAssembly', 'navigator']) delete globalThis[name];
      await import('fewbits/pool');
      await import('./node_modules/fewbits/dist/pool/index.js');
      console.log('imported');`;
    expect(await print(program)).toBe('imported\n');
  });
});

async function expectRight(address: string): Promise<void> {
  const page = await browser.newPage();
  try {
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(address);
    await page.waitForFunction('globalThis.run');
    expect(await page.evaluate('globalThis.run()')).toEqual({ ...right, isolated: false });
    expect(problems).toEqual([]);
  } finally {
    await page.close();
  }
}

async function expectRightFrom(folder: string, at = '', headers = {}): Promise<void> {
  const served = await serve(folder, { base: '/some/where/', headers });
  try {
    await expectRight(served.url + at);
  } finally {
    await served.close();
  }
}

it('without a bundler', () => expectRightFrom(consumer.folder, 'pool/'));

it('Vite dev', async () => {
  const server = await viteDev(consumer);
  try {
    await expectRight(`${server.url}pool/`);
  } finally {
    await server.close();
  }
});

it(`Vite build, under the policy ${CSP}`, async () => {
  const folder = await viteBuild(consumer, 'pool');
  await expectRightFrom(folder, 'pool/', { 'Content-Security-Policy': CSP });
});

it('webpack', async () => expectRightFrom(await webpackBuild(consumer, 'pool')));

it('esbuild, with the worker as an entry point', async () => {
  const { build } = await import('esbuild');
  const outdir = consumer.path('esbuild-pool');
  const { warnings } = await build({
    absWorkingDir: consumer.folder,
    entryPoints: [
      { in: 'pool/main.js', out: 'main' },
      { in: 'fewbits/pool/worker', out: 'shard-worker' },
    ],
    bundle: true,
    format: 'esm',
    outdir,
  });
  expect(warnings).toEqual([]);
  for (const name of ['fewbits.simd128.wasm', 'fewbits.relaxed.wasm']) {
    copyFileSync(consumer.path('node_modules/fewbits/dist', name), `${outdir}/${name}`);
  }
  copyFileSync(consumer.path('app/index.html'), `${outdir}/index.html`);
  await expectRightFrom(outdir);
});
