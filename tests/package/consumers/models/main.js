// A page that quantizes a small model in workers.

import { load } from 'fewbits';
import { createConverter, createConverterPool } from 'fewbits/models';
import { quantizeWith } from './quantize.mjs';

globalThis.run = async () => {
  const pool = createConverterPool({ workers: 2 });
  try {
    return {
      pool: await quantizeWith(pool),
      page: await quantizeWith(createConverter(await load())),
    };
  } finally {
    pool.dispose();
  }
};
