// The rows of an index file in JavaScript memory, with the searches of NativeIndex.

import { invalid } from '../core/errors.js';
import { corrupt } from '../vectors/corrupt.js';
import type { Contents, Tensors } from '../vectors/file-contents.js';
import { LARGEST_NORM, type Segment } from '../vectors/functions.js';
import {
  checkBits,
  checkFactors,
  checkLearned,
  LARGEST_SQUARE,
  largestProduct,
  within,
} from './bounds.js';
import { type Layout, layoutOf, levelsOf, type Part, packed } from './coding.js';
import { halves } from './halves.js';
import { checkFinite, unpacked } from './input.js';
import type { Found, SearchedRows } from './opened-index.js';
import { centred, dot, type Ready, rounded, signsOf, tablesOf } from './query.js';
import { type Rotate, rotationBy, rotationOf } from './rotation.js';
import { isAllowed } from './scan.js';
import { dotLevels, f32, tailsOf, wholeFactor } from './score.js';

const TILE_ROWS = 1024;

interface Codes extends Layout {
  readonly rows: Uint8Array;
  /** One factor per row, or one per part of a row. */
  readonly factors: Float32Array;
}

const byScore = (a: Found, b: Found) => b.score - a.score || a.row - b.row;

export class PlainIndex implements SearchedRows {
  readonly contents: Contents;
  /** Bytes per row of each array in the file. */
  readonly sizes: Record<string, number> = {};
  readonly #codes: Codes;
  /** The second code of the rows, which scores candidates. */
  readonly #finer: Codes | null = null;
  /** Norms, or products with the mean. */
  readonly #added: Float32Array | null = null;
  readonly #tails: Uint32Array | null = null;
  /** The rotation of queries for the scan, and a second one for candidates if they have another. */
  readonly #rotations: Rotate[] = [];

  /** Throws CORRUPT_DATA for rows that no index writes. */
  constructor(file: Tensors, contents: Contents) {
    checkLearned(contents);
    this.contents = contents;
    const { settings, mean, learned, rows } = contents;
    const { dims, bits, refine, metric } = settings;
    const take = (name: string, size: number): ArrayBufferLike => {
      const { buffer, byteLength } = file.bytes(name).slice();
      if (byteLength !== rows * size) throw corrupt(`'${name}' has ${byteLength} bytes`);
      this.sizes[name] = size;
      return buffer;
    };
    const floats = (name: string) => new Float32Array(take(name, 4));
    const ofBits = metric === 'hamming';
    const codes = (prefix: string, segments: readonly Segment[], areLevels: boolean): Codes => {
      const layout = layoutOf(segments, areLevels);
      const { parts, bytes } = layout;
      const read = new Uint8Array(take(`${prefix}codes`, bytes));
      if (ofBits) checkBits(read, dims);
      const packedRows = packed(layout, read, rows);
      const factors = ofBits
        ? new Float32Array(rows).fill(1)
        : learned && !prefix
          ? halves(new Uint16Array(take('factors', 2 * parts.length)))
          : floats(`${prefix}factors`);
      checkFactors(factors, parts, (row) => levelsOf(layout, packedRows, row));
      return { ...layout, rows: packedRows, factors };
    };
    const whole = { dims, bits, scale: 1 };
    this.#codes = codes('', learned?.segments ?? [whole], !learned && bits === 8);
    if (refine) this.#finer = codes('refine.', [{ ...whole, bits: refine }], refine === 8);
    if (metric === 'l2') this.#added = within(floats('norms'), 0, LARGEST_SQUARE);
    else if (mean && settings.meanProducts) {
      const most = largestProduct(mean, metric);
      this.#added = within(floats('mean.products'), -most, most);
    }
    if (settings.tails && bits === 4 && settings.quality === 'best' && !learned && !refine) {
      this.#tails = new Uint32Array(take('tails', 4));
    }
    if (learned) this.#rotations.push(rotationBy(learned.matrix));
    if (!ofBits && !(learned && !refine)) this.#rotations.push(rotationOf(file, dims));
  }

  find(x: Float32Array, name: string, k: number, count: number, allowed: Uint32Array | null) {
    this.#check(x, name);
    const { dims } = this.contents.settings;
    return Array.from({ length: x.length / dims }, (_, q) =>
      this.#search(x.subarray(q * dims, (q + 1) * dims), count, allowed).slice(0, k),
    );
  }

