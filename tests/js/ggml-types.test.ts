// The table of ggml's types in C++ and in TypeScript: the same rows, and the places to which a new type is
// added.

import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'fewbits';
import { ggmlTypes } from 'fewbits/io';
import { targetTypes } from 'fewbits/models';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');

/** All source files of the product below a folder. */
const sources = (folder: string): string[] =>
  readdirSync(new URL(folder, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|h|cpp|mjs)$/.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`.replace(root.pathname, ''));

const fb = await load();
const names = Object.keys(fb.ggml.types);

describe('a ggml type', () => {
  it('is one row in one table of each language', () => {
    const header = read('cpp/include/fewbits/ggml.h');
    const table = read('web/src/core/ggml-types.ts');
    for (const name of names) {
      const row = new RegExp(`^  (?:HALF|BLOCK)\\(${name}, `, 'gim');
      expect(header.match(row), name).toHaveLength(1);
      expect(table.match(new RegExp(`^  ${name}: \\[`, 'gm')), name).toHaveLength(1);
    }
  });

  it('needs no other place: that without rules of its own is named in its kernels alone', () => {
    const files = [...sources('cpp'), ...sources('web/src'), ...sources('site')].filter(
      (file) => !/node_modules|\/dist\/|\/wasm\//.test(file),
    );
    const named = files.filter((file) => /\bq1_0\b|_q1_0\b|BlockQ1_0/i.test(read(file)));
    expect(named.sort()).toEqual([
      'cpp/include/fewbits/ggml.h', // its row
      'cpp/src/ggml/blocks.h', // its block
      'cpp/src/ggml/ternary_scalar.cpp', // its kernels
      'cpp/src/ggml/ternary_simd.cpp',
      'web/src/core/ggml-types.ts', // its row
    ]);
  });

  it('is offered wherever it is made', () => {
    expect([...targetTypes].sort()).toEqual(['F32', ...names].sort());
    for (const name of names) {
      expect(fb.ggml.types[name as 'Q4_0']).toBe(ggmlTypes[name as 'Q4_0']);
    }
  });
});
