// Benchmark cases in the current Node; started by bench.mjs.

import { readFile } from 'node:fs/promises';
import { load, support } from 'fewbits';
import { heading, print } from './report.mjs';
import { runCases } from './run.mjs';

const { variants, names, options } = JSON.parse(process.argv[2]);
for (const variant of variants) {
  if (variant === 'relaxed' && !support().relaxedSimdExact) {
    console.log(`\nNode ${process.version} lacks relaxed SIMD: that build is left out`);
    continue;
  }
  heading(`Node ${process.version}, ${variant}`);
  const build = new URL(import.meta.resolve(`fewbits/fewbits.${variant}.wasm`));
  const fresh = async () => load({ wasm: await readFile(build) });
  const fb = await load({ variant });
  for await (const row of runCases(fb, names, { ...options, fresh })) print(row);
}