  /** Throws for queries that find() does not accept. */
  #check(x: Float32Array, name: string): void {
    const { mean, settings } = this.contents;
    const { dims, metric } = settings;
    checkFinite(x, name);
    if (metric === 'cosine' || metric === 'hamming') return;
    for (let start = 0; start < x.length; start += dims) {
      const row = x.subarray(start, start + dims);
      const { x: left } = centred(row, 'l2', mean, false);
      if (Math.max(dot(left, left), metric === 'dot' ? dot(row, row) : 0) > LARGEST_NORM ** 2) {
        throw invalid(`vector ${start / dims} of ${name} has a norm above 1e18`);
      }
    }
  }

  /** The candidates for a query that passed check(), sorted by their scores. */
  #search(query: Float32Array, candidates: number, allowed: Uint32Array | null): Found[] {
    const layout = this.#codes;
    const { mean, settings } = this.contents;
    const { metric } = settings;
    // Distances between bits are exact, so no candidates are scored again.
    if (metric === 'hamming')
      return this.#scan(signsOf(query, layout.stride), 0, allowed, candidates);
    const { x, weight, offset } = centred(query, metric, mean, this.#added !== null);
    const y: Float32Array = x.slice();
    const [rotate, rotateFiner] = this.#rotations;
    rotate(y);
    const best = layout.areLevels
      ? this.#scan(rounded(y, layout.stride), weight, allowed, candidates)
      : this.#scan(tablesOf(layout, y), weight, allowed, candidates);
    if (rotateFiner) {
      y.set(x);
      rotateFiner(y);
    }
    const twice = metric === 'l2' ? 2 : 1;
    for (const found of best) {
      let score = this.#product(y, found.row);
      if (this.#added) score = f32(score + f32(weight * this.#added[found.row]));
      score = f32(f32(score * twice) + f32(offset));
      // Factors in a file can make scores exceed float range; NaN could not be sorted.
      found.score = Number.isNaN(score) ? -Infinity : score;
      found.estimate *= twice;
    }
    return best.sort(byScore);
  }

  /**
   * The `limit` allowed rows with the largest estimates; of equal ones the earliest. It collects up to twice
   * as many before it sorts and cuts, so that most rows cost one comparison.
   */
  #scan<Table>(
    { table, sum, parts }: Ready<Table>,
    weight: number,
    allowed: Uint32Array | null,
    limit: number,
  ): Found[] {
    const { parts: laid, stride, rows, factors } = this.#codes;
    const added = this.#added;
    const best: Found[] = [];
    /** Rows need a larger score than this to be included. */
    let least = -Infinity;
    const cut = () => {
      best.sort(byScore).splice(limit);
      least = best[limit - 1]?.score ?? least;
    };
    for (let first = 0; first < this.contents.rows; first += TILE_ROWS) {
      const n = Math.min(TILE_ROWS, this.contents.rows - first);
      const sums = new Int32Array(n);
      const scores = new Float32Array(n);
      parts.forEach(({ base, steps }, p) => {
        const partial = new Float32Array(n).fill(base);
        laid[p].planes.forEach((plane, i) => {
          sum(rows, stride, first, allowed, plane.start, plane.start + plane.stride, table, sums);
          for (let r = 0; r < n; r++) partial[r] += f32(steps[i] * f32(sums[r]));
        });
        for (let r = 0; r < n; r++) {
          scores[r] += f32(partial[r] * factors[(first + r) * parts.length + p]);
        }
      });
      for (let r = 0; r < n; r++) {
        if (added) scores[r] += f32(weight * added[first + r]);
        const score = scores[r];
        if (score > least && isAllowed(allowed, first + r)) {
          if (best.push({ row: first + r, score, estimate: score }) > 2 * limit + 64) cut();
        }
      }
    }
    cut();
    return best;
  }

  /** The product of the query with the finest code of a row. */
  #product(y: Float32Array, row: number): number {
    const { parts, factorOf, levels, excesses, ratio } = this.#rowAt(row);
    return parts.reduce((sum, part, p) => {
      let product = dotLevels(y, levels, part.dim, part.dims);
      for (const [i, excess] of excesses) product = f32(product + f32(y[i] * excess));
      return f32(sum + f32(product * f32(factorOf(part, p) * f32(ratio))));
    }, 0);
  }

  /** The decoded vector of a row: see row_decoder.cpp. */
  reconstruct(row: number): Float32Array {
    const { settings, mean, learned } = this.contents;
    const { dims, bits, refine, metric } = settings;
    if (metric === 'hamming') {
      const { stride, bytes, rows } = this.#codes;
      return unpacked(rows.subarray(row * stride).subarray(0, bytes), dims, 0);
    }
    const { parts, factorOf, levels, excesses, ratio } = this.#rowAt(row);
    const x = new Float32Array(levels);
    for (const [i, excess] of excesses) x[i] += excess;
    parts.forEach((part, p) => {
      const own = factorOf(part, p);
      const factor =
        learned && !refine
          ? own
          : wholeFactor(x, own * ratio, refine || bits, metric === 'cosine' && !mean);
      for (let i = part.dim; i < part.dim + part.dims; i++) x[i] *= factor;
    });
    const [rotate, rotateFiner = rotate] = this.#rotations;
    rotateFiner(x, true);
    return mean ? x.map((value, i) => value + mean[i]) : x;
  }

  /** The finest code of a row. */
  #rowAt(row: number) {
    const codes = this.#finer ?? this.#codes;
    const { parts, rows, factors } = codes;
    const levels = levelsOf(codes, rows, row);
    const factorOf = ({ scale }: Part, p: number) => f32(factors[row * parts.length + p] * scale);
    return { parts, factorOf, levels, ...tailsOf(levels, this.#tails?.[row]) };
  }
}
