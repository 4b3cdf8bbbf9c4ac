// A linear layer with quantized weights, and activations quantized on each call.

import { integer, output, toFloat32 } from '../../core/arguments.js';
import { type Core, check } from '../../core/core.js';
import { number } from '../../core/numbers.js';
import { apart, give, windows } from '../../core/windows.js';
import type { Bits } from '../bits.js';
import type { UniformFunctions } from '../uniform/functions.js';
import { formatNumber } from '../uniform/names.js';
import type { Uniform } from '../uniform/types.js';
import type { LinearFunctions } from './functions.js';
import { type Numbers, rowsOf } from './names.js';
import type { planOf } from './options.js';
import { panelRows } from './panels.js';
import type { LinearLayer } from './types.js';

type Plan = ReturnType<typeof planOf>;

/** Stored weights: packed rows that begin on a whole byte, with their scales, sums and bias. */
interface Weights {
  readonly inputs: number;
  readonly outputs: number;
  readonly kind: number;
  readonly codes: Int8Array;
  readonly stored: Uint8Array;
  readonly rowBytes: number;
  /** One per output, like the sums of codes. */
  readonly scales: Float32Array;
  readonly sums: Int32Array;
  readonly bias: Float32Array | null;
}

function quantizeWeights(
  core: Core,
  numbers: Numbers,
  bits: Bits,
  uniform: Uniform,
  plan: Plan,
): Weights {
  const { weights, outputs, inputs, weightBits, perChannel, bias } = plan;
  const quantized = uniform.quantize(
    weights,
    perChannel ? { bits: weightBits, axis: 0, shape: [outputs, inputs] } : { bits: weightBits },
  );
  const codes = uniform.codes(quantized) as Int8Array;
  const scales = perChannel
    ? quantized.scales
    : new Float32Array(outputs).fill(quantized.scales[0]);
  const rowBytes = weightBits === 8 ? inputs : Math.ceil(inputs / 2);
  const stored = new Uint8Array(outputs * rowBytes);
  for (let row = 0; row < outputs; ++row) {
    const rowCodes = codes.subarray(row * inputs, (row + 1) * inputs);
    stored.set(bits.pack(rowCodes, weightBits), row * rowBytes);
  }
  const kind = numbers.weight[weightBits === 8 ? 'int8' : 'int4'];
  const sums = rowSums(core, stored, rowBytes, kind, outputs, inputs);
  return { inputs, outputs, kind, codes, stored, rowBytes, scales, sums, bias };
}

function rowSums(
  core: Core,
  stored: Uint8Array,
  rowBytes: number,
  kind: number,
  outputs: number,
  inputs: number,
): Int32Array {
  const { memory } = core;
  const wasm = core.functions<LinearFunctions>();
  const sums = new Int32Array(outputs);
  const most = panelRows(rowBytes, outputs);
  memory.withScratch([most * rowBytes, 4 * most], (weightsAt, sumsAt) => {
    windows(outputs, most, (j, rows) => {
      give(memory, stored, j * rowBytes, rows * rowBytes, weightsAt);
      wasm.linear_row_sums(weightsAt, kind, rows, inputs, sumsAt);
      sums.set(memory.i32(sumsAt, rows), j);
    });
  });
  return sums;
}

/** The addresses of the panels in a call. */
type At = Record<
  | 'x'
  | 'codes'
  | 'scales'
  | 'minima'
  | 'zeroPoints'
  | 'weights'
  | 'weightScales'
  | 'sums'
  | 'bias'
  | 'accumulators'
  | 'floats'
  | 'work',
  number
>;

class Forward {
  readonly #core: Core;
  readonly #linear: LinearFunctions;
  readonly #uniform: UniformFunctions;
  readonly #weights: Weights;
  readonly #format: number;
  readonly #activation: number;

