// Uniform quantization: equally spaced levels, 2 to 8 bits per value.

import { integer, oneOf, options, output, toFloat32 } from '../../core/arguments.js';
import type { Core } from '../../core/core.js';
import { apart } from '../../core/windows.js';
import { type Bits, packedBytes } from '../bits.js';
import type { Floats } from '../floats.js';
import { checked, decode } from './decode.js';
import { Encoder, scaleTooLarge } from './encode.js';
import { emptyParameters, type Layout, layoutOf, type Parameters } from './layout.js';
import { formatNumber, numbersOf, ROUNDINGS, SCALE_TYPES, SCHEMES } from './names.js';
import type { ScaleType, Scheme, Uniform, UniformOptions, UniformQuantized } from './types.js';

const OPTIONS = [
  'bits',
  'scheme',
  'block',
  'axis',
  'shape',
  'rounding',
  'scaleType',
  'mode',
] as const;

/** The options of quantize, checked and complete. */
function planOf(length: number, given: unknown) {
  const o = options<UniformOptions>('options', given, OPTIONS);
  if (o.mode !== undefined) oneOf('mode', o.mode, ['reference']);
  const scaleType = oneOf('scaleType', o.scaleType ?? 'f32', SCALE_TYPES);
  return {
    bits: integer('bits', o.bits ?? 8, 2, 8),
    scheme: oneOf('scheme', o.scheme ?? 'symmetric', SCHEMES),
    rounding: oneOf('rounding', o.rounding ?? 'nearest', ROUNDINGS),
    scaleType,
    /** Whether codes are computed with unrounded scales, which are rounded to float16 afterwards. */
    roundLater: o.mode === 'reference' && scaleType === 'f16',
    layout: layoutOf(length, o),
  };
}

/** The result of quantize, with the parameters of its scheme and the number of bytes. */
function quantizedOf(
  codes: Uint8Array,
  length: number,
  plan: { bits: number; scheme: Scheme; scaleType: ScaleType; layout: Layout },
  { scales, zeroPoints, minima }: Parameters,
): UniformQuantized {
  const { bits, scheme, scaleType, layout } = plan;
  const { block, columns, count } = layout;
  const bytesEach = scaleType === 'f16' ? 2 : 4;
  const own = scheme === 'asymmetric' ? 4 : scheme === 'affine' ? bytesEach : 0;
  return {
    kind: 'uniform',
    codes,
    bits,
    scheme,
    length,
    block,
    columns,
    scaleType,
    scales,
    zeroPoints,
    minima,
    byteLength: codes.length + count * (bytesEach + own),
  };
}

export function createUniform(core: Core, bits: Bits, floats: Floats): Uniform {
  const numbers = numbersOf(core);
  const encoder = new Encoder(core);

  const roundToF16 = (values: Float32Array) =>
    floats.decode(floats.encode(values, 'f16'), 'f16', values.length);

  return {
    quantize(given, givenOptions, givenOut) {
      const x = toFloat32('x', given);
      const plan = planOf(x.length, givenOptions);
      const codes = output(Uint8Array, packedBytes(x.length, plan.bits), givenOut);
      const parameters = emptyParameters(plan.layout.count, plan.scheme);
      const number = formatNumber(
        plan.bits,
        numbers.scheme[plan.scheme],
        numbers.rounding[plan.rounding],
        numbers.scaleType[plan.roundLater ? 'f32' : plan.scaleType],
      );
      const format = { bits: plan.bits, number };
      encoder.encode(apart(x, codes, givenOut), plan.layout, format, parameters, codes);
      if (!plan.roundLater) return quantizedOf(codes, x.length, plan, parameters);
      const scales = roundToF16(parameters.scales);
      const minima = parameters.minima && roundToF16(parameters.minima);
      const bad = scales.findIndex((scale, i) => !Number.isFinite(scale + (minima?.[i] ?? 0)));
      if (bad >= 0) throw scaleTooLarge(bad);
      return quantizedOf(codes, x.length, plan, { ...parameters, scales, minima });
    },

    dequantize: (q, out) => decode(core, checked(numbers, q), out),

    codes(given) {
      const { q } = checked(numbers, given);
      return q.scheme === 'symmetric'
        ? bits.unpackSigned(q.codes, q.bits, q.length)
        : bits.unpack(q.codes, q.bits, q.length);
    },
  };
}
