// Products of two matrices, panel by panel.

import { integer, isKind, options, output, typedArray } from '../../core/arguments.js';
import { type Core, check } from '../../core/core.js';
import { type Crossing, give, windows } from '../../core/windows.js';
import type { LinearFunctions } from './functions.js';
import { type Numbers, rowsOf } from './names.js';
import { panelRows } from './panels.js';
import type { Linear, MatmulShape } from './types.js';

/** The addresses of panels of both factors and of the result. */
interface Panels {
  readonly a: number;
  readonly rows: number;
  readonly b: number;
  readonly columns: number;
  readonly out: number;
  readonly work: number;
}

function shapeOf(shape: unknown, maxInner: number): MatmulShape {
  const { m, n, k } = options<MatmulShape>('shape', shape, ['m', 'n', 'k']);
  return {
    m: integer('shape.m', m, 0, 2 ** 31),
    n: integer('shape.n', n, 0, 2 ** 31),
    k: integer('shape.k', k, 0, maxInner),
  };
}

/** Multiplies each panel of a with each panel of b, for either product, and copies the results row by row. */
function multiply<T extends Int32Array | Float32Array>(
  core: Core,
  a: Crossing,
  b: Crossing,
  { m, n, k }: MatmulShape,
  out: T,
  multiplyPanels: (panels: Panels) => void,
): T {
  const { memory } = core;
  const aRows = panelRows(k * a.BYTES_PER_ELEMENT, m);
  const bRows = panelRows(k * b.BYTES_PER_ELEMENT, n);
  const lengths = [
    aRows * k * a.BYTES_PER_ELEMENT,
    bRows * k * b.BYTES_PER_ELEMENT,
    aRows * bRows * 4,
    core.functions<LinearFunctions>().linear_matmul_workspace(aRows, bRows, k),
  ];
  const view = (at: number, length: number) =>
    isKind(out, 'Int32Array') ? memory.i32(at, length) : memory.f32(at, length);
  memory.withScratch(lengths, (aAt, bAt, outAt, work) => {
    windows(m, aRows, (i, rows) => {
      give(memory, a, i * k, rows * k, aAt);
      windows(n, bRows, (j, columns) => {
        give(memory, b, j * k, columns * k, bAt);
        multiplyPanels({ a: aAt, rows, b: bAt, columns, out: outAt, work });
        if (columns === n) {
          out.set(view(outAt, rows * n), i * n);
        } else {
          for (let row = 0; row < rows; ++row) {
            out.set(view(outAt + 4 * row * columns, columns), (i + row) * n + j);
          }
        }
      });
    });
  });
  return out;
}

export function createMatmul(core: Core, numbers: Numbers): Pick<Linear, 'matmul' | 'matmulFloat'> {
  const wasm = core.functions<LinearFunctions>();
  return {
    matmul(givenA, givenB, shape) {
      const s = shapeOf(shape, numbers.maxInner);
      const a = typedArray('a', givenA, ['Int8Array', 'Uint8Array']);
      const b = typedArray('b', givenB, ['Int8Array']);
      rowsOf('a', a, s.m, s.k);
      rowsOf('b', b, s.n, s.k);
      const activation = numbers.activation[isKind(a, 'Int8Array') ? 'int8' : 'uint8'];
      const weight = numbers.weight.int8;
      const out = output(Int32Array, s.m * s.n, undefined);
      return multiply(core, a, b, s, out, (at) => {
        check(
          wasm.linear_matmul(
            at.a,
            activation,
            at.rows,
            at.b,
            weight,
            at.columns,
            s.k,
            at.out,
            at.work,
          ),
          'a',
        );
      });
    },

    matmulFloat(givenA, givenB, shape) {
      const s = shapeOf(shape, numbers.maxInner);
      const a = typedArray('a', givenA, ['Float32Array']);
      const b = typedArray('b', givenB, ['Float32Array']);
      rowsOf('a', a, s.m, s.k);
      rowsOf('b', b, s.n, s.k);
      const out = output(Float32Array, s.m * s.n, undefined);
      return multiply(core, a, b, s, out, (at) => {
        wasm.linear_matmul_f32(at.a, at.rows, at.b, at.columns, s.k, at.out);
      });
    },
  };
}
