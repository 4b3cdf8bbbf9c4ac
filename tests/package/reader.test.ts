// The reader of the packed package: small, and working in pages that allow no WebAssembly.

import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import { serve } from '../support/browser.ts';
import { root, run } from './consumer.ts';
import { browser, consumer, useInstalled } from './installed.ts';

const GOLDEN = 'tests/golden/before/cosine-4-refine8.index.safetensors';
const POLICY = "default-src 'self'; script-src 'self'";

useInstalled();
beforeAll(async () => {
  copyFileSync(path.join(root, GOLDEN), consumer.path('reader/index.safetensors'));
});

it('is at most 10 kB, bundled and compressed, and asks for nothing else', async () => {
  const { outputFiles } = await build({
    absWorkingDir: consumer.folder,
    stdin: { contents: "export * from 'fewbits/reader'", resolveDir: consumer.folder },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  });
  const [{ contents, text }] = outputFiles;
  expect(gzipSync(contents, { level: 9 }).length).toBeLessThanOrEqual(10_000);
  expect(text).not.toMatch(/\.wasm|\bimport\(|WebAssembly\.(?!Memory)/);
});

it(`finds in a page under the policy ${POLICY} what the index finds in Node`, async () => {
  const query = Array.from({ length: 12 }, (_, i) => Math.sin(i));
  const program = `
    import { readFileSync } from 'node:fs';
    import { load } from 'fewbits';
    const fb = await load();
    const index = fb.openIndex(readFileSync('reader/index.safetensors'));
    const { ids, scores } = index.search(${JSON.stringify(query)}, { k: 5 });
    console.log(JSON.stringify({ ids: ids.map(String), scores: [...scores] }));`;
  const args = ['--input-type=module', '--eval', program];
  const { stdout } = await run(process.execPath, args, consumer.folder);
  const expected = JSON.parse(stdout);
  expect(expected.ids.length).toBe(5);
  const headers = { 'Content-Security-Policy': POLICY };
  const served = await serve(consumer.folder, { headers });
  const page = await browser.newPage();
  try {
    await page.goto(`${served.url}reader/`);
    await page.waitForFunction('globalThis.run');
    const found = await page.evaluate(`run(${JSON.stringify(query)}, { k: 5 })`);
    expect(found).toEqual({ ...expected, refused: true });
    expect(served.requests.filter((name) => name.endsWith('.wasm'))).toEqual([]);
  } finally {
    await page.close();
    await served.close();
  }
});
