// A page that loads everything from another origin, through an import map.

import { load } from 'fewbits';
import { createConverterPool } from 'fewbits/models';
import { createPool } from 'fewbits/pool';
import { quantizeWith } from '../models/quantize.mjs';
import { compare } from '../pool/compare.mjs';

const started = [];
globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    started.push(this);
  }
};

/** The output of a converter pool started from `wasm`. */
const converted = async (wasm) => {
  const pool = createConverterPool({ workers: 2, wasm });
  try {
    return await quantizeWith(pool);
  } finally {
    pool.dispose();
  }
};

/** The results of a search pool started from `wasm`, a build of the whole package. */
const searched = async (wasm) => {
  const pool = await createPool({ dims: 2, bits: 8, workers: 1, wasm });
  try {
    await pool.add([1, 0, 0, 1], ['east', 'north']);
    return (await pool.search([0.2, 1])).ids;
  } finally {
    pool.dispose();
  }
};

globalThis.run = async () => ({
  vectors: await compare(() => started[0].terminate()),
  own: await converted(),
  variant: (await load()).variant,
});

globalThis.runGiven = async (address) => ({
  module: await converted(await WebAssembly.compileStreaming(fetch(address))),
  address: await converted(address),
  pool: await searched(address),
});
