// Quantizers for a known distribution, Lloyd-Max and k-means: the public functions of the family.

import {
  describe,
  integer,
  invalid,
  isKind,
  oneOf,
  output,
  toFloat32,
} from '../../core/arguments.js';
import { type Core, check, outcomeOf } from '../../core/core.js';
import { STATUS } from '../../core/status.js';
import { apart } from '../../core/windows.js';
import { arrayField, fieldsOf } from '../quantized.js';
import { checkedCodebook } from './checks.js';
import { type BlockParameters, type Layout, layoutOf, withCoder } from './coder.js';
import { fitFormula, fitKmeans } from './fit.js';
import type { DistributionalFunctions, Formula } from './functions.js';
import { blockParameter, type Decoding, decodingOf } from './info.js';
import { LLOYD_DISTS, type Numbers, numbersOf } from './names.js';
import { type Plan, planOf } from './plan.js';
import type {
  Distributional,
  DistributionalCodebook,
  DistributionalData,
  DistributionalInfo,
  DistributionalQuantized,
  DistributionName,
} from './types.js';

/** Throws at the first non-finite value: with a given codebook no fit checks the values. */
function checkFinite(x: Float32Array): void {
  // A plain loop in which only infinities and NaN give NaN: several times faster than findIndex.
  let sum = 0;
  for (let i = 0; i < x.length; ++i) sum += (x[i] as number) * 0;
  if (sum !== 0) {
    const index = x.findIndex((value) => !Number.isFinite(value));
    check(outcomeOf(STATUS.non_finite, index), 'x');
  }
}

/** The array that codes are written to: `out`, checked, or a new one. */
function dataFor({ kind, elements }: Layout, out: unknown): DistributionalQuantized['data'] {
  const types = { BigInt64Array, Uint16Array, Uint8Array };
  return output<BigInt64Array | Uint16Array | Uint8Array>(types[kind], elements, out);
}

interface Result {
  readonly plan: Plan;
  readonly dist: DistributionName | null;
  readonly formula: Formula | null;
  readonly book: DistributionalCodebook | null;
  readonly parameters: BlockParameters;
  readonly errors: { absolute: number; squared: number };
  readonly length: number;
}

function infoOf({
  plan,
  dist,
  formula,
  book,
  parameters,
  errors,
  length,
}: Result): DistributionalInfo {
  const { n, block } = plan;
  return {
    dist,
    scale: block !== null || !formula ? 1 : formula.scale,
    loc: block !== null || !formula ? 0 : formula.loc,
    n,
    packbits: plan.packbits,
    beta: formula?.beta ?? 1,
    abs_error: errors.absolute,
    shape: plan.shape,
    n_elems: length,
    mse: errors.squared,
    p: plan.p,
    levels: plan.levels,
    method: plan.method,
    ...(plan.reference ? { mode: 'reference' as const } : {}),
    ...(block !== null ? { block, ...parameters } : {}),
    ...(book
      ? { codebook: { thresholds: book.thresholds.slice(), levels: book.levels.slice() } }
      : {}),
  };
}

function bytesOf(data: DistributionalData, { locs, scales, codebook }: DistributionalInfo): number {
  const arrays = [data, locs, scales, codebook?.thresholds, codebook?.levels];
  return arrays.reduce((sum, array) => sum + (array?.byteLength ?? 0), 0);
}

/** Checks that `data` holds the codes that `decoding` describes. */
function checkedData(data: unknown, decoding: Decoding) {
  const { n, block, packbits } = decoding;
  const length = integer('info.n_elems', decoding.elements, 0, Number.MAX_SAFE_INTEGER);
  if (typeof packbits !== 'boolean') {
    throw invalid(`info.packbits must be true or false, got ${describe(packbits)}`);
  }
  const layout = layoutOf(length, n, packbits, block);
  const { kind, elements, blocks } = layout;
  const what = () => `${length} codes of ${n} cells`;
  // Words may be unsigned, like numpy's; for a wrong type or length the message asks for the default kind.
  const own = packbits && isKind(data, 'BigUint64Array') ? 'BigUint64Array' : kind;
  const codes: DistributionalData = arrayField('data', data, own, elements, what);
  const parameters = {
    locs: block === null ? new Float32Array() : blockParameter('locs', decoding.locs, blocks),
    scales: block === null ? new Float32Array() : blockParameter('scales', decoding.scales, blocks),
  };
  return { codes, layout, parameters };
}

