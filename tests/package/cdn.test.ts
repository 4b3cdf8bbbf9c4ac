// Pages that load the package from another origin, like a CDN: the requests, and workers, whose scripts
// cannot be started from there directly.

import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Served, serve } from '../support/browser.ts';
import { expectRight } from './expected.ts';
import { browser, consumer, useInstalled } from './installed.ts';
import { runPage } from './pages.ts';

useInstalled();
let cdn: Served;
let site: Served;

const FILES = 'node_modules/fewbits';

beforeAll(async () => {
  const headers = { 'Access-Control-Allow-Origin': '*' };
  cdn = await serve(consumer.path(FILES), { base: '/fewbits@0/', headers });
  const { origin } = new URL(cdn.url);
  const policy = [
    "default-src 'none'",
    `script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' ${origin}`,
    `connect-src 'self' ${origin}`,
    'worker-src blob:',
  ];
  site = await serve(consumer.folder, {
    headers: { 'Content-Security-Policy': policy.join('; ') },
  });
});
afterAll(async () => {
  await Promise.all([cdn?.close(), site?.close()]);
});

function writePage(imports: Record<string, string>, script: string) {
  const map = JSON.stringify({ imports });
  const page = `<!doctype html><meta charset="utf-8"><title>consumer</title>
    <script type="importmap">${map}</script>
    <script type="module">${script}</script>`;
  writeFileSync(consumer.path('cdn/index.html'), page);
}

/** The files requested since the last call, in order. */
function asked(): string[] {
  const names = [...cdn.requests];
  (cdn.requests as string[]).length = 0;
  return names;
}

const entry = (name: string) => `${cdn.url}dist/${name}`;

it('the file for CDNs is one module, which fetches the build that runs and nothing else', async () => {
  const { unpkg, jsdelivr } = JSON.parse(
    readFileSync(consumer.path(FILES, 'package.json'), 'utf8'),
  );
  expect(unpkg).toBe(jsdelivr);
  const address = cdn.url + unpkg.replace('./', '');
  writePage(
    { fewbits: address },
    `import { load, support } from 'fewbits';
    import { check } from '../check.mjs';
    globalThis.run = async () => (await load()).variant;
    globalThis.runAll = () => check(load, support);`,
  );
  asked();
  expect(await runPage(browser, `${site.url}cdn/`)).toBe('relaxed');
  expect(asked()).toEqual(['dist/fewbits.min.js', 'dist/fewbits.relaxed.wasm']);
  const all = await runPage(browser, `${site.url}cdn/`, 'runAll()');
  expectRight(all as Parameters<typeof expectRight>[0], true);
});

it('the files of the index alone, and of searching alone, are one module each too', async () => {
  writePage(
    {
      'fewbits/vectors': entry('vectors.min.js'),
      'fewbits/search': entry('search.min.js'),
    },
    `import { load } from 'fewbits/vectors';
    import { load as loadSearch } from 'fewbits/search';
    globalThis.run = async () => {
      const index = (await load()).createIndex({ dims: 2, bits: 8 });
      index.add([1, 0, 0, 1], ['east', 'north']);
      const opened = (await loadSearch()).openIndex(index.save());
      return [index, opened].map((one) => [...one.search([0.2, 1], { k: 2 }).ids]);
    };`,
  );
  asked();
  const order = ['north', 'east'];
  expect(await runPage(browser, `${site.url}cdn/`)).toEqual([order, order]);
  const files = ['vectors', 'search'].flatMap((name) => [`${name}.min.js`, `${name}.relaxed.wasm`]);
  expect(asked().sort()).toEqual(files.map((name) => `dist/${name}`).sort());
});

it('pools start workers of one file each, and hand them the module', async () => {
  const imports = Object.fromEntries(
    ['', 'pool', 'models', 'io'].map((name) => [
      `fewbits${name && '/'}${name}`,
      entry(`${name && `${name}/`}index.js`),
    ]),
  );
  writePage(imports, `import './main.js';`);
  asked();
  const given = entry('fewbits.simd128.wasm');
  // One after the other, as the first worker started is terminated.
  const both = `run().then(async (ran) => [ran, await runGiven('${given}')])`;
  const [ran, then] = (await runPage(browser, `${site.url}cdn/`, both)) as [
    Record<string, Record<string, unknown>>,
    Record<string, unknown>,
  ];
  const names = asked();
  expect(ran.vectors).toMatchObject({
    same: { search: true, file: true, opened: true, restarted: true },
    code: 'WORKER_FAILED',
    restored: 1000,
  });
  expect(ran.own.length).toBeGreaterThan(2048 * 288);
  expect(then).toEqual({ module: ran.own, address: ran.own, pool: ['north', 'east'] });
  // One build shared by the page and the converting workers, three times the other, which was passed
  // explicitly, and for the searching workers the index-only build.
  expect(names.filter((name) => name.endsWith('.wasm')).sort()).toEqual([
    'dist/fewbits.relaxed.wasm',
    'dist/fewbits.simd128.wasm',
    'dist/fewbits.simd128.wasm',
    'dist/fewbits.simd128.wasm',
    'dist/vectors.relaxed.wasm',
  ]);
  // After the worker's script, no module that it would import is fetched: by then the page has loaded its
  // own.
  const first = names.findIndex((name) => /worker\.js$/.test(name));
  const later = names.slice(first).filter((name) => name.endsWith('.js'));
  expect(new Set(later)).toEqual(new Set(['dist/pool/shard-worker.js', 'dist/models/worker.js']));
});

it('a worker that may not run, or whose script is not there, is told at once', async () => {
  const { origin } = new URL(cdn.url);
  const policy = `worker-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' ${origin}`;
  const strict = await serve(consumer.folder, { headers: { 'Content-Security-Policy': policy } });
  writePage(
    { 'fewbits/pool': entry('pool/index.js') },
    `import { createPool } from 'fewbits/pool';
    globalThis.run = () => createPool({ dims: 2, workers: 1 }).then(
      () => 'passed', ({ code, message }) => code + ' ' + message);`,
  );
  const page = await browser.newPage();
  try {
    await page.route('**/shard-worker.js', (route) => route.abort());
    for (const { url } of [site, strict]) {
      await page.goto(`${url}cdn/`);
      await page.waitForFunction('globalThis.run');
      const start = performance.now();
      expect(await page.evaluate('run()')).toMatch(
        /^WORKER_FAILED worker 1 of 1 .*shard-worker\.js\)/,
      );
      expect(performance.now() - start).toBeLessThan(15_000);
    }
  } finally {
    await page.close();
    await strict.close();
  }
});
