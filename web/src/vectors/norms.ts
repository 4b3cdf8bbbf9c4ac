// Messages about vectors that an index refuses: which one, why, and the remedy.

import { invalid } from '../core/arguments.js';
import { check, indexOf, type Outcome, statusOf } from '../core/core.js';
import { STATUS } from '../core/status.js';
import { LARGEST_NORM, type Values } from './functions.js';

const NUMBER = new Intl.NumberFormat('en', { notation: 'scientific', maximumFractionDigits: 2 });

/** Checks the outcome of a call with the vectors in `x` from value `base` on. */
export function checkVectorsOutcome(
  outcome: Outcome,
  name: string,
  x: Values,
  width: number,
  base = 0,
): void {
  if (statusOf(outcome) === STATUS.too_large) {
    const row = Math.floor((base + indexOf(outcome)) / width);
    const vector = x.subarray(row * width, (row + 1) * width);
    const which = x.length > width ? `vector ${row} of ${name}` : name;
    const norm = Math.hypot(...vector);
    const what =
      norm > 0.9999 * LARGEST_NORM
        ? `has a norm of about ${NUMBER.format(norm)}, above 1e18,`
        : `less the mean of the index has a norm above 1e18 (by itself of about ${NUMBER.format(norm)}),`;
    throw invalid(
      `${which} ${what} the most that 'dot' and 'l2' take: was it ever set? Else divide all vectors ` +
        "by one number, or use 'cosine'",
    );
  }
  check(outcome, name, base);
}
