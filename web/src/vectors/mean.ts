import type { Metric } from './functions.js';

/** The mean of vectors, for 'cosine' of the normalised ones. */
export function meanOf(x: Float32Array, dims: number, metric: Metric): Float32Array {
  const sum = new Float64Array(dims);
  const rows = x.length / dims;
  for (let row = 0; row < rows; row++) {
    const vector = x.subarray(row * dims, (row + 1) * dims);
    let square = 0;
    if (metric === 'cosine') for (const value of vector) square += value * value;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 1;
    for (let i = 0; i < dims; i++) sum[i] += vector[i] * scale;
  }
  return Float32Array.from(sum, (value) => value / rows);
}
