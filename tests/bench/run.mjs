// Runs benchmark cases against one loaded build, in Node or in a page.

import * as measure from './measure.mjs';

/** Every case there is: cases/<name>.mjs exports `run(fb, measured, options)`, which yields rows. */
export const CASES = ['uniform', 'linear', 'floats', 'distributional', 'ggml', 'vectors'];

/**
 * Yields { case, name, ms?, bytes?, ratios?, facts? } where `ratios` says how many times faster (or,
 * for names that begin with 'of ', which part of the time) the row is against its baselines, and
 * `facts` holds what else there is to say, as text.
 *
 * `options`: `quick` for less of everything; `fresh`, which resolves to another instance of the same
 * build, with memory of its own; `million` for the case 'vectors'. `measured` stands for measure.mjs.
 */
export async function* runCases(fb, names, options, measured = measure) {
  for (const name of names) {
    const { run } = await import(`./cases/${name}.mjs`);
    for await (const row of run(fb, measured, options)) yield { case: name, ...row };
  }
}
