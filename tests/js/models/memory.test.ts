// Peak memory of a process that quantizes a model; tests/bench/model-memory.mjs measures larger ones.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const bench = fileURLToPath(new URL('../../bench/model-memory.mjs', import.meta.url));

it('a model of any size within 300 MB, with eight workers', () => {
  const args = [bench, '--megabytes', '400', '--workers', '8'];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  console.log(stdout.trim());
  expect(stderr).toBe('');
  expect(stdout).toMatch(/8 workers, +\d+ MB at most/);
  expect(status).toBe(0);
});
