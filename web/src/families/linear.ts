import {
  describe,
  type FloatArray,
  integer,
  invalid,
  oneOf,
  options,
  output,
  toFloat32,
} from '../core/arguments.js';
import { type Core, check, type Outcome } from '../core/core.js';
import { FewbitsError } from '../core/errors.js';
import type { Bits } from './bits.js';
import type { Uniform } from './uniform.js';

const SCHEMES = ['symmetric', 'asymmetric'] as const;
const WEIGHT_BITS = [8, 4];

/** Longest rows whose sums an int32 holds. */
const MAX_INNER = 65536;

/** Bytes of a factor that cross at a time. */
const PANEL = 262144;

export interface MatmulShape {
  /** Rows of a and of the result. */
  readonly m: number;
  /** Rows of b and columns of the result. */
  readonly n: number;
  /** Length of the rows of a and b, at most 65536. */
  readonly k: number;
}

export interface LinearOptions {
  /** Row-major, one row an output. */
  weights: FloatArray;
  /** [outputs, inputs]. */
  shape: readonly [number, number];
  /** One an output. */
  bias?: FloatArray;
  /** Default 8. */
  weightBits?: 8 | 4;
  /** Default 8, the only one. */
  activationBits?: 8;
  /** How each row of the input is quantized: signed, or unsigned with a zero point. Default 'symmetric'. */
  activations?: (typeof SCHEMES)[number];
  /** A scale for each output (default) or one for all weights. */
  perChannel?: boolean;
}

/** A quantized linear layer y = x W^T + b. */
export interface LinearLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** Bytes of codes, scales and bias. */
  readonly byteLength: number;
  /** The weights' codes, a byte each. */
  readonly weights: Int8Array;
  /** One an output. */
  readonly weightScales: Float32Array;

  /**
   * Quantizes each row of x, multiplies integers and scales the sums; the bias is added as an
   * integer in units of its row's scale.
   *
   * @param x batch rows of `inputs` values
   * @param batch default 1
   * @returns batch rows of `outputs` values
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity
   */
  forward(x: FloatArray, batch?: number, out?: Float32Array): Float32Array;
}

/** Integer matrix products and the layer made of them. */
export interface Linear {
  /**
   * Exact integer product: out[i*n+j] = sum over k of a[i*k+.] * b[j*k+.]. Both factors are
   * row-major with the summed dimension in their rows, as weights are stored.
   *
   * @param a m rows of k, int8 or uint8
   * @param b n rows of k
   * @returns m * n accumulators
   */
  matmul(a: Int8Array | Uint8Array, b: Int8Array, shape: MatmulShape): Int32Array;

  /** The same product of floats, by kernels of the same build: what the integers are faster than. */
  matmulFloat(a: Float32Array, b: Float32Array, shape: MatmulShape): Float32Array;

  /**
   * A linear layer with quantized weights and activations quantized as they come (Jacob et al.,
   * Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference,
   * 2018).
   *
   * @throws FewbitsError INVALID_ARGUMENT, or NON_FINITE with the index of a weight
   */
  create(options: LinearOptions): LinearLayer;
}

interface ScalesAt {
  readonly a: number;
  readonly a_zero_point: number;
  readonly b: number;
  readonly b_sums: number;
}

interface LinearFunctions {
  linear_matmul_workspace(m: number, n: number, k: number): number;
  linear_matmul(
    a: number,
    activation: number,
    m: number,
    b: number,
    weight: number,
    n: number,
    k: number,
    out: number,
    workspace: number,
  ): Outcome;
  linear_row_sums(b: number, weight: number, n: number, k: number, sums: number): void;
  linear_dequantize(
    accumulators: number,
    m: number,
    n: number,
    scales: ScalesAt,
    bias: number,
    out: number,
  ): void;
  linear_matmul_f32(a: number, m: number, b: number, n: number, k: number, out: number): void;
  uniform_quantize_blocks(
    x: number,
    n: number,
    block: number,
    format: object,
    blocks: object,
    codes: number,
  ): Outcome;
}

type Factor = Int8Array | Uint8Array | Float32Array;

