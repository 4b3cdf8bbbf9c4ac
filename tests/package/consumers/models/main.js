// A page that quantizes a small model in workers.

import { load } from 'fewbits';
import { createConverter, createConverterPool } from 'fewbits/models';
import { quantizeWith } from './quantize.mjs';

// Imitates Chrome before 115, which refuses to compile or instantiate more than 4 KB synchronously in a page.
for (const name of ['Module', 'Instance']) {
  const construct = () => {
    throw new RangeError(`WebAssembly.${name} is disallowed on the main thread`);
  };
  WebAssembly[name] = new Proxy(WebAssembly[name], { construct });
}

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
