// Download sizes of each entry: at most 2 % above those reached so far.

import { expect, it } from 'vitest';
import { entrySizes } from '../../cpp/toolchain/build/sizes.mjs';

/** Bytes after gzip: minified scripts, and the WebAssembly with plain SIMD. */
const REACHED = {
  fewbits: [53_700, 101_700],
  'fewbits/vectors': [30_000, 37_000],
  'fewbits/reader': [9_800, 0],
  'fewbits/io': [22_700, 0],
  'fewbits/store': [7_500, 0],
  'fewbits/pool': [37_700, 37_000],
  'fewbits/models': [71_000, 101_700],
} as const;

const rows = await entrySizes();

it('every entry has a size that was reached', () => {
  expect(Object.keys(rows).sort()).toEqual(Object.keys(REACHED).sort());
});

it.each(Object.entries(REACHED))('%s', (entry, [js, wasm]) => {
  const now = rows[entry];
  expect(now.js.gzip, 'JavaScript').toBeLessThanOrEqual(js * 1.02);
  expect(now.wasm.gzip, 'WebAssembly').toBeLessThanOrEqual(wasm * 1.02);
});
