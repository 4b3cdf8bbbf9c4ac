// The K-quantization demo's two-level affine scheme, as published and repaired.

import {
  describe,
  type FloatArray,
  invalid,
  listOf,
  oneOf,
  options,
  output,
  toFloat32,
} from '../core/arguments.js';
import { type Core, check, type Outcome } from '../core/core.js';
import { FewbitsError } from '../core/errors.js';
import { number } from '../core/numbers.js';
import { arrayField, fieldsOf } from './quantized.js';

const REPAIRS = {
  bestCandidate: 'best_candidate',
  wholeError: 'whole_error',
  rounding: 'rounding',
  weightedSum: 'weighted_sum',
  sixBits: 'six_bits',
} as const;

/**
 * The defects of the demo, each of which can be repaired separately:
 *
 * - `rounding`: codes are rounded to nearest and clamped, not truncated and wrapped around
 * - `weightedSum`: the least-squares fit uses the sum of w x, where the demo has w x²
 * - `bestCandidate`: the best candidate for the sub-scales is taken, not the last, and single sub-scales are
 *   improved as long as that helps
 * - `wholeError`: a candidate is judged by all its eight integers, not by the smallest
 * - `sixBits`: sub-scales go up to 63, as their six bits allow, not to 15
 */
export type KquantRepair = keyof typeof REPAIRS;

const repairNames = /* @__PURE__ */ Object.keys(REPAIRS) as readonly KquantRepair[];

const VERSIONS: Record<'first' | 'latest' | 'repaired', readonly KquantRepair[]> = {
  first: [],
  latest: ['bestCandidate'],
  repaired: repairNames,
};

export interface KquantOptions {
  /** `'first'` and `'latest'` are the demo's published versions, exactly; default `'repaired'`. */
  readonly version?: keyof typeof VERSIONS | undefined;
  /** The first version with these repairs, instead of a `version`. */
  readonly repairs?: readonly KquantRepair[] | undefined;
}

/** A block of 256 values: scale * subscales[j] * code - zeroPoint * suboffsets[j] in sub-block j of 32. */
export interface KquantBlock {
  readonly kind: 'kquant';
  readonly length: 256;
  /** A float16, as is zeroPoint. */
  readonly scale: number;
  readonly zeroPoint: number;
  /** Eight integers up to 15, or up to 63 with six bits. */
  readonly subscales: Uint8Array;
  readonly suboffsets: Uint8Array;
  /** 256 integers up to 15. */
  readonly codes: Uint8Array;
  /** The 256 decoded values, in float16 arithmetic at every step. */
  readonly dequantized: Float32Array;
  /** Mean squared error of all 256 values. */
  readonly mse: number;
  /** Mean squared error of the first eight values, which the demo prints. */
  readonly mseFirst8: number;
  /** Bytes when packed: 2 + 2 + 6 + 6 + 128. */
  readonly byteLength: 144;
}

/** The K-quantization demo's two-level affine scheme, as published and repaired. */
export interface Kquant {
  /**
   * Quantizes one block.
   *
   * @param x 256 finite values
   * @param out a Uint8Array(256) for the codes, instead of a new one
   * @throws FewbitsError NON_FINITE with the index, INVALID_ARGUMENT for another length, UNSUPPORTED where
   *   the result does not fit float16
   */
  quantize(x: FloatArray, options?: KquantOptions, out?: Uint8Array): KquantBlock;

  /**
   * Decodes a block in float16 arithmetic, with the same values as `block.dequantized`.
   *
   * @throws FewbitsError INVALID_ARGUMENT when the parts are not those of a block
   */
  dequantize(block: KquantBlock, out?: Float32Array): Float32Array;

  /** The names of the repairs. */
  readonly repairs: readonly KquantRepair[];
}

export interface KquantFunctions {
  kquant_quantize(
    x: number,
    repairs: Record<(typeof REPAIRS)[KquantRepair], boolean>,
    subscales: number,
    suboffsets: number,
    codes: number,
    dequantized: number,
  ): { readonly outcome: Outcome; readonly scale: number; readonly zero_point: number };
  kquant_dequantize(
    scale: number,
    zeroPoint: number,
    subscales: number,
    suboffsets: number,
    codes: number,
    out: number,
  ): void;
  kquant_mean_squared_error(x: number, y: number, n: number): number;
}

