// The parameters of decoding, from an info or from the options of codebook(), checked.

import { integer, invalid, oneOf, options } from '../../core/arguments.js';
import { arrayField } from '../quantized.js';
import {
  anyNumber,
  cells,
  checkedCodebook,
  distOf,
  notNegative,
  orderOf,
  positive,
  referenceOf,
} from './checks.js';
import type { Formula } from './functions.js';
import { LEVELS, MAX_BLOCK, METHODS, type Numbers } from './names.js';
import type { DistributionalCodebook, DistributionalInfo } from './types.js';

const INFO = [
  'dist',
  'scale',
  'loc',
  'n',
  'packbits',
  'beta',
  'abs_error',
  'shape',
  'n_elems',
  'mse',
  'p',
  'levels',
  'method',
  'mode',
  'block',
  'locs',
  'scales',
  'codebook',
] as const;

/** The parameters of decoding: by tables, or by a formula whose loc and scale may be given per block. */
export interface Decoding {
  readonly n: number;
  readonly formula: Formula;
  readonly codebook: DistributionalCodebook | null;
  readonly reference: boolean;
  readonly block: number | null;
  readonly locs: unknown;
  readonly scales: unknown;
  readonly packbits: unknown;
  readonly elements: unknown;
}

/**
 * Checks an info and completes it.
 *
 * @param loose takes options of codebook(), most of which have a default
 */
export function decodingOf(numbers: Numbers, given: unknown, loose = false): Decoding {
  const known = loose ? [...INFO, 'k', 'bits'] : INFO;
  const o = options<DistributionalInfo & { k?: number; bits?: number }>(
    loose ? 'options' : 'info',
    given,
    known,
  );
  if (given === undefined) throw invalid('info must be an object, got undefined');
  const method = oneOf('method', o.method ?? 'formula', METHODS);
  const codebook =
    method === 'kmeans' || o.codebook !== undefined
      ? checkedCodebook('codebook', o.codebook)
      : null;
  const p = orderOf(o.p, method === 'formula' ? 1 : 2);
  const levels = oneOf('levels', o.levels ?? 'midpoint', LEVELS);
  const n = cells(
    codebook && o.k === undefined && o.bits === undefined
      ? { n: o.n ?? codebook.levels.length }
      : o,
    method === 'formula' || codebook ? 65536 : 256,
  );
  if (codebook && codebook.levels.length !== n) {
    throw invalid(`codebook has ${codebook.levels.length} levels, where n is ${n}`);
  }
  const dist = codebook ? 'gaussian' : distOf(method, o.dist ?? (loose ? 'gaussian' : o.dist));
  const absent = (value: unknown, fallback: number) =>
    value === undefined && (loose || codebook) ? fallback : value;
  return {
    n,
    formula: {
      distribution: numbers.distribution(codebook ? 'formula' : method, dist),
      order: p,
      n,
      levels: numbers.levels[levels],
      loc: anyNumber('loc', absent(o.loc, 0)),
      scale: notNegative('scale', absent(o.scale, 1)),
      beta: positive('beta', absent(o.beta, 1)),
    },
    codebook,
    reference: referenceOf(o.mode, method, p, levels),
    block: o.block === undefined ? null : integer('info.block', o.block, 1, MAX_BLOCK),
    locs: o.locs,
    scales: o.scales,
    packbits: o.packbits,
    elements: o.n_elems,
  };
}

/** Checks the loc or scale of `count` blocks. */
export function blockParameter(name: 'locs' | 'scales', given: unknown, count: number) {
  const values = arrayField(`info.${name}`, given, 'Float32Array', count);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw invalid(`info.${name}[${bad}] must be finite, got ${values[bad]}`);
  return values;
}
