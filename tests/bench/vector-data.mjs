// The vectors used to measure the index and its peers, and the plain scan they are compared with. For both
// Node and pages.

import { median, normals, processorTime } from './measure.mjs';

const CENTRES = 1000;
const LATENT = 48;

/** Scales rows of `dims` values to norm 1, in place. */
export function normalise(x, dims) {
  for (let at = 0; at < x.length; at += dims) {
    let square = 0;
    for (let i = 0; i < dims; i++) square += x[at + i] ** 2;
    const scale = 1 / Math.sqrt(square);
    for (let i = 0; i < dims; i++) x[at + i] *= scale;
  }
  return x;
}

/** `rows` random directions. */
export const directions = (rows, dims, seed) => normalise(normals(rows * dims, seed), dims);

/**
 * The rows of a matrix except zero vectors, which have no direction; up to `most` of them, evenly spaced, are
 * queries for the others: query q is row own[q].
 */
export function amongThemselves({ x, rows, dims }, most) {
  const kept = [];
  for (let r = 0; r < rows; r++) if (row(x, dims, r).some((value) => value !== 0)) kept.push(r);
  const vectors = new Float32Array(kept.length * dims);
  for (const [i, r] of kept.entries()) vectors.set(row(x, dims, r), i * dims);
  const count = Math.min(kept.length, most);
  const own = Array.from({ length: count }, (_, q) => Math.floor((q * kept.length) / count));
  const queries = new Float32Array(count * dims);
  for (const [q, r] of own.entries()) queries.set(row(vectors, dims, r), q * dims);
  return { x: vectors, queries, own, dims };
}

/**
 * The clustered set, the same in every run: vectors of norm 1 along
 *
 *     centre + axes * latent + noise
 *
 * with 1000 centres of standard normal values (seed 1); 48 normal axes that all clusters share (seed
 * 2), along which a vector has normal values (seeds 3 and 5) with variances proportional to 1 / (1 + j),
 * scaled to as much variance as the centres; and normal noise of a quarter of it (seeds 4 and 6).
 * Vector i, and likewise query i, is around centre floor(1000 u^2), where u is the fractional part of
 * (i + 1/2) times the golden ratio: clusters of many sizes. As with embeddings, neighbours differ in
 * few directions more than in others, and the ten nearest are hardly nearer than the next ten.
 */
export function clustered(rows, dims, queries) {
  const centres = normals(CENTRES * dims, 1);
  const axes = normals(LATENT * dims, 2);
  const spread = Float64Array.from({ length: LATENT }, (_, j) => 1 / Math.sqrt(1 + j));
  const total = Math.hypot(...spread);
  const around = (n, seed) => {
    const latent = normals(n * LATENT, seed);
    const x = normals(n * dims, seed + 1);
    for (let r = 0; r < n; r++) {
      const u = ((r + 0.5) * 1.618033988749895) % 1;
      const centre = row(centres, dims, Math.floor(CENTRES * u * u));
      const vector = row(x, dims, r);
      for (let i = 0; i < dims; i++) vector[i] = centre[i] + vector[i] / 2;
      for (let j = 0; j < LATENT; j++) {
        const weight = (latent[r * LATENT + j] * spread[j]) / total;
        const axis = j * dims;
        for (let i = 0; i < dims; i++) vector[i] += weight * axes[axis + i];
      }
    }
    return normalise(x, dims);
  };
  return { x: around(rows, 3), queries: around(queries, 5) };
}

/** Row `i` of `x`, as a view. */
export const row = (x, dims, i) => x.subarray(i * dims, (i + 1) * dims);

/** The rows of the `k` highest scores, best first, in a list that is kept sorted. */
export class Top {
  constructor(k) {
    this.scores = new Float32Array(k).fill(-Infinity);
    this.rows = new Int32Array(k).fill(-1);
    this.least = -Infinity;
  }

  /** Inserts a row whose score is above `least`. */
  insert(score, row) {
    const { scores, rows } = this;
    let place = scores.length - 1;
    for (; place > 0 && scores[place - 1] < score; place--) {
      scores[place] = scores[place - 1];
      rows[place] = rows[place - 1];
    }
    scores[place] = score;
    rows[place] = row;
    this.least = scores[scores.length - 1];
  }
}

/** The straightforward scan: every float32 dot product, and the `k` best of them. */
export function plainScan(x, dims, query, k) {
  const top = new Top(k);
  for (let r = 0, at = 0; at < x.length; r++, at += dims) {
    let sum = 0;
    for (let i = 0; i < dims; i++) sum += query[i] * x[at + i];
    if (sum > top.least) top.insert(sum, r);
  }
  return top.rows;
}

/** The plain scan's neighbours of every query. */
export function exactNeighbours(x, dims, queries, k) {
  const n = queries.length / dims;
  return Array.from({ length: n }, (_, q) => plainScan(x, dims, row(queries, dims, q), k));
}

/** The share of the neighbours in `exact` that are in `found`: both a list of ids for each query. */
export function recall(found, exact) {
  let hits = 0;
  let all = 0;
  for (let q = 0; q < exact.length; q++) {
    const ids = new Set(Array.from(found[q], Number));
    for (const id of exact[q]) hits += ids.has(id);
    all += exact[q].length;
  }
  return hits / all;
}

/**
 * The error of the scores of an index against the inner products of the original vectors (unit vectors, or an
 * index with metric 'dot'): bias and standard deviation. For query q, the row own[q] is left out.
 */
export function scoreError(index, x, queries, own = []) {
  const { dims } = index;
  const n = queries.length / dims;
  let count = 0;
  let sum = 0;
  let square = 0;
  for (let q = 0; q < n; q++) {
    const query = row(queries, dims, q);
    const { ids, scores } = index.search(query, { k: index.size });
    for (let j = 0; j < ids.length; j++) {
      if (ids[j] === own[q]) continue;
      const vector = row(x, dims, ids[j]);
      let dot = 0;
      for (let i = 0; i < dims; i++) dot += query[i] * vector[i];
      const error = scores[j] - dot;
      sum += error;
      square += error * error;
      count++;
    }
  }
  const bias = sum / count;
  return { bias, std: Math.sqrt(square / count - bias * bias) };
}

/** Adds all of `x` in batches, timed in 20 parts. Returns the vectors per second of the median part. */
export function fill(index, x, parts = 20, batch = 1000) {
  const { dims } = index;
  const rows = x.length / dims;
  const part = Math.ceil(rows / parts);
  const rates = [];
  for (let from = 0; from < rows; from += part) {
    const to = Math.min(rows, from + part);
    const began = processorTime();
    for (let at = from; at < to; at += batch) {
      index.add(x.subarray(at * dims, Math.min(to, at + batch) * dims));
    }
    rates.push(((to - from) / (processorTime() - began)) * 1000);
  }
  return median(rates);
}
