// The options of a quantized layer, checked and complete.

import {
  describe,
  integer,
  invalid,
  listOf,
  oneOf,
  options,
  toFloat32,
} from '../../core/arguments.js';
import { FewbitsError } from '../../core/errors.js';
import { rowsOf } from './names.js';
import type { LinearOptions } from './types.js';

const OPTIONS = [
  'weights',
  'shape',
  'bias',
  'weightBits',
  'activationBits',
  'activations',
  'perChannel',
] as const;

function biasOf(given: unknown, outputs: number): Float32Array | null {
  if (given === undefined) return null;
  const bias = toFloat32('bias', given).slice();
  rowsOf('bias', bias, 1, outputs);
  const odd = bias.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) throw new FewbitsError('NON_FINITE', `bias[${odd}] is NaN or infinite`);
  return bias;
}

export function planOf(given: unknown, maxInner: number) {
  const o = options<LinearOptions>('options', given, OPTIONS);
  const weights = toFloat32('weights', o.weights);
  const shape = listOf(o.shape, 2);
  if (shape?.length !== 2) {
    throw invalid(`shape must be [outputs, inputs], got ${describe(o.shape)}`);
  }
  const outputs = integer('shape[0]', shape[0], 1, 2 ** 31);
  const inputs = integer('shape[1]', shape[1], 1, maxInner);
  rowsOf('weights', weights, outputs, inputs);
  const weightBits = o.weightBits ?? 8;
  if (weightBits !== 8 && weightBits !== 4) {
    throw invalid(`weightBits must be 8 or 4, got ${describe(weightBits)}`);
  }
  integer('activationBits', o.activationBits ?? 8, 8, 8);
  const perChannel = o.perChannel ?? true;
  if (typeof perChannel !== 'boolean') {
    throw invalid(`perChannel must be true or false, got ${describe(perChannel)}`);
  }
  return {
    weights,
    outputs,
    inputs,
    bias: biasOf(o.bias, outputs),
    weightBits,
    scheme: oneOf('activations', o.activations ?? 'symmetric', ['symmetric', 'asymmetric']),
    perChannel,
  } as const;
}