  constructor(core: Core, numbers: Numbers, weights: Weights, scheme: Plan['scheme']) {
    this.#core = core;
    this.#linear = core.functions<LinearFunctions>();
    this.#uniform = core.functions<UniformFunctions>();
    this.#weights = weights;
    this.#activation = numbers.activation[scheme === 'symmetric' ? 'int8' : 'uint8'];
    this.#format = formatNumber(
      8,
      number(core, `uniform_scheme_${scheme}`),
      number(core, 'uniform_rounding_nearest'),
      number(core, 'uniform_scaleType_f32'),
    );
  }

  run(x: Float32Array, batch: number, out: Float32Array): void {
    const { inputs, outputs, rowBytes } = this.#weights;
    const rowsAtOnce = panelRows(inputs * 4, batch);
    const outputsAtOnce = panelRows(rowBytes, outputs);
    this.#withRoom(rowsAtOnce, outputsAtOnce, (at) => {
      windows(batch, rowsAtOnce, (i, rows) => {
        this.#quantizeRows(at, x, i, rows);
        windows(outputs, outputsAtOnce, (j, columns) => {
          this.#giveWeights(at, j, columns);
          this.#multiply(at, rows, columns);
          for (let row = 0; row < rows; ++row) {
            const values = this.#core.memory.f32(at.floats + 4 * row * columns, columns);
            out.set(values, (i + row) * outputs + j);
          }
        });
      });
    });
  }

  #withRoom(rows: number, columns: number, work: (at: At) => void): void {
    const { inputs, rowBytes } = this.#weights;
    const lengths: At = {
      x: rows * inputs * 4,
      codes: rows * inputs,
      scales: rows * 4,
      minima: rows * 4, // all zero
      zeroPoints: rows * 4,
      weights: columns * rowBytes,
      weightScales: columns * 4,
      sums: columns * 4,
      bias: columns * 4,
      accumulators: rows * columns * 4,
      floats: rows * columns * 4,
      work: this.#linear.linear_matmul_workspace(rows, columns, inputs),
    };
    const names = Object.keys(lengths);
    this.#core.memory.withScratch(Object.values(lengths), (...addresses) =>
      work(Object.fromEntries(names.map((name, i) => [name, addresses[i]])) as At),
    );
  }

  #quantizeRows(at: At, x: Float32Array, first: number, rows: number): void {
    const { inputs } = this.#weights;
    give(this.#core.memory, x, first * inputs, rows * inputs, at.x);
    const outcome = this.#uniform.uniform_quantize_blocks(
      at.x,
      rows * inputs,
      inputs,
      this.#format,
      at.scales,
      at.minima,
      at.zeroPoints,
      at.codes,
    );
    check(outcome, 'x', first * inputs);
  }

  #giveWeights(at: At, first: number, columns: number): void {
    const { memory } = this.#core;
    const { stored, rowBytes, scales, sums, bias } = this.#weights;
    const end = first + columns;
    give(memory, stored, first * rowBytes, columns * rowBytes, at.weights);
    memory.f32(at.weightScales, columns).set(scales.subarray(first, end));
    memory.i32(at.sums, columns).set(sums.subarray(first, end));
    if (bias !== null) memory.f32(at.bias, columns).set(bias.subarray(first, end));
  }

  #multiply(at: At, rows: number, columns: number): void {
    const { inputs, kind, bias } = this.#weights;
    this.#linear.linear_matmul(
      at.codes,
      this.#activation,
      rows,
      at.weights,
      kind,
      columns,
      inputs,
      at.accumulators,
      at.work,
    );
    this.#linear.linear_dequantize(
      at.accumulators,
      rows,
      columns,
      at.scales,
      at.zeroPoints,
      at.weightScales,
      at.sums,
      bias === null ? 0 : at.bias,
      at.floats,
    );
  }
}

export function createLayer(
  core: Core,
  numbers: Numbers,
  bits: Bits,
  uniform: Uniform,
  plan: Plan,
): LinearLayer {
  const weights = quantizeWeights(core, numbers, bits, uniform, plan);
  const { inputs, outputs, stored, codes, scales } = weights;
  const forward = new Forward(core, numbers, weights, plan.scheme);
  return {
    inputs,
    outputs,
    byteLength:
      stored.length + 4 * (plan.perChannel ? outputs : 1) + (plan.bias === null ? 0 : 4 * outputs),
    weights: codes,
    weightScales: scales,
    forward(given, batch = 1, givenOut) {
      const x = toFloat32('x', given);
      integer('batch', batch, 0, 2 ** 31);
      rowsOf('x', x, batch, inputs);
      const out = output(Float32Array, batch * outputs, givenOut);
      forward.run(apart(x, out, givenOut), batch, out);
      return out;
    },
  };
}
