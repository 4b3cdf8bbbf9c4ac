// A page that has everything from another origin, by an import map of its page.

import { load } from 'fewbits';
import { createConverterPool } from 'fewbits/models';
import { quantizeWith } from '../models/quantize.mjs';
import { compare } from '../pool/compare.mjs';

const started = [];
globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    started.push(this);
  }
};

/** What a pool of converters gives, started from `wasm`. */
const converted = async (wasm) => {
  const pool = createConverterPool({ workers: 2, wasm });
  try {
    return await quantizeWith(pool);
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
});