function chosenRepairs(o: KquantOptions): readonly KquantRepair[] {
  if (o.repairs === undefined) {
    return VERSIONS[oneOf('version', o.version ?? 'repaired', ['first', 'latest', 'repaired'])];
  }
  if (o.version !== undefined) throw invalid('version and repairs exclude each other');
  const repairs = listOf(o.repairs, 64);
  if (repairs === undefined) {
    throw invalid(`repairs must be an array, got ${describe(o.repairs)}`);
  }
  return repairs.map((name, i) => oneOf(`repairs[${i}]`, name, repairNames));
}

/** Throws where sums of squares or float16 values overflowed: the demo continues with infinities and NaN. */
function checkBlock(scale: number, zeroPoint: number, values: Float32Array): void {
  if (Number.isFinite(scale + zeroPoint) && values.every(Number.isFinite)) return;
  throw new FewbitsError(
    'UNSUPPORTED',
    'x is too large or too small for a block, whose scales and values are float16 (up to 65504): ' +
      'multiply it by a factor first, or use ggml.quantize',
  );
}

function dequantizeBlock(core: Core, given: unknown, givenOut: unknown): Float32Array {
  const wasm = core.functions<KquantFunctions>();
  const { memory } = core;
  const VALUES = number(core, 'kquant_kBlockSize');
  const SUB_BLOCKS = number(core, 'kquant_kSubBlocks');
  const q = fieldsOf<KquantBlock>(
    'kquant',
    given,
    ({ scale, zeroPoint, subscales, suboffsets, codes }) => ({
      scale,
      zeroPoint,
      subscales,
      suboffsets,
      codes,
    }),
  );
  for (const name of ['scale', 'zeroPoint'] as const) {
    if (typeof q[name] !== 'number') {
      throw invalid(`q.${name} must be a number, got ${describe(q[name])}`);
    }
  }
  const parts = [
    arrayField('q.subscales', q.subscales, 'Uint8Array', SUB_BLOCKS),
    arrayField('q.suboffsets', q.suboffsets, 'Uint8Array', SUB_BLOCKS),
    arrayField('q.codes', q.codes, 'Uint8Array', VALUES),
  ];
  const out = output(Float32Array, VALUES, givenOut);
  const room = [...parts.map((part) => part.length), 4 * VALUES];
  memory.withScratch(room, (...at) => {
    const [subscales, suboffsets, codes, outAt] = at;
    parts.forEach((part, i) => {
      memory.u8(at[i], part.length).set(part);
    });
    wasm.kquant_dequantize(q.scale, q.zeroPoint, subscales, suboffsets, codes, outAt);
    out.set(memory.f32(outAt, VALUES));
  });
  return out;
}

export function createKquant(core: Core): Kquant {
  const wasm = core.functions<KquantFunctions>();
  const { memory } = core;
  const VALUES = number(core, 'kquant_kBlockSize');
  const SUB_BLOCKS = number(core, 'kquant_kSubBlocks');
  return {
    repairs: repairNames,

    quantize(given, givenOptions, givenOut) {
      const x = toFloat32('x', given);
      if (x.length !== VALUES) throw invalid(`x must hold ${VALUES} values, got ${x.length}`);
      const o = options<KquantOptions>('options', givenOptions, ['version', 'repairs']);
      const chosen = chosenRepairs(o);
      const packed = output(Uint8Array, VALUES, givenOut);
      const repairs = Object.fromEntries(
        repairNames.map((name) => [REPAIRS[name], chosen.includes(name)]),
      ) as Parameters<KquantFunctions['kquant_quantize']>[1];
      return memory.withScratch(
        [4 * VALUES, SUB_BLOCKS, SUB_BLOCKS, VALUES, 4 * VALUES],
        (xAt, subscales, suboffsets, codes, dequantized) => {
          memory.f32(xAt, VALUES).set(x);
          const block = wasm.kquant_quantize(
            xAt,
            repairs,
            subscales,
            suboffsets,
            codes,
            dequantized,
          );
          check(block.outcome, 'x');
          checkBlock(block.scale, block.zero_point, memory.f32(dequantized, VALUES));
          packed.set(memory.u8(codes, VALUES));
          return {
            kind: 'kquant',
            length: 256,
            scale: block.scale,
            zeroPoint: block.zero_point,
            subscales: memory.u8(subscales, SUB_BLOCKS).slice(),
            suboffsets: memory.u8(suboffsets, SUB_BLOCKS).slice(),
            codes: packed,
            dequantized: memory.f32(dequantized, VALUES).slice(),
            mse: wasm.kquant_mean_squared_error(xAt, dequantized, VALUES),
            mseFirst8: wasm.kquant_mean_squared_error(xAt, dequantized, 8),
            byteLength: 144,
          };
        },
      );
    },

    dequantize: (q, out) => dequantizeBlock(core, q, out),
  };
}
