// The packed package in Node, with both builds.

import { existsSync, writeFileSync } from 'node:fs';
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

  it('a CommonJS program can require it', async () => {
    const program = `
      const { load } = require('fewbits');
      const { createPool } = require('fewbits/pool');
      load().then(async (fb) => {
        const pool = await createPool({ dims: 2, workers: 1 });
        await pool.add([1, 2, 3, 4]);
        const { ids } = await pool.search([3, 4], { k: 1 });
        console.log(fb.bits.pack(Uint8Array.of(1, 2), 4).join(), [...ids].join());
        pool.dispose();
      });`;
    writeFileSync(consumer.path('require.cjs'), program);
    const { stdout, stderr } = await run(node.path, ['require.cjs'], consumer.folder);
    expect(stderr).toBe('');
    expect(stdout).toBe('33 1\n');
  });

  it('the fewbits command is installed', async () => {
    const command = consumer.path('node_modules/fewbits/dist/cli/main.js');
    expect(existsSync(consumer.path('node_modules/.bin/fewbits'))).toBe(true);
    const { stdout, code } = await run(node.path, [command, '--help'], consumer.folder);
    expect(stdout).toMatch(/fewbits .*quantize/s);
    expect(code).toBe(0);
  });
});
