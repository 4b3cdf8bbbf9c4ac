// The examples of the README and the guides: they run as printed, with the output printed there.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testNodes } from '../../cpp/toolchain/setup/nodes.mjs';
import { type Consumer, install, root, run } from './consumer.ts';

let consumer: Consumer;
beforeAll(async () => {
  consumer = await install();
});
afterAll(() => consumer?.remove());

const guides = readdirSync(`${root}/site/docs`).map((name) => `site/docs/${name}`);
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...guides];
const textOf = (page: string) => readFileSync(`${root}/${page}`, 'utf8').replaceAll('\r\n', '\n');

const examples = ['README.md', ...guides].flatMap((page) =>
  [...textOf(page).matchAll(/```js\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
    ([, program, printed]) => [page, program, printed] as const,
  ),
);

it('the README is short, and there are examples', () => {
  expect(textOf('README.md').split('\n').length).toBeLessThanOrEqual(151);
  expect(textOf('README.md')).toContain('npm install fewbits');
  expect(examples.map(([page]) => page)).toEqual(
    expect.arrayContaining([
      'README.md',
      'site/docs/search.md',
      'site/docs/workers-pools-stores.md',
    ]),
  );
});

it.each(pages)('links of %s lead to files', (page) => {
  const links = [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) => link);
  const dead = links.filter((link) => !existsSync(path.join(root, path.dirname(page), link)));
  expect(dead).toEqual([]);
});

describe.each(testNodes())('$name', (node) => {
  it.each(examples)('an example of %s prints what is said', async (_, program, printed) => {
    writeFileSync(consumer.path('example.mjs'), program);
    const { stdout, stderr } = await run(node.path, ['example.mjs'], consumer.folder);
    expect(stderr).toBe('');
    expect(stdout).toBe(printed);
  });
});
