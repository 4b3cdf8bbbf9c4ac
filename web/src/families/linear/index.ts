// Integer matrix products, and the quantized linear layer.

import type { Core } from '../../core/core.js';
import type { Bits } from '../bits.js';
import type { Uniform } from '../uniform/types.js';
import { createLayer } from './layer.js';
import { createMatmul } from './matmul.js';
import { numbersOf } from './names.js';
import { planOf } from './options.js';
import type { Linear } from './types.js';

export function createLinear(core: Core, bits: Bits, uniform: Uniform): Linear {
  const numbers = numbersOf(core);
  return {
    ...createMatmul(core, numbers),
    create: (options) =>
      createLayer(core, numbers, bits, uniform, planOf(options, numbers.maxInner)),
  };
}
