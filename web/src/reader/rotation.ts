// The rotation of queries in float: the random one of the file, or a learned matrix.

import { corrupt } from '../vectors/corrupt.js';
import type { Tensors } from '../vectors/file-contents.js';
import { f32 } from './score.js';

/** Rotates a vector in place, or back. */
export type Rotate = (x: Float32Array, back?: boolean) => void;

/** Sign flips with Walsh-Hadamard transforms of the first and the last 2^k values in turn. */
export function rotationOf(file: Tensors, dims: number): Rotate {
  const signs = file.bytes('rotation.signs').slice();
  const window = 2 ** (31 - Math.clz32(dims));
  if (signs.length !== dims * (window === dims ? 2 : 4)) throw corrupt("'rotation.signs' is none");
  const passes = signs.length / dims;
  return (x, back) => {
    const norm = f32(1 / Math.sqrt(window));
    for (let i = 0; i < passes; i++) {
      const pass = back ? passes - 1 - i : i;
      const start = pass % 2 === 0 ? 0 : dims - window;
      const flip = () =>
        x.forEach((value, j) => {
          const inside = j >= start && j < start + window;
          x[j] = value * (inside ? norm : 1) * (signs[pass * dims + j] >> 7 ? -1 : 1);
        });
      if (!back) flip();
      hadamard(x.subarray(start, start + window));
      if (back) flip();
    }
  };
}

function hadamard(x: Float32Array): void {
  for (let half = 1; half < x.length; half *= 2) {
    for (let i = 0; i < x.length; i++) {
      if (i & half) continue;
      const a = x[i];
      const b = x[i + half];
      x[i] = a + b;
      x[i + half] = a - b;
    }
  }
}

/** Rotation by a matrix of dims x dims values: y = x M, with rows added in order; back by its transpose. */
export const rotationBy =
  (matrix: Float32Array): Rotate =>
  (x, back) => {
    const n = x.length;
    const y = back ? new Float64Array(n) : new Float32Array(n);
    for (let j = 0, at = 0; j < n; j++) {
      for (let i = 0; i < n; i++, at++) {
        if (back) y[j] += x[i] * matrix[at];
        else y[i] += f32(x[j] * matrix[at]);
      }
    }
    x.set(y);
  };
