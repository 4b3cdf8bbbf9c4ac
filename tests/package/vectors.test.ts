// `fewbits/vectors` from the packed package, in Node and in a page: it finds its vectors, and loads only its
// own WebAssembly.

import { describe, expect, it } from 'vitest';
import { testNodes } from '../../cpp/toolchain/setup/nodes.mjs';
import { serve } from '../support/browser.ts';
import { viteBuild, webpackBuild } from './bundlers.ts';
import { run } from './consumer.ts';
import { browser, consumer, useInstalled } from './installed.ts';

useInstalled();

type Found = Record<string, { variant: string; size: number; found: number[] }>;

function expectFound(results: Found, variants: readonly string[]): void {
  expect(Object.keys(results)).toEqual(variants);
  for (const [name, { variant, size, found }] of Object.entries(results)) {
    expect(variant).toBe(name);
    expect(size).toBe(100);
    expect(found).toEqual(Array.from({ length: 100 }, (_, row) => row));
  }
}

it.each(testNodes())('$name', async (node) => {
  const args = [...node.flags, '--disallow-code-generation-from-strings', 'main.mjs'];
  const { stdout, stderr } = await run(node.path, args, consumer.path('vectors'));
  expect(stderr).toBe('');
  expectFound(JSON.parse(stdout), ['simd128', 'relaxed']);
});

describe.each([
  ['Vite', () => viteBuild(consumer, 'vectors'), 'vectors/'],
  ['webpack', () => webpackBuild(consumer, 'vectors'), ''],
] as const)('a page by %s', (_, build, at) => {
  it('loads the index alone', async () => {
    const served = await serve(await build(), { base: '/some/where/' });
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    try {
      await page.goto(served.url + at);
      await page.waitForFunction('globalThis.run');
      expectFound((await page.evaluate('globalThis.run()')) as Found, ['simd128', 'relaxed']);
      expect(problems).toEqual([]);
      const wasm = served.requests.filter((name) => name.endsWith('.wasm'));
      expect(wasm.length).toBe(2);
    } finally {
      await page.close();
      await served.close();
    }
  });
});
