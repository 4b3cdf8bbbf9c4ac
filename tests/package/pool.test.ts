// `fewbits/pool` from the packed package, in Node and in pages that are not cross-origin isolated, with every
// usual bundler and under a strict policy.

import { copyFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { testNodes } from '../../cpp/toolchain/setup/nodes.mjs';
import { esbuildBuild, viteBuild, viteDev, webpackBuild } from './bundlers.ts';
import { run } from './consumer.ts';
import { browser, consumer, useInstalled } from './installed.ts';
import { runPage, runServed } from './pages.ts';

const CSP =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

const right = {
  same: { search: true, file: true, opened: true, restarted: true },
  code: 'WORKER_FAILED',
  restored: 1000,
  lost: [],
  end: 'DISPOSED',
};

useInstalled();

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

const expectRight = (ran: unknown) => expect(ran).toEqual({ ...right, isolated: false });
const expectRightFrom = async (folder: string, at = '', headers = {}) =>
  expectRight(await runServed(browser, folder, at, headers));

it('without a bundler', () => expectRightFrom(consumer.folder, 'pool/'));

it('Vite dev', async () => {
  const server = await viteDev(consumer);
  try {
    expectRight(await runPage(browser, `${server.url}pool/`));
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
  const outdir = await esbuildBuild(consumer, 'pool', [
    { in: 'pool/main.js', out: 'main' },
    { in: 'fewbits/pool/worker', out: 'shard-worker' },
  ]);
  await expectRightFrom(outdir);
});

it('esbuild, with the worker copied beside its output', async () => {
  const outdir = await esbuildBuild(consumer, 'pool-copied', ['pool/main.js']);
  copyFileSync(
    consumer.path('node_modules/fewbits/dist/pool/shard-worker.js'),
    `${outdir}/shard-worker.js`,
  );
  await expectRightFrom(outdir);
});

it('workers that do not start are told in time, each with what is known of its script', async () => {
  type Failure = { code: string; message: string };
  type Found = Record<'pool' | 'models' | 'rpc', Record<'empty' | 'missing', Failure>> & {
    late: Record<'pool' | 'models', string>;
    own: Record<'pool' | 'models', Failure>;
  };
  const found = (await runServed(browser, consumer.folder, 'pool/failing.html')) as Found;
  for (const { empty, missing } of [found.pool, found.models, found.rpc]) {
    expect(empty.code).toBe('WORKER_FAILED');
    expect(empty.message).toMatch(
      /it did not start within 0\.5 s\. .*'sideEffects' of package\.json/,
    );
    expect(missing.code).toBe('WORKER_FAILED');
    expect(missing.message).toContain('its script could not be loaded or run');
    expect(missing.message).toContain('createWorker is () => new Worker(url');
  }
  expect(found.late).toEqual({ pool: 'passed', models: 'passed' });
  for (const [name, file] of [
    ['pool', 'pool/shard-worker.js'],
    ['models', 'models/worker.js'],
  ] as const) {
    expect(found.own[name].code).toBe('WORKER_FAILED');
    expect(found.own[name].message).toMatch(
      new RegExp(`\\(http://.*/node_modules/fewbits/dist/${file}\\)`),
    );
  }
});
