// The packed package in Node, with both builds.

import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testNodes } from '../../cpp/toolchain/setup/nodes.mjs';
import { type Consumer, install, run } from './consumer.ts';
import { expectRight } from './expected.ts';

let consumer: Consumer;
beforeAll(async () => {
  consumer = await install();
});
afterAll(() => consumer?.remove());

describe.each(testNodes())('$name', (node) => {
  it('both builds, without generating code from strings', async () => {
    const args = [...node.flags, '--disallow-code-generation-from-strings', 'main.mjs'];
    const { stdout, stderr } = await run(node.path, args, consumer.path('node'));
    expect(stderr).toBe('');
    expectRight(JSON.parse(stdout), true);
  });

  it('without flags', async () => {
    const { stdout, stderr } = await run(node.path, ['main.mjs'], consumer.path('node'));
    expect(stderr).toBe('');
    expectRight(JSON.parse(stdout), node.flags.length === 0);
  });

  it('the fewbits command is installed', async () => {
    const command = consumer.path('node_modules/fewbits/dist/cli/main.js');
    expect(existsSync(consumer.path('node_modules/.bin/fewbits'))).toBe(true);
    const { stdout, code } = await run(node.path, [command, '--help'], consumer.folder);
    expect(stdout).toMatch(/fewbits .*quantize/s);
    expect(code).toBe(0);
  });
});