export function createLinear(core: Core, bits: Bits, uniform: Uniform): Linear {
  const wasm = core.functions<LinearFunctions>();
  const { memory } = core;

  function give(values: Factor, start: number, n: number, at: number): void {
    const bytesEach = values.BYTES_PER_ELEMENT;
    const bytes = new Uint8Array(
      values.buffer,
      values.byteOffset + start * bytesEach,
      n * bytesEach,
    );
    memory.u8(at, n * bytesEach).set(bytes);
  }

  /** Rows of `bytesEach` * k bytes that fit a panel. */
  const panelRows = (k: number, bytesEach: number, rows: number) =>
    Math.min(rows, Math.max(1, Math.floor(PANEL / Math.max(1, k * bytesEach))));

  function shapeOf(shape: MatmulShape): MatmulShape {
    const { m, n, k } = options<MatmulShape>('shape', shape, ['m', 'n', 'k']);
    return {
      m: integer('shape.m', m, 0, 2 ** 31),
      n: integer('shape.n', n, 0, 2 ** 31),
      k: integer('shape.k', k, 0, MAX_INNER),
    };
  }

  function checkLength(name: string, values: { length: number }, rows: number, k: number): void {
    if (values.length !== rows * k) {
      throw invalid(`${name} must hold ${rows} rows of ${k} values, got ${values.length}`);
    }
  }

  /** Both products: panels of a meet panels of b, results go to their place row by row. */
  function multiply<T extends Int32Array | Float32Array>(
    a: Factor,
    b: Factor,
    { m, n, k }: MatmulShape,
    out: T,
    multiplyPanels: (
      aAt: number,
      rows: number,
      bAt: number,
      columns: number,
      outAt: number,
      workAt: number,
    ) => void,
  ): T {
    const aRows = panelRows(k, a.BYTES_PER_ELEMENT, m);
    const bRows = panelRows(k, b.BYTES_PER_ELEMENT, n);
    const lengths = [
      aRows * k * a.BYTES_PER_ELEMENT,
      bRows * k * b.BYTES_PER_ELEMENT,
      aRows * bRows * 4,
      wasm.linear_matmul_workspace(aRows, bRows, k),
    ];
    return memory.withScratch(lengths, (aAt, bAt, outAt, workAt) => {
      for (let i = 0; i < m; i += aRows) {
        const rows = Math.min(aRows, m - i);
        give(a, i * k, rows * k, aAt);
        for (let j = 0; j < n; j += bRows) {
          const columns = Math.min(bRows, n - j);
          give(b, j * k, columns * k, bAt);
          multiplyPanels(aAt, rows, bAt, columns, outAt, workAt);
          const view = (row: number, length: number) =>
            out instanceof Int32Array
              ? memory.i32(outAt + 4 * row * columns, length)
              : memory.f32(outAt + 4 * row * columns, length);
          if (columns === n) {
            out.set(view(0, rows * n), i * n);
          } else {
            for (let row = 0; row < rows; ++row) out.set(view(row, columns), (i + row) * n + j);
          }
        }
      }
      return out;
    });
  }

  function create(given: LinearOptions): LinearLayer {
    const o = options<LinearOptions>('options', given, [
      'weights',
      'shape',
      'bias',
      'weightBits',
      'activationBits',
      'activations',
      'perChannel',
    ]);
    const weights = toFloat32('weights', o.weights);
    if (!Array.isArray(o.shape) || o.shape.length !== 2) {
      throw invalid(`shape must be [outputs, inputs], got ${describe(o.shape)}`);
    }
    const outputs = integer('shape[0]', o.shape[0], 1, 2 ** 31);
    const inputs = integer('shape[1]', o.shape[1], 1, MAX_INNER);
    checkLength('weights', weights, outputs, inputs);
    const bias = o.bias === undefined ? null : toFloat32('bias', o.bias).slice();
    if (bias !== null) checkLength('bias', bias, 1, outputs);
    const oddBias = bias?.findIndex((value) => !Number.isFinite(value)) ?? -1;
    if (oddBias >= 0) throw new FewbitsError('NON_FINITE', `bias[${oddBias}] is NaN or infinite`);
    const weightBits = o.weightBits ?? 8;
    if (!WEIGHT_BITS.includes(weightBits)) {
      throw invalid(`weightBits must be 8 or 4, got ${describe(weightBits)}`);
    }
    integer('activationBits', o.activationBits ?? 8, 8, 8);
    const scheme = oneOf('activations', o.activations ?? 'symmetric', SCHEMES);

    const perChannel = o.perChannel ?? true;
    const quantized = uniform.quantize(
      weights,
      perChannel ? { bits: weightBits, axis: 0, shape: [outputs, inputs] } : { bits: weightBits },
    );
    const codes = uniform.codes(quantized) as Int8Array;
    const scales = perChannel
      ? quantized.scales
      : new Float32Array(outputs).fill(quantized.scales[0]);
    // Rows begin on a whole byte.
    const rowBytes = weightBits === 8 ? inputs : Math.ceil(inputs / 2);
    const stored = new Uint8Array(outputs * rowBytes);
    for (let row = 0; row < outputs; ++row) {
      const rowCodes = codes.subarray(row * inputs, (row + 1) * inputs);
      stored.set(bits.pack(rowCodes, weightBits), row * rowBytes);
    }
    const weightKind = weightBits === 8 ? 0 : 1;
    const sums = new Int32Array(outputs);
    const summed = panelRows(rowBytes, 1, outputs);
    memory.withScratch([summed * rowBytes, 4 * summed], (weightsAt, sumsAt) => {
      for (let j = 0; j < outputs; j += summed) {
        const rows = Math.min(summed, outputs - j);
        give(stored, j * rowBytes, rows * rowBytes, weightsAt);
        wasm.linear_row_sums(weightsAt, weightKind, rows, inputs, sumsAt);
        sums.set(memory.i32(sumsAt, rows), j);
      }
    });
    const activationKind = SCHEMES.indexOf(scheme);
    const format = { bits: 8, scheme: activationKind, rounding: 0, scale_type: 0 };

    function forward(givenX: FloatArray, batch = 1, givenOut?: Float32Array): Float32Array {
      const x = toFloat32('x', givenX);
      integer('batch', batch, 0, 2 ** 31);
      checkLength('x', x, batch, inputs);
      const out = output(Float32Array, batch * outputs, givenOut);
      const rowsAtOnce = panelRows(inputs, 4, batch);
      const outputsAtOnce = panelRows(rowBytes, 1, outputs);
      const lengths = [
        rowsAtOnce * inputs * 4, // x
        rowsAtOnce * inputs, // its codes
        rowsAtOnce * 4, // scales
        rowsAtOnce * 4, // minima, all zero
        rowsAtOnce * 4, // zero points
        outputsAtOnce * rowBytes, // weights
        outputsAtOnce * 4, // their scales
        outputsAtOnce * 4, // their sums
        outputsAtOnce * 4, // bias
        rowsAtOnce * outputsAtOnce * 4, // accumulators
        rowsAtOnce * outputsAtOnce * 4, // floats
        wasm.linear_matmul_workspace(rowsAtOnce, outputsAtOnce, inputs),
      ];
      return memory.withScratch(lengths, (...at) => {
        const [
          xAt,
          codesAt,
          scalesAt,
          minimaAt,
          zeroAt,
          weightsAt,
          wScalesAt,
          sumsAt,
          biasAt,
          accAt,
          outAt,
          workAt,
        ] = at;
        for (let i = 0; i < batch; i += rowsAtOnce) {
          const rows = Math.min(rowsAtOnce, batch - i);
          give(x, i * inputs, rows * inputs, xAt);
          const blocks = { scales: scalesAt, minima: minimaAt, zero_points: zeroAt };
          check(
            wasm.uniform_quantize_blocks(xAt, rows * inputs, inputs, format, blocks, codesAt),
            'x',
            i * inputs,
          );
          for (let j = 0; j < outputs; j += outputsAtOnce) {
            const columns = Math.min(outputsAtOnce, outputs - j);
            give(stored, j * rowBytes, columns * rowBytes, weightsAt);
            memory.f32(wScalesAt, columns).set(scales.subarray(j, j + columns));
            memory.i32(sumsAt, columns).set(sums.subarray(j, j + columns));
            if (bias !== null) memory.f32(biasAt, columns).set(bias.subarray(j, j + columns));
            wasm.linear_matmul(
              codesAt,
              activationKind,
              rows,
              weightsAt,
              weightKind,
              columns,
              inputs,
              accAt,
              workAt,
            );
            wasm.linear_dequantize(
              accAt,
              rows,
              columns,
              { a: scalesAt, a_zero_point: zeroAt, b: wScalesAt, b_sums: sumsAt },
              bias === null ? 0 : biasAt,
              outAt,
            );
            for (let row = 0; row < rows; ++row) {
              const values = memory.f32(outAt + 4 * row * columns, columns);
              out.set(values, (i + row) * outputs + j);
            }
          }
        }
        return out;
      });
    }

    return {
      inputs,
      outputs,
      byteLength:
        stored.length + 4 * (perChannel ? outputs : 1) + (bias === null ? 0 : 4 * outputs),
      weights: codes,
      weightScales: scales,
      forward,
    };
  }

  return {
    matmul(a, b, shape) {
      const s = shapeOf(shape);
      if (!(a instanceof Int8Array || a instanceof Uint8Array)) {
        throw invalid(`a must be an Int8Array or Uint8Array, got ${describe(a)}`);
      }
      if (!(b instanceof Int8Array)) throw invalid(`b must be an Int8Array, got ${describe(b)}`);
      checkLength('a', a, s.m, s.k);
      checkLength('b', b, s.n, s.k);
      const activation = a instanceof Int8Array ? 0 : 1;
      const out = output(Int32Array, s.m * s.n, undefined);
      return multiply(a, b, s, out, (aAt, rows, bAt, columns, outAt, workAt) => {
        check(wasm.linear_matmul(aAt, activation, rows, bAt, 0, columns, s.k, outAt, workAt), 'a');
      });
    },

    matmulFloat(a, b, shape) {
      const s = shapeOf(shape);
      if (!(a instanceof Float32Array))
        throw invalid(`a must be a Float32Array, got ${describe(a)}`);
      if (!(b instanceof Float32Array))
        throw invalid(`b must be a Float32Array, got ${describe(b)}`);
      checkLength('a', a, s.m, s.k);
      checkLength('b', b, s.n, s.k);
      const out = output(Float32Array, s.m * s.n, undefined);
      return multiply(a, b, s, out, (aAt, rows, bAt, columns, outAt) => {
        wasm.linear_matmul_f32(aAt, rows, bAt, columns, s.k, outAt);
      });
    },

    create,
  };
}
