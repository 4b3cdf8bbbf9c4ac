// Latent semantic analysis: vectors of terms from the rows that contain them.

import { Mt19937 } from '../shared/mt19937.ts';

/** The non-zero entries of a row: column and value. */
export type Row = readonly (readonly [column: number, value: number])[];

const OVERSAMPLING = 32;
const POWERS = 2;

/**
 * The first `k` right singular vectors of a sparse matrix, as a columns x k matrix: a randomized range finder
 * with power iterations (Halko, Martinsson and Tropp, 2011), then the eigenvectors of the remaining small
 * matrix.
 */
export function termVectors(rows: readonly Row[], columns: number, k: number): Float64Array {
  const width = Math.min(k + OVERSAMPLING, rows.length, columns);
  const random = new Mt19937(1);
  let q = Float64Array.from({ length: columns * width }, () => random.next() / 2 ** 32 - 0.5);
  for (let i = 0; i < POWERS; i++) {
    orthonormalize(q, columns, width);
    q = transposed(rows, times(rows, q, width), columns, width);
  }
  orthonormalize(q, columns, width);

  // (A Q)^T (A Q) = V S^2 V^T; the singular vectors are the columns of Q V.
  const y = times(rows, q, width);
  const gram = new Float64Array(width * width);
  for (let r = 0; r < rows.length; r++) {
    for (let i = 0; i < width; i++) {
      const left = y[r * width + i];
      for (let j = 0; j < width; j++) gram[i * width + j] += left * y[r * width + j];
    }
  }
  const v = eigenvectors(gram, width);
  const result = new Float64Array(columns * k);
  for (let c = 0; c < columns; c++) {
    for (let i = 0; i < width; i++) {
      const value = q[c * width + i];
      for (let j = 0; j < Math.min(k, width); j++) result[c * k + j] += value * v[i * width + j];
    }
  }
  return result;
}

function times(rows: readonly Row[], x: Float64Array, width: number): Float64Array {
  const y = new Float64Array(rows.length * width);
  rows.forEach((row, r) => {
    for (const [column, value] of row) {
      for (let i = 0; i < width; i++) y[r * width + i] += value * x[column * width + i];
    }
  });
  return y;
}

function transposed(rows: readonly Row[], y: Float64Array, columns: number, width: number) {
  const x = new Float64Array(columns * width);
  rows.forEach((row, r) => {
    for (const [column, value] of row) {
      for (let i = 0; i < width; i++) x[column * width + i] += value * y[r * width + i];
    }
  });
  return x;
}

/** Gram-Schmidt over the columns, twice, which is as accurate as Householder's method. */
function orthonormalize(q: Float64Array, rows: number, width: number): void {
  // The columns are stored one after another during this.
  const columns = Array.from({ length: width }, (_, c) =>
    Float64Array.from({ length: rows }, (_, r) => q[r * width + c]),
  );
  columns.forEach((column, c) => {
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < c; other++) {
        const direction = columns[other];
        let dot = 0;
        for (let r = 0; r < rows; r++) dot += column[r] * direction[r];
        for (let r = 0; r < rows; r++) column[r] -= dot * direction[r];
      }
    }
    let square = 0;
    for (const value of column) square += value * value;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let r = 0; r < rows; r++) q[r * width + c] = column[r] *= scale;
  });
}

/** Eigenvectors of a symmetric matrix as columns, largest eigenvalue first (Jacobi). */
function eigenvectors(a: Float64Array, n: number): Float64Array {
  // In the end, row i of `v` is the eigenvector of a[i, i].
  const v = new Float64Array(n * n);
  let trace = 0;
  for (let i = 0; i < n; i++) {
    v[i * n + i] = 1;
    trace += a[i * n + i];
  }
  for (let sweep = 0; sweep < 30; sweep++) {
    let largest = 0;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = a[p * n + q];
        largest = Math.max(largest, Math.abs(apq));
        if (Math.abs(apq) < 1e-14 * trace) continue;
        const theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let i = 0; i < n; i++) {
          const [x, y] = [a[p * n + i], a[q * n + i]];
          a[p * n + i] = c * x - s * y;
          a[q * n + i] = s * x + c * y;
        }
        for (let i = 0; i < n; i++) {
          const [x, y] = [a[i * n + p], a[i * n + q]];
          a[i * n + p] = c * x - s * y;
          a[i * n + q] = s * x + c * y;
        }
        for (let i = 0; i < n; i++) {
          const [x, y] = [v[p * n + i], v[q * n + i]];
          v[p * n + i] = c * x - s * y;
          v[q * n + i] = s * x + c * y;
        }
      }
    }
    if (largest < 1e-12 * trace) break;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j] - a[i * n + i]);
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) sorted[i * n + to] = v[from * n + i];
  });
  return sorted;
}
