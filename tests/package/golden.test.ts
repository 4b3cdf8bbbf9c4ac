// The output of the original programs, reproduced by the installed package, by each build, in each Node and
// in Chromium. golden/run.mjs does the comparing where it runs.

import { cpSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testNodes } from '../../cpp/toolchain/setup/nodes.mjs';
import { launch, serve } from '../support/browser.ts';
import { type Consumer, install, root, run } from './consumer.ts';

const VARIANTS = ['simd128', 'relaxed'];
const FAMILIES = ['affine-and-k', 'ggml', 'int4', 'linear'];

let consumer: Consumer;
beforeAll(async () => {
  consumer = await install();
  cpSync(new URL('golden', import.meta.url), consumer.path('golden'), { recursive: true });
  for (const family of FAMILIES) {
    cpSync(`${root}/tests/golden/${family}`, consumer.path('files', family), { recursive: true });
  }
});
afterAll(() => consumer?.remove());

function expectAll(results: { name: string; failure: string | null }[]) {
  expect(results.filter(({ failure }) => failure !== null)).toEqual([]);
  for (const suite of ['affine', 'floats', 'ggml', 'int4', 'kquant', 'linear']) {
    expect(results.filter(({ name }) => name.startsWith(`${suite}:`)).length).toBeGreaterThan(1);
  }
}

describe.each(VARIANTS)('%s', (variant) => {
  it.each(testNodes())('$name', async (node) => {
    const program = consumer.path(`${variant}.mjs`);
    writeFileSync(
      program,
      `import { readFile } from 'node:fs/promises';
      import { load } from 'fewbits';
      import { runGolden } from './golden/run.mjs';
      const fb = await load({ variant: '${variant}' });
      console.log(JSON.stringify(await runGolden(fb, (path) => readFile('files/' + path))));`,
    );
    const { stdout, stderr } = await run(node.path, [...node.flags, program], consumer.folder);
    expect(stderr).toBe('');
    expectAll(JSON.parse(stdout));
  });

  it('Chromium', async () => {
    const served = await serve(consumer.folder);
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await page.goto(`${served.url}plain/`);
      const results = await page.evaluate(`(async () => {
        const { load } = await import('fewbits');
        const { runGolden } = await import('/golden/run.mjs');
        const read = async (path) => (await fetch('/files/' + path)).bytes();
        return runGolden(await load({ variant: '${variant}' }), read);
      })()`);
      expectAll(results as { name: string; failure: string | null }[]);
    } finally {
      await browser.close();
      await served.close();
    }
  });
});
