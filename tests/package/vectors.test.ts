// `fewbits/vectors` and `fewbits/search` from the packed package, in Node and in a page: they find what an index
// holds, and load nothing but their own WebAssembly.

import { describe, expect, it } from 'vitest';
import { testNodes } from '../../cpp/toolchain/setup/nodes.mjs';
import { serve } from '../support/browser.ts';
import { viteBuild, webpackBuild } from './bundlers.ts';
import { run } from './consumer.ts';
import { browser, consumer, useInstalled } from './installed.ts';

useInstalled();

interface Searched {
  variant: string;
  size: number;
  found: number[];
}
type Found = Record<string, Searched & { small: Searched }>;

function expectFound(results: Found, variants: readonly string[]): void {
  expect(Object.keys(results)).toEqual(variants);
  for (const [variant, { small, ...own }] of Object.entries(results)) {
    const found = Array.from({ length: 100 }, (_, row) => row);
    expect(own).toEqual({ variant, size: 100, found });
    expect(small).toEqual(own);
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
  it('loads what it uses alone', async () => {
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
      expect(wasm.length).toBe(4);
    } finally {
      await page.close();
      await served.close();
    }
  });
});
