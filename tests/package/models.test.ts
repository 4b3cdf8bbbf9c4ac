// `fewbits/models` from the packed package: its workers start in Node and in a browser, with every usual
// bundler, and give the same bytes as a single thread.

import { copyFileSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { esbuildBuild, viteBuild, viteDev, webpackBuild } from './bundlers.ts';
import { run } from './consumer.ts';
import { browser, consumer, useInstalled } from './installed.ts';
import { runPage, runServed } from './pages.ts';

interface Made {
  length: number;
  hash: number[];
}

useInstalled();
let made: Made;

beforeAll(async () => {
  const program = `
    import { createConverterPool } from 'fewbits/models';
    import { quantizeWith } from './models/quantize.mjs';
    const pool = createConverterPool({ workers: 2 });
    console.log(JSON.stringify(await quantizeWith(pool)));
    pool.dispose();`;
  writeFileSync(consumer.path('models.mjs'), program);
  const { stdout, stderr } = await run(process.execPath, ['models.mjs'], consumer.folder);
  expect(stderr).toBe('');
  made = JSON.parse(stdout);
  expect(made.length).toBeGreaterThan(2048 * 288);
});

const expectSame = (ran: unknown) => expect(ran).toEqual({ pool: made, page: made });
const expectSameFrom = async (folder: string, at = '') =>
  expectSame(await runServed(browser, folder, at));

it('without a bundler', () => expectSameFrom(consumer.folder, 'models/'));

it('Vite dev', async () => {
  const server = await viteDev(consumer);
  try {
    expectSame(await runPage(browser, `${server.url}models/`));
  } finally {
    await server.close();
  }
});

it('Vite build', async () => expectSameFrom(await viteBuild(consumer, 'models'), 'models/'));

it('webpack', async () => expectSameFrom(await webpackBuild(consumer, 'models')));

it('esbuild, with the worker copied beside its output', async () => {
  const outdir = await esbuildBuild(consumer, 'models', ['models/main.js']);
  copyFileSync(consumer.path('node_modules/fewbits/dist/models/worker.js'), `${outdir}/worker.js`);
  await expectSameFrom(outdir);
});
