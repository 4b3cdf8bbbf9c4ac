// Benchmark cases of one loaded build, in Node or in a page.

import * as measure from './measure.mjs';

/** All cases: cases/<name>.mjs exports `run(fb, measure, options)`, which yields rows. */
export const CASES = ['uniform', 'linear', 'floats', 'distributional', 'ggml', 'vectors', 'small'];

/**
 * Yields { case, name, ms?, bytes?, ratios?, facts? }: `ratios` says how many times faster the row is than
 * its baselines (or its share of the time, for names that begin with 'of '), and `facts` holds further
 * results as text.
 *
 * `options`: `quick` to measure less of everything; `fresh`, which resolves to another instance of the same
 * build, with memory of its own; `million` for the case 'vectors'.
 */
export async function* runCases(fb, names, options) {
  for (const name of names) {
    const { run } = await import(`./cases/${name}.mjs`);
    for await (const row of run(fb, measure, options)) yield { case: name, ...row };
  }
}
