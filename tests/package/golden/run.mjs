// The golden files of tests/golden through the package: plain JavaScript that runs both in Node and in a
// page. A suite is a function of the context below; add new ones to SUITES.

import { affine } from './affine.mjs';
import { floats } from './floats.mjs';
import { ggml } from './ggml.mjs';
import { int4 } from './int4.mjs';
import { kquant } from './kquant.mjs';
import { linear } from './linear.mjs';

const SUITES = { affine, floats, ggml, int4, kquant, linear };

/**
 * Runs every suite.
 *
 * @param fb the loaded library
 * @param {(path: string) => Promise<Uint8Array>} read a file of tests/golden
 * @returns {Promise<{ name: string, failure: string | null }[]>} one entry per test
 */
export async function runGolden(fb, read) {
  const results = [];
  for (const [suite, run] of Object.entries(SUITES)) {
    await run({
      fb,
      bytes: read,
      json: async (path) => JSON.parse(new TextDecoder().decode(await read(path))),
      async test(name, body) {
        let failure = null;
        try {
          await body();
        } catch (error) {
          failure = String(error?.message ?? error);
        }
        results.push({ name: `${suite}: ${name}`, failure });
      },
    });
  }
  return results;
}
