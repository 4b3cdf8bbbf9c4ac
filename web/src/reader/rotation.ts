// The rotation of queries in float: the random one of the file, or a learned matrix.

import { corrupt } from '../vectors/corrupt.js';
import type { Tensors } from '../vectors/file-contents.js';

/** Rotates a vector in place. */
export type Rotate = (x: Float32Array) => void;

/** Sign flips with Walsh-Hadamard transforms of the first and the last 2^k values in turn. */
export function rotationOf(file: Tensors, dims: number): Rotate {
  const signs = file.bytes('rotation.signs').slice();
  const window = 2 ** (31 - Math.clz32(dims));
  if (signs.length !== dims * (window === dims ? 2 : 4)) throw corrupt("'rotation.signs' is none");
  return (x) => {
    const norm = Math.fround(1 / Math.sqrt(window));
    for (let at = 0; at < signs.length; at += dims) {
      const start = (at / dims) % 2 === 0 ? 0 : dims - window;
      for (let i = 0; i < dims; i++) {
        const inside = i >= start && i < start + window;
        x[i] *= (inside ? norm : 1) * (signs[at + i] >> 7 ? -1 : 1);
      }
      hadamard(x.subarray(start, start + window));
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

/** Rotation by a matrix of dims x dims values: y = x M, with rows added in order. */
export const rotationBy =
  (matrix: Float32Array): Rotate =>
  (x) => {
    const n = x.length;
    const y = new Float32Array(n);
    for (let j = 0, at = 0; j < n; j++) {
      for (let i = 0; i < n; i++) y[i] += Math.fround(x[j] * matrix[at++]);
    }
    x.set(y);
  };
