// Pools for bundles without `import.meta.url`, where their workers have no address.

import { createConverterPool } from 'fewbits/models';
import { createPool } from 'fewbits/pool';

const failure = (work) =>
  work.then(
    () => 'passed',
    ({ code, message }) => `${code} ${message}`,
  );

globalThis.main = async (wasm) => [
  await failure(createPool({ dims: 2, workers: 1, wasm })),
  await failure(
    createConverterPool({ workers: 1, wasm }).convert({
      bytes: new Uint8Array(4),
      from: 'F32',
      to: 'F16',
      rowLength: 1,
    }),
  ),
];
