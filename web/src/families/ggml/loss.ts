// Values that a type cannot hold: beyond the range of its scales, or too small for them.

import { indexOf, type Outcome, statusOf } from '../../core/core.js';
import { FewbitsError } from '../../core/errors.js';
import type { GgmlType } from '../../core/ggml-types.js';
import { STATUS } from '../../core/status.js';

/** Bits per weight below which more loss is accepted: such codes keep little of the values anyway. */
const FEW_BITS = 3;

/** Values that are summed between two checks of the share. */
const RUN = 256;

/** The share of energy that must not be lost to the scales. */
const limitOf = (type: GgmlType) => (type.bitsPerWeight < FEW_BITS ? 0.75 : 0.25);

const scaleOf = (type: GgmlType) => (type.name === 'NVFP4' ? 'E4M3' : 'float16');

/** Throws with the index of the value when a scale, or the value itself, has overflowed. */
export function checkRange(outcome: Outcome, type: GgmlType, x: Float32Array, base = 0): void {
  if (statusOf(outcome) !== STATUS.unsupported) return;
  const index = base + indexOf(outcome);
  const remedy =
    type.name === 'BF16'
      ? 'F32 holds it'
      : type.name === 'F16'
        ? 'which ends at 65504; BF16 and F32 hold it'
        : 'whose scales are float16; BF16, F32 and MXFP4 hold it, or all values take a factor';
  throw new FewbitsError(
    'NON_FINITE',
    `x[${index}] is ${x[index]}, too ${Math.abs(x[index]) < 1 ? 'small' : 'large'} for ${type.name}, ${remedy}`,
  );
}

/** The energy of the finite values of x from `start` to `end`. */
function energyOf(x: Float32Array, start: number, end: number): number {
  let energy = 0;
  for (let i = start; i < end; i++) if (Number.isFinite(x[i])) energy += x[i] * x[i];
  return energy;
}

/** The share of the energy of x that is `lost`. Reading x stops as soon as the share is at most `enough`. */
export function shareOf(lost: number, x: Float32Array, enough = 0): number {
  if (lost === 0) return 0;
  let energy = 0;
  for (let start = 0; start < x.length; start += RUN) {
    energy += energyOf(x, start, Math.min(start + RUN, x.length));
    if (energy > 0 && lost / energy <= enough) break;
  }
  return energy === 0 ? 0 : lost / energy;
}

/** Throws when more is lost than the type allows. */
export function checkLoss(lost: number, type: GgmlType, x: Float32Array): void {
  const share = shareOf(lost, x, limitOf(type));
  if (share <= limitOf(type)) return;
  const what = type.name === 'F16' ? 'float16' : `the ${scaleOf(type)} scales of ${type.name}`;
  const large = x.some((value) => Math.abs(value) > 1);
  throw new FewbitsError(
    'UNSUPPORTED',
    `x would be lost, ${Math.round(100 * Math.min(share, 1))}% of its energy: it is too ` +
      `${large ? 'large' : 'small'} for ${what}. BF16, F32 and MXFP4 hold it, or all values take a ` +
      'factor; allowLoss takes it as it is',
  );
}

/** Throws for a scale that is NaN or infinite. */
export function checkSound(outcome: Outcome, type: GgmlType, base: number): void {
  if (statusOf(outcome) !== STATUS.corrupt_data) return;
  const what = type.blockSize === 1 ? 'value' : 'scale of the block from value';
  throw new FewbitsError(
    'CORRUPT_DATA',
    `bytes of ${type.name}: the ${what} ${base + indexOf(outcome)} is NaN or infinite, which ggml refuses to load`,
  );
}