function quantizeValues(
  core: Core,
  numbers: Numbers,
  given: unknown,
  options: unknown,
  out: unknown,
): DistributionalQuantized {
  const asked = toFloat32('x', given);
  const plan = planOf(asked.length, options);
  const layout = layoutOf(asked.length, plan.n, plan.packbits, plan.block);
  const data = dataFor(layout, out);
  const x = apart(asked, data, out);
  const book = plan.method === 'kmeans' ? (plan.codebook ?? fitKmeans(core, x, plan.n)) : null;
  if (plan.codebook) checkFinite(x);
  const formula = book ? null : fitFormula(core, numbers, x, plan);
  const parameters = {
    locs: new Float32Array(layout.blocks),
    scales: new Float32Array(layout.blocks),
  };
  const errors = withCoder(core, (coder) => {
    if (book) coder.setTables(book);
    else if (formula && plan.block === null) coder.setFormula(formula, plan.reference);
    else if (formula) coder.setBlocks(formula, plan.zero);
    return coder.encode(x, layout, data, parameters);
  });
  const chosen = plan.method === 'lloyd-max' ? plan.dist : null;
  const dist = formula ? (chosen ?? numbers.nameOf(formula.distribution)) : null;
  const info = infoOf({ plan, dist, formula, book, parameters, errors, length: x.length });
  const byteLength = bytesOf(data, info);
  return { kind: 'distributional', data, info, length: x.length, byteLength };
}

export function createDistributional(core: Core): Distributional {
  const wasm = core.functions<DistributionalFunctions>();
  const { memory } = core;
  const numbers = numbersOf(core);

  function decode(given: unknown, info: unknown, givenOut: unknown): Float32Array {
    const decoding = decodingOf(numbers, info);
    const { codes, layout, parameters } = checkedData(given, decoding);
    const out = output(Float32Array, layout.length, givenOut);
    withCoder(core, (coder) => {
      if (decoding.codebook) coder.setTables(decoding.codebook);
      else if (decoding.block === null) coder.setFormula(decoding.formula, decoding.reference);
      else coder.setBlocks(decoding.formula, null);
      coder.decode(apart(codes, out, givenOut), layout, parameters, out);
    });
    return out;
  }

  return {
    quantize: (x, options, out) => quantizeValues(core, numbers, x, options, out),

    dequantize(given: unknown, second?: unknown, out?: unknown) {
      if (ArrayBuffer.isView(given) || typeof given !== 'object' || given === null) {
        return decode(given, second, out);
      }
      const q = fieldsOf<DistributionalQuantized>('distributional', given, ({ data, info }) => ({
        data,
        info,
      }));
      return decode(q.data, q.info, second);
    },

    codebook(given) {
      const { n, formula, codebook, reference, block } = decodingOf(numbers, given, true);
      if (block !== null) {
        throw invalid('every block has a codebook of its own: pass loc and scale of one');
      }
      return withCoder(core, (coder) => {
        if (codebook) coder.setTables(codebook);
        else coder.setFormula(formula, reference);
        return coder.tables(n);
      });
    },

    meanSquaredError(given, dist = 'gaussian') {
      const { thresholds, levels } = checkedCodebook('codebook', given);
      const source = numbers.sources[oneOf('dist', dist, LLOYD_DISTS)];
      return memory.withScratch([8 * thresholds.length, 8 * levels.length], (tAt, lAt) => {
        memory.f64(tAt, thresholds.length).set(thresholds);
        memory.f64(lAt, levels.length).set(levels);
        return wasm.distributional_mean_squared_error(source, levels.length, tAt, lAt);
      });
    },
  };
}
