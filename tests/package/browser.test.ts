// Pages that use the package, built by every usual bundler, served under a sub-path, run in Chromium.

import { copyFileSync, mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { type Served, serve } from '../support/browser.ts';
import { esbuildBuild, viteBuild, viteDev, webpackBuild } from './bundlers.ts';
import { root } from './consumer.ts';
import { expectRight } from './expected.ts';
import { browser, consumer, useInstalled } from './installed.ts';

const SUB_PATH = '/some/where/';
const INDEX = 'tests/golden/before/cosine-4.index.safetensors';
const CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

useInstalled();
let page: Page;
let problems: string[] = [];
let open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(open.map((close) => close()));
  open = [];
  problems = [];
});

async function visit(address: string): Promise<void> {
  page = await browser.newPage();
  open.push(() => page.close());
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    const icon = message.location().url.endsWith('/favicon.ico');
    if (message.type() === 'error' && !icon) problems.push(message.text());
  });
  await page.goto(address);
}

async function serveFolder(folder: string, headers = {}): Promise<Served> {
  const served = await serve(folder, { base: SUB_PATH, headers });
  open.push(() => served.close());
  return served;
}

async function results(entry: 'run' | 'runInWorker') {
  await page.waitForFunction('globalThis.run');
  const found = await page.evaluate(`globalThis.${entry}()`);
  expect(problems).toEqual([]);
  return found as Record<string, Record<string, unknown>>;
}

const wasmRequests = (served: Served) => served.requests.filter((name) => name.endsWith('.wasm'));

/** Expects that the page of `folder` fetches no WebAssembly before it loads it, and then each build once. */
async function expectPage(folder: string, at = '', worker = true, headers = {}) {
  const served = await serveFolder(folder, headers);
  await visit(served.url + at);
  await page.waitForFunction('globalThis.run');
  expect(wasmRequests(served)).toEqual([]);
  expectRight(await results('run'), true);
  expect(wasmRequests(served).length).toBe(2);
  if (worker) expectRight(await results('runInWorker'), true);
}

describe('without a bundler', () => {
  it('<script type="module"> and an import map', async () => {
    await expectPage(consumer.folder, 'plain/', false);
  });

  it(`a page and a module worker under the policy ${CSP}`, async () => {
    await expectPage(consumer.folder, 'csp/', true, { 'Content-Security-Policy': CSP });
  });

  it("a policy without 'wasm-unsafe-eval' gives LOAD_FAILED", async () => {
    const policy = "default-src 'self'; script-src 'self'";
    const served = await serveFolder(consumer.folder, { 'Content-Security-Policy': policy });
    await visit(`${served.url}csp/`);
    await page.waitForFunction('globalThis.run');
    const message = await page.evaluate("run().catch((e) => e.code + ' ' + e.message)");
    expect(message).toMatch(/^LOAD_FAILED .*could not be compiled: .*Content Security Policy/s);
  });

  it("with fallback: 'js' an index is searched under that policy, and no WebAssembly is fetched", async () => {
    copyFileSync(`${root}/${INDEX}`, consumer.path('csp/index.safetensors'));
    const policy = "default-src 'self'; script-src 'self'";
    const served = await serveFolder(consumer.folder, { 'Content-Security-Policy': policy });
    await visit(`${served.url}csp/`);
    await page.waitForFunction('globalThis.search');
    const found = await page.evaluate('search()');
    expect(found).toMatchObject({ variant: 'js', refused: 'UNSUPPORTED' });
    expect((found as { ids: string[] }).ids.length).toBe(5);
    expect(wasmRequests(served)).toEqual([]);
  });
});

describe('Vite', () => {
  it('dev', async () => {
    const server = await viteDev(consumer, SUB_PATH);
    open.push(() => server.close());
    await visit(`${server.url}app/`);
    expectRight(await results('run'), true);
    expectRight(await results('runInWorker'), true);
  });

  it('build', async () => expectPage(await viteBuild(consumer, 'app'), 'app/'));
});

it('webpack', async () => expectPage(await webpackBuild(consumer, 'app')));

describe('esbuild', () => {
  it('with the builds copied beside its output', async () => {
    await expectPage(await esbuildBuild(consumer, 'app', ['app/main.js', 'app/worker.js']));
  });

  it('with a build imported as a file and handed to load', async () => {
    const { build } = await import('esbuild');
    const outdir = consumer.path('esbuild-file-out');
    mkdirSync(outdir);
    await build({
      absWorkingDir: consumer.folder,
      entryPoints: ['wasm-file/main.js'],
      bundle: true,
      format: 'esm',
      loader: { '.wasm': 'file' },
      outdir,
    });
    copyFileSync(consumer.path('wasm-file/index.html'), `${outdir}/index.html`);
    const served = await serveFolder(outdir);
    await visit(served.url);
    const found = await results('run');
    expect(wasmRequests(served).length).toBe(1);
    for (const result of Object.values(found)) expect(result.variant).toBe('simd128');
    expectRight({ default: found.default, simd128: found.simd128 }, false);
  });
});
