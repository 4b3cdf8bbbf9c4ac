// Checks that the options and infos of the distributional family share.

import {
  describe,
  integer,
  invalid,
  isKind,
  oneOf,
  options,
  typedArray,
} from '../../core/arguments.js';
import { DISTS, LLOYD_DISTS } from './names.js';
import type {
  CellLevels,
  DistributionalCodebook,
  DistributionalMethod,
  DistributionName,
} from './types.js';

/** The number of bits of a code for n cells. */
export const bitsOf = (n: number) => Math.max(1, 32 - Math.clz32(n - 1));

function finite(name: string, value: unknown, accepted: (x: number) => boolean, what: string) {
  if (typeof value !== 'number' || !Number.isFinite(value) || !accepted(value)) {
    throw invalid(`${name} must be ${what}, got ${describe(value)}`);
  }
  return value;
}

export const anyNumber = (name: string, value: unknown) =>
  finite(name, value, () => true, 'a finite number');
export const positive = (name: string, value: unknown) =>
  finite(name, value, (x) => x > 0, 'a finite number above 0');
export const notNegative = (name: string, value: unknown) =>
  finite(name, value, (x) => x >= 0, 'a finite number not below 0');

/** The number of cells from `bits`, its synonym `k`, or `n`. */
export function cells(
  { bits, k, n }: { bits?: unknown; k?: unknown; n?: unknown },
  most: 256 | 65536,
): number {
  if ([bits, k, n].filter((size) => size !== undefined).length !== 1) {
    throw invalid('bits (or k) or n cells must be given, and not both');
  }
  if (n !== undefined) return integer('n', n, 2, most);
  const [name, width] = bits === undefined ? ['k', k] : ['bits', bits];
  return 2 ** integer(name as string, width, 1, Math.log2(most));
}

export const orderOf = (p: unknown, fallback: 1 | 2): 1 | 2 => {
  if (p !== undefined && p !== 1 && p !== 2) throw invalid(`p must be 1 or 2, got ${describe(p)}`);
  return p ?? fallback;
};

export const distOf = (method: DistributionalMethod, dist: unknown): DistributionName =>
  method === 'lloyd-max' ? oneOf('dist', dist, LLOYD_DISTS) : oneOf('dist', dist, DISTS);

export function referenceOf(
  mode: unknown,
  method: DistributionalMethod,
  p: 1 | 2,
  levels: CellLevels,
) {
  if (mode === undefined) return false;
  oneOf('mode', mode, ['reference']);
  if (method !== 'formula' || p !== 1 || levels !== 'midpoint') {
    throw invalid("mode 'reference' has method 'formula', p 1 and levels 'midpoint' alone");
  }
  return true;
}

export function checkedCodebook(name: string, value: unknown): DistributionalCodebook {
  const given = options<Partial<DistributionalCodebook>>(name, value, ['thresholds', 'levels']);
  const what = `${name} must have Float32Arrays of n - 1 thresholds and n levels, n from 2 to 65536`;
  if (!isKind(given.thresholds, 'Float32Array') || !isKind(given.levels, 'Float32Array')) {
    throw invalid(what);
  }
  const thresholds = typedArray(`${name}.thresholds`, given.thresholds, ['Float32Array']);
  const levels = typedArray(`${name}.levels`, given.levels, ['Float32Array']);
  if (levels.length < 2 || levels.length > 65536 || thresholds.length !== levels.length - 1) {
    throw invalid(what);
  }
  for (let i = 0; i < thresholds.length; ++i) {
    const t = thresholds[i] as number;
    if (Number.isNaN(t) || (i > 0 && t < (thresholds[i - 1] as number))) {
      throw invalid(`${name}.thresholds must ascend; [${i}] is ${t}`);
    }
  }
  const bad = levels.findIndex((level) => !Number.isFinite(level));
  if (bad >= 0) throw invalid(`${name}.levels[${bad}] must be finite, got ${levels[bad]}`);
  return { thresholds, levels };
}
