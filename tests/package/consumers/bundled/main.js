// A program for bundles without `import.meta.url`, and for runtimes that cannot compile WebAssembly.

import { load, support } from 'fewbits';
import { load as loadVectors } from 'fewbits/vectors';
import { check } from '../check.mjs';

const failure = (work) =>
  work.then(
    () => 'passed',
    ({ name, code, message }) => ({ name, code, message }),
  );

/** The outcomes of loading there, with and without the bytes of a build or the module itself. */
globalThis.main = async (wasm) => ({
  own: await failure(load()),
  vectors: await failure(loadVectors()),
  relaxed: await failure(load({ variant: 'relaxed' })),
  given: await check(
    () => load({ wasm }),
    () => ({ relaxedSimdExact: false }),
  ),
  simd128: support().simd128,
});
