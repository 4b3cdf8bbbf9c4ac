// Malicious index files with correct checksums: they are refused, or work like any other.

import { load } from 'fewbits';
import { expect, it } from 'vitest';
import { generator } from '../fuzz/generator.mjs';
import { craft, seedFiles, tryFile } from '../fuzz/index-files.mjs';

it('are refused, or open and then answer with finite scores', async () => {
  const fb = await load();
  const files = seedFiles(fb);
  const random = generator(3);
  const answers = new Set(files.map((file) => tryFile(fb, file, random)));
  expect([...answers]).toEqual(['opened']);
  for (let i = 0; i < 1500; i++) answers.add(tryFile(fb, craft(files, random), random));
  expect([...answers].sort()).toEqual(['CORRUPT_DATA', 'UNSUPPORTED', 'opened']);
}, 120000);
