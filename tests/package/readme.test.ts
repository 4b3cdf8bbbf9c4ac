// The examples of the README run as they are printed there, and print what is printed there.

import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testNodes } from '../../cpp/toolchain/setup/nodes.mjs';
import { type Consumer, install, root, run } from './consumer.ts';

let consumer: Consumer;
beforeAll(async () => {
  consumer = await install();
});
afterAll(() => consumer?.remove());

describe.each(testNodes())('$name', (node) => {
  it('prints what the README says', async () => {
    const readme = readFileSync(`${root}/README.md`, 'utf8').replaceAll('\r\n', '\n');
    const examples = [...readme.matchAll(/```js\n(.*?)```\n\n```text\n(.*?)```/gs)];
    expect(examples.length).toBe(3);
    for (const [, program, printed] of examples) {
      writeFileSync(consumer.path('example.mjs'), program);
      const { stdout, stderr } = await run(node.path, ['example.mjs'], consumer.folder);
      expect(stderr).toBe('');
      expect(stdout).toBe(printed);
    }
  });
});
