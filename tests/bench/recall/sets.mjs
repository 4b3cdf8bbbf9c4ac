// The sets of the recall table as folders: rows.f32, queries.f32, own.i32 (the row that equals the query, or
// -1), truth.i32 (its ten nearest by cosine, in double precision) and info.json.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { normals } from '../measure.mjs';
import { amongThemselves, normalise, row } from '../vector-data.mjs';

export const K = 10;

/** The typed array in a file. */
export function array(Type, file) {
  const bytes = readFileSync(file);
  return new Type(bytes.buffer, bytes.byteOffset, bytes.byteLength / Type.BYTES_PER_ELEMENT);
}

/** The K nearest of every query, best first, without its own row. */
function nearest({ rows, queries, own, dims }) {
  const n = rows.length / dims;
  const count = queries.length / dims;
  const truth = new Int32Array(count * K);
  for (let q = 0; q < count; q++) {
    const query = row(queries, dims, q);
    const best = [];
    for (let r = 0; r < n; r++) {
      if (r === own[q]) continue;
      let [dot, square] = [0, 0];
      for (let i = 0, at = r * dims; i < dims; i++, at++) {
        dot += query[i] * rows[at];
        square += rows[at] ** 2;
      }
      const score = dot / Math.sqrt(square);
      if (best.length === K && score <= best[K - 1].score) continue;
      const place = best.findIndex((other) => score > other.score);
      best.splice(place < 0 ? best.length : place, 0, { score, r });
      if (best.length > K) best.pop();
    }
    for (const [i, { r }] of best.entries()) truth[q * K + i] = r;
  }
  return truth;
}

/**
 * Writes the missing files of a set; `make` returns { rows, queries, own?, dims }, or nothing if the files
 * exist.
 */
export function prepare(folder, make) {
  if (existsSync(path.join(folder, 'truth.i32'))) return folder;
  mkdirSync(folder, { recursive: true });
  const set = make?.() ?? {
    rows: array(Float32Array, path.join(folder, 'rows.f32')),
    queries: array(Float32Array, path.join(folder, 'queries.f32')),
    dims: JSON.parse(readFileSync(path.join(folder, 'info.json'), 'utf8')).dims,
  };
  const { rows, queries, dims } = set;
  const own = Int32Array.from(set.own ?? { length: queries.length / dims }, (r) => r ?? -1);
  const info = { dims, rows: rows.length / dims, queries: queries.length / dims };
  writeFileSync(path.join(folder, 'rows.f32'), rows);
  writeFileSync(path.join(folder, 'queries.f32'), queries);
  writeFileSync(path.join(folder, 'own.i32'), own);
  writeFileSync(path.join(folder, 'info.json'), JSON.stringify(info));
  writeFileSync(path.join(folder, 'truth.i32'), nearest({ ...set, own }));
  return folder;
}

/** A matrix whose rows search each other; up to 1,661 of them are queries. */
export function given(matrix) {
  const { x: rows, ...set } = amongThemselves(matrix, 1661);
  return { rows, ...set };
}

/** Rows and queries of a generated matrix: its first `n` rows and the remaining ones. */
function split(x, n, dims) {
  return { rows: x.slice(0, n * dims), queries: x.slice(n * dims), dims };
}

const ASKED = 500;

/** Generated sets by name. */
export const MADE = {
  /** Along 40 axes of decreasing weight around one direction, mean cosine .9, as E5-like models give. */
  'crowded-384': () => {
    const [n, dims, rank, common] = [20_000, 384, 40, 0.9];
    const x = latent(n + ASKED, dims, rank, 0.1);
    normalise(x, dims);
    const direction = normalise(normals(dims, 77), dims);
    for (let i = 0; i < x.length; i++) {
      x[i] = Math.sqrt(1 - common) * x[i] + Math.sqrt(common) * direction[i % dims];
    }
    return split(normalise(x, dims), n, dims);
  },
  /** 16 axes in 384 dimensions with hardly any noise. */
  'low-rank-384': () => split(latent(20_000 + ASKED, 384, 16, 0.02), 20_000, 384),
  /** Student's t with three degrees of freedom: some coordinates are far larger than the others. */
  'heavy-tailed-384': () => {
    const count = (20_000 + ASKED) * 384;
    const x = normals(count, 11);
    const [a, b, c] = [12, 13, 14].map((seed) => normals(count, seed));
    for (let i = 0; i < count; i++) {
      x[i] /= Math.sqrt((a[i] ** 2 + b[i] ** 2 + c[i] ** 2) / 3) + 1e-6;
    }
    return split(x, 20_000, 384);
  },
  'normal-25': () => split(normals((20_000 + ASKED) * 25, 21), 20_000, 25),
  'normal-100': () => split(normals((20_000 + ASKED) * 100, 22), 20_000, 100),
  'normal-3072': () => split(normals((5_000 + ASKED) * 3072, 23), 5_000, 3072),
};

/** Rows along `rank` random axes with variances proportional to 1 / (1 + j), and a share of noise. */
function latent(n, dims, rank, noise) {
  const axes = normals(rank * dims, 31);
  const along = normals(n * rank, 32);
  const x = normals(n * dims, 33);
  for (let r = 0; r < n; r++) {
    const vector = row(x, dims, r);
    for (let i = 0; i < dims; i++) vector[i] *= noise;
    for (let j = 0; j < rank; j++) {
      const weight = along[r * rank + j] / Math.sqrt(1 + j);
      for (let i = 0, at = j * dims; i < dims; i++, at++) vector[i] += weight * axes[at];
    }
  }
  return x;
}

/** Rows of 1024 dimensions: two neighbours in WordNet's order in full, and the first 256 of a third. */
export function concatenated(folder) {
  const { dims } = JSON.parse(readFileSync(path.join(folder, 'info.json'), 'utf8'));
  const from = array(Float32Array, path.join(folder, 'rows.f32'));
  const [wide, n] = [1024, 20_000 + ASKED];
  const x = new Float32Array(n * wide);
  for (let r = 0; r < n; r++) {
    // Queries are taken evenly from all rows, so that they cover the same topics.
    const at = r < 20_000 ? r * 3 : (r - 20_000) * 120 + 60;
    x.set(from.subarray(at * dims, (at + 2) * dims), r * wide);
    x.set(from.subarray((at + 2) * dims, (at + 2) * dims + wide - 2 * dims), r * wide + 2 * dims);
  }
  return split(x, 20_000, wide);
}
