// The programs that the site prints for transformers.js: they run as printed, on the packed package.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { embeddingRanges, quantizeEmbeddings } from 'fewbits';
import { writeNpy } from 'fewbits/io';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testNodes } from '../../cpp/toolchain/setup/nodes.mjs';
import { launch, serve } from '../support/browser.ts';
import { type Consumer, install, root, run } from './consumer.ts';

let consumer: Consumer;

beforeAll(async () => {
  consumer = await install();
  cpSync(`${root}/site/pages/transformers-js/recipe`, consumer.path('recipe'), { recursive: true });
  const module = consumer.path('node_modules/@huggingface/transformers');
  mkdirSync(module, { recursive: true });
  cpSync(consumer.path('transformers/index.js'), `${module}/index.js`);
  writeFileSync(`${module}/package.json`, '{ "type": "module", "exports": "./index.js" }');
});
afterAll(() => consumer?.remove());

it('the recipe is about twenty lines, and the page prints every file of it', () => {
  const lines = readFileSync(consumer.path('recipe/recipe.js'), 'utf8').trim().split('\n');
  expect(lines.length).toBeLessThanOrEqual(22);
  const page = readFileSync(`${root}/site/pages/transformers-js/index.html`, 'utf8');
  const printed = [...page.matchAll(/data-file="recipe\/(.*?)"/g)].map(([, name]) => name);
  expect(printed.sort()).toEqual(
    ['client', 'int8', 'keep', 'recipe', 'signs', 'use', 'worker'].map((name) => `${name}.js`),
  );
});

it('kept in a browser, the index is there after a reload', async () => {
  const recipe = readFileSync(consumer.path('recipe/recipe.js'), 'utf8');
  const line = /^export const index = .*$/m;
  expect(recipe).toMatch(line);
  const keeping = recipe.replace(line, "import { index } from './keep.js';\nexport { index };");
  writeFileSync(consumer.path('recipe/keeping.js'), keeping);
  const served = await serve(consumer.folder);
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    const run = async (program: string) => {
      await page.waitForFunction('globalThis.recipe');
      return page.evaluate(`(async ({ add, index, keep, search }) => { ${program} })(recipe)`);
    };
    await page.goto(`${served.url}transformers/`);
    const added = "await add(['snow on mountains', 'sun on the sea']); await keep();";
    expect(await run(`${added} return (await index).size;`)).toBe(2);
    await page.reload();
    const found =
      "const { ids } = await search('mountains', 1); return [(await index).size, ...ids];";
    expect(await run(found)).toEqual([2, 'snow on mountains']);
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
    await served.close();
  }
});

describe.each(testNodes())('$name', (node) => {
  /** The output of a module that imports those of the recipe. */
  async function printed(name: string, program: string): Promise<string> {
    writeFileSync(consumer.path('recipe', name), program);
    const { stdout, stderr } = await run(node.path, [`recipe/${name}`], consumer.folder);
    expect(stderr).toBe('');
    return stdout;
  }

  it('embed, add, search', async () => {
    const { stdout, stderr } = await run(node.path, ['recipe/use.js'], consumer.folder);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^(The kitten|Snow fell) .+ -?0\.\d+\n$/);
    const found = await printed(
      'many.mjs',
      `import { add, index, search } from './recipe.js';
      await add(Array.from({ length: 100 }, (_, i) => \`word\${i} and other\${i}\`));
      const { ids, scores } = await search('other71 word71', 3);
      console.log((await index).size, ids[0], ids.length, scores[0] > 0.8, scores[1] < 0.5);
      await add(['word5 and other5']).catch((error) => console.log(error.code));`,
    );
    expect(found).toBe('100 word71 and other71 3 true true\nINVALID_ARGUMENT\n');
  });

  it('signs', async () => {
    const found = await printed(
      'by-signs.mjs',
      `import { pipeline } from '@huggingface/transformers';
      import { index } from './signs.js';
      const model = await pipeline('feature-extraction', 'any/model');
      const { data } = await model('snow on mountains', { pooling: 'mean' });
      const { ids, scores } = index.search(data, { k: 2 });
      console.log(ids[0], scores[0] > 0.4, scores[1] < 0.2);`,
    );
    expect(found).toBe('Snow fell on the mountains true true\n');
  });

  it('int8', async () => {
    const [rows, dims] = [40, 24];
    const x = Float32Array.from({ length: rows * dims }, (_, i) => Math.sin(i * i));
    const { min, max } = embeddingRanges(x, dims);
    const codes = quantizeEmbeddings(x, dims, 'int8', { ranges: { min, max } });
    const ranges = Float32Array.of(...(min as Float32Array), ...(max as Float32Array));
    const file = (name: string, npy: Uint8Array) => writeFileSync(consumer.path(name), npy);
    file('codes.npy', writeNpy({ data: codes, shape: [rows, dims] }));
    file('ranges.npy', writeNpy({ data: ranges, shape: [2, dims] }));
    const found = await printed(
      'by-int8.mjs',
      `import { readFileSync } from 'node:fs';
      import { load } from 'fewbits';
      import { addInt8 } from './int8.js';
      const index = (await load()).createIndex({ dims: ${dims}, bits: 8 });
      addInt8(index, readFileSync('codes.npy'), readFileSync('ranges.npy'));
      const query = Float32Array.from({ length: ${dims} }, (_, i) => Math.sin((${7 * dims} + i) ** 2));
      const { ids, scores } = index.search(query, { k: 1 });
      console.log(index.size, ids[0], scores[0] > 0.999);`,
    );
    expect(found).toBe('40 7 true\n');
  });
});
