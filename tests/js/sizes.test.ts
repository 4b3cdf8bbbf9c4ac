// Download sizes of each entry: at most 2 % above those reached so far.

import { expect, it } from 'vitest';
import { entrySizes } from '../../cpp/toolchain/build/sizes.mjs';

/** Bytes after gzip: minified scripts, and the WebAssembly with plain SIMD. */
const REACHED = {
  fewbits: [49_500, 99_900],
  'fewbits/vectors': [25_100, 35_100],
  'fewbits/search': [13_900, 17_100],
  'fewbits/reader': [10_000, 0],
  'fewbits/io': [22_700, 0],
  'fewbits/store': [7_500, 0],
  'fewbits/pool': [32_900, 35_100],
  'fewbits/models': [72_000, 99_900],
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
