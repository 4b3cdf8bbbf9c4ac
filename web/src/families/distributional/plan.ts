// The options of distributional.quantize, checked and complete.

import { describe, integer, invalid, listOf, oneOf, options } from '../../core/arguments.js';
import {
  anyNumber,
  bitsOf,
  cells,
  checkedCodebook,
  distOf,
  orderOf,
  positive,
  referenceOf,
} from './checks.js';
import { LEVELS, MAX_BLOCK, METHODS } from './names.js';
import type {
  CellLevels,
  DistributionalCodebook,
  DistributionalMethod,
  DistributionalOptions,
  DistributionName,
} from './types.js';

/** A plan of quantization: the options, checked and complete. */
export interface Plan {
  readonly method: DistributionalMethod;
  readonly dist: DistributionName | null;
  readonly n: number;
  /** Bits per code in a word. */
  readonly bits: number;
  readonly beta: number | null;
  readonly zero: number | null;
  readonly packbits: boolean;
  readonly reference: boolean;
  readonly p: 1 | 2;
  readonly levels: CellLevels;
  readonly codebook: DistributionalCodebook | null;
  readonly block: number | null;
  readonly shape: readonly number[];
}

const OPTIONS = [
  'bits',
  'k',
  'n',
  'dist',
  'beta',
  'zero',
  'packbits',
  'mode',
  'p',
  'levels',
  'method',
  'codebook',
  'block',
  'axis',
  'shape',
] as const;

/** The assumed distribution and the number of cells: the options that exclude each other. */
function methodOf(o: DistributionalOptions) {
  const codebook = o.codebook === undefined ? null : checkedCodebook('codebook', o.codebook);
  const method = oneOf('method', o.method ?? (codebook ? 'kmeans' : 'formula'), METHODS);
  const free = method === 'kmeans';
  if (codebook && !free) throw invalid(`a codebook that is passed has no method '${method}'`);
  if (free && o.dist != null) throw invalid("method 'kmeans' assumes no dist");
  if (free && (o.zero != null || o.block !== undefined || o.axis !== undefined)) {
    throw invalid("method 'kmeans' has one codebook for all values: no zero, block or axis");
  }
  if (method !== 'formula' && o.p === 1) {
    throw invalid(`method '${method}' makes the squared error least: p must be 2`);
  }
  const size = { bits: o.bits, k: o.k, n: o.n };
  if (codebook && size.k === undefined && size.bits === undefined) {
    size.n ??= codebook.levels.length;
  }
  const n = cells(size, method === 'formula' || codebook ? 65536 : 256);
  if (codebook && n !== codebook.levels.length) {
    throw invalid(`codebook has ${codebook.levels.length} levels, where bits, k or n says ${n}`);
  }
  const choose = free || (o.dist === null && method === 'formula');
  const dist = choose ? null : distOf(method, o.dist ?? 'gaussian');
  return { codebook, method, n, dist };
}

function shapeOf(length: number, given: unknown): readonly number[] {
  const shape = listOf(given ?? [length], 64) as number[] | undefined;
  if (
    shape === undefined ||
    shape.some((side) => !Number.isInteger(side) || side < 0) ||
    shape.reduce((product, side) => product * side, 1) !== length
  ) {
    throw invalid(`shape must be sides whose product is ${length}, got ${describe(given)}`);
  }
  return shape;
}

/** The number of values that share loc and scale; null if all do. */
function blockOf(o: DistributionalOptions, shape: readonly number[]): number | null {
  const block = o.block === undefined ? null : integer('block', o.block, 1, MAX_BLOCK);
  if (o.axis === undefined) return block;
  if (o.axis !== 0) throw invalid(`axis must be 0, for rows, got ${describe(o.axis)}`);
  if (block !== null) throw invalid('axis and block exclude each other');
  if (shape.length !== 2) throw invalid('axis needs shape: [rows, columns]');
  return Math.max(1, integer('shape[1]', shape[1], 0, MAX_BLOCK));
}

export function planOf(length: number, given: unknown): Plan {
  const o = options<DistributionalOptions>('options', given, OPTIONS);
  const { codebook, method, n, dist } = methodOf(o);
  const p = orderOf(o.p, method === 'formula' ? 1 : 2);
  const levels = oneOf('levels', o.levels ?? 'midpoint', LEVELS);
  const beta =
    o.beta === undefined ? (method === 'formula' ? null : 1) : o.beta && positive('beta', o.beta);
  if (beta === 0) throw invalid('beta must be a finite number above 0, got 0');
  const zero = o.zero === undefined || o.zero === null ? null : anyNumber('zero', o.zero);
  if (zero !== null && n % 2 === 0 && !dist?.startsWith('exponential')) {
    throw invalid(`with a zero n must be odd, so that a level can lie there; got n ${n}`);
  }
  if (o.packbits !== undefined && typeof o.packbits !== 'boolean') {
    throw invalid(`packbits must be true or false, got ${describe(o.packbits)}`);
  }
  const reference = referenceOf(o.mode, method, p, levels);
  const shape = shapeOf(length, o.shape);
  const block = blockOf(o, shape);
  if (block !== null && reference) throw invalid("mode 'reference' has one block");
  return {
    method,
    dist,
    n,
    bits: bitsOf(n),
    beta,
    zero,
    packbits: o.packbits ?? true,
    reference,
    p,
    levels,
    codebook,
    block,
    shape,
  };
}
