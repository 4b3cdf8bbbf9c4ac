// The rows of an index file in JavaScript memory, with the searches of NativeIndex.

import { FewbitsError, invalid } from '../core/errors.js';
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
import { type Layout, layoutOf, levelsOf, packed } from './coding.js';
import { halves } from './halves.js';
import { centred, dot, type Ready, rounded, signsOf, tablesOf } from './query.js';
import { type Rotate, rotationBy, rotationOf } from './rotation.js';
import { differ, isAllowed, lookUp, multiply } from './scan.js';
import { dotLevels, dotTails } from './score.js';

const f32 = Math.fround;

const TILE_ROWS = 1024;

interface Codes {
  readonly layout: Layout;
  readonly rows: Uint8Array;
  /** One factor per row, or one per part of a row. */
  readonly factors: Float32Array;
}

/** A row and its score: the larger, the nearer. */
export interface Found {
  readonly row: number;
  readonly score: number;
}

const byScore = (a: Found, b: Found) => b.score - a.score || a.row - b.row;

export class PlainIndex {
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
      return { layout, rows: packedRows, factors };
    };
    const whole = { dims, bits, scale: 1 };
    this.#codes = codes('', learned?.segments ?? [whole], !learned && bits === 8);
    if (refine) this.#finer = codes('refine.', [{ ...whole, bits: refine }], refine === 8);
    if (metric === 'l2') this.#added = within(floats('norms'), 0, LARGEST_SQUARE);
    else if (mean && settings.meanProducts) {
      const most = largestProduct(mean, metric);
      this.#added = within(floats('mean.products'), -most, most);
    }
    const isFine = bits === 4 && settings.quality === 'best' && !learned;
    if (settings.tails && isFine && !refine) this.#tails = new Uint32Array(take('tails', 4));
    if (learned) this.#rotations.push(rotationBy(learned.matrix));
    if (!ofBits && !(learned && !refine)) this.#rotations.push(rotationOf(file, dims));
  }

  /** Throws for queries that search() does not accept. */
  check(x: Float32Array, name: string): void {
    const { mean, settings } = this.contents;
    const { dims, metric } = settings;
    const at = x.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) throw new FewbitsError('NON_FINITE', `${name}[${at}] is NaN or infinite`);
    if (metric === 'cosine' || metric === 'hamming') return;
    for (let start = 0; start < x.length; start += dims) {
      const row = x.subarray(start, start + dims);
      const { x: left } = centred(row, 'l2', mean, false);
      if (Math.max(dot(left, left), metric === 'dot' ? dot(row, row) : 0) > LARGEST_NORM ** 2) {
        throw invalid(
          `vector ${start / dims} of ${name} has a norm above 1e18, the most that 'dot' and 'l2' take`,
        );
      }
    }
  }

  /** The candidates for a query that passed check(), sorted by their scores. */
  search(query: Float32Array, candidates: number, allowed: Uint32Array | null): Found[] {
    const { layout } = this.#codes;
    const { mean, settings } = this.contents;
    const { metric } = settings;
    // Distances between bits are exact, so no candidates are scored again.
    if (metric === 'hamming')
      return this.#scan(signsOf(query, layout.stride), 0, allowed, candidates);
    const { x, weight, offset } = centred(query, metric, mean, this.#added !== null);
    const y: Float32Array = x.slice();
    const [rotate, rotateFiner] = this.#rotations;
    rotate(y);
    const ready = layout.areLevels ? rounded(y, layout.stride) : tablesOf(layout, y);
    const best = this.#scan(ready, weight, allowed, candidates);
    if (rotateFiner) {
      y.set(x);
      rotateFiner(y);
    }
    const twice = metric === 'l2' ? 2 : 1;
    const found = best.map(({ row }) => {
      let score = this.#product(y, row);
      if (this.#added) score = f32(score + f32(weight * this.#added[row]));
      score = f32(f32(score * twice) + f32(offset));
      // Factors in a file can make scores exceed float range; NaN could not be sorted.
      return { row, score: Number.isNaN(score) ? -Infinity : score };
    });
    return found.sort(byScore);
  }

  /**
   * The `limit` allowed rows with the largest estimates; of equal ones the earliest. It collects up to twice
   * as many before it sorts and cuts, so that most rows cost one comparison.
   */
  #scan({ table, parts }: Ready, weight: number, allowed: Uint32Array | null, limit: number) {
    const { layout, rows, factors } = this.#codes;
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
        layout.parts[p].planes.forEach(({ start, stride }, i) => {
          const end = start + stride;
          if (table instanceof Int32Array) {
            multiply(rows, layout.stride, first, allowed, table, sums);
          } else if (table instanceof Uint32Array) {
            differ(rows, layout.stride, first, allowed, table, sums);
          } else {
            lookUp(rows, layout.stride, first, allowed, start, end, table, sums);
          }
          for (let r = 0; r < n; r++) partial[r] += f32(steps[i] * f32(sums[r]));
        });
        for (let r = 0; r < n; r++) {
          scores[r] += f32(partial[r] * factors[(first + r) * parts.length + p]);
        }
      });
      for (let r = 0; r < n; r++) {
        if (added) scores[r] += f32(weight * added[first + r]);
        if (scores[r] > least && isAllowed(allowed, first + r)) {
          if (best.push({ row: first + r, score: scores[r] }) > 2 * limit + 64) cut();
        }
      }
    }
    cut();
    return best;
  }

  /** The product of the query with the finest code of a row. */
  #product(y: Float32Array, row: number): number {
    const { layout, rows, factors } = this.#finer ?? this.#codes;
    const { parts } = layout;
    const levels = levelsOf(layout, rows, row);
    if (this.#tails) return dotTails(y, levels, this.#tails[row], factors[row]);
    let sum = 0;
    parts.forEach(({ dim, dims, scale }, p) => {
      const factor = f32(factors[row * parts.length + p] * scale);
      sum = f32(sum + f32(dotLevels(y, levels, dim, dims) * factor));
    });
    return sum;
  }
}
