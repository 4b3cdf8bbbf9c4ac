// A competitor of the reader: vector search in plain TypeScript as RxDB's documentation of its TurboQuant
// plugin describes it (rxdb.info/vector-search.html), written from that description. Vectors are normalised
// and rotated by Walsh-Hadamard transforms of 64 values after random signs, coordinates become 4-bit codes of
// the Lloyd-Max codebook of the normal distribution, and a factor per vector makes scores unbiased. A search
// rotates the query, builds a table of the contribution of each code byte to the score, and scans all codes.

import { Top } from './vector-data.mjs';

/** Max, 1960: the positive half of the 16 levels, in standard deviations. */
const HALF = [0.1284, 0.3881, 0.6568, 0.9424, 1.2562, 1.6181, 2.069, 2.7326];
const LEVELS = Float32Array.from([...HALF.map((level) => -level).reverse(), ...HALF]);
const WINDOW = 64;

function codeOf(value) {
  let code = 0;
  while (code < 15 && value > (LEVELS[code] + LEVELS[code + 1]) / 2) code++;
  return code;
}

export class TableScan {
  constructor(dims) {
    this.dims = dims;
    this.bytes = dims / 2;
    let state = 1;
    this.signs = Float32Array.from({ length: 2 * dims }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 31 ? -1 : 1;
    });
    this.table = new Float32Array(this.bytes * 256);
  }

  /** The rotated vector, of norm sqrt(dims); blocks are interleaved between the two transforms. */
  rotated(vector) {
    const { dims, signs } = this;
    const blocks = dims / WINDOW;
    const norm = Math.hypot(...vector) || 1;
    let y = Float32Array.from(vector, (value) => (value * Math.sqrt(dims)) / norm);
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < dims; i++) y[i] *= signs[pass * dims + i] / Math.sqrt(WINDOW);
      for (let start = 0; start < dims; start += WINDOW) {
        for (let half = 1; half < WINDOW; half *= 2) {
          for (let i = start; i < start + WINDOW; i++) {
            if (i & half) continue;
            const [a, b] = [y[i], y[i + half]];
            y[i] = a + b;
            y[i + half] = a - b;
          }
        }
      }
      const before = y;
      y = before.map((_, i) => before[(i % blocks) * WINDOW + Math.floor(i / blocks)]);
    }
    return y;
  }

  add(x) {
    const { dims, bytes } = this;
    this.rows = x.length / dims;
    this.codes = new Uint8Array(this.rows * bytes);
    this.factors = new Float32Array(this.rows);
    for (let row = 0; row < this.rows; row++) {
      const y = this.rotated(x.subarray(row * dims, (row + 1) * dims));
      let product = 0;
      y.forEach((value, i) => {
        const code = codeOf(value);
        this.codes[row * bytes + (i >> 1)] |= code << (4 * (i & 1));
        product += value * LEVELS[code];
      });
      this.factors[row] = dims / product;
    }
  }

  #prepare(query) {
    const { table, bytes, dims } = this;
    const y = this.rotated(query);
    for (let byte = 0; byte < bytes; byte++) {
      for (let code = 0; code < 256; code++) {
        const sum = y[2 * byte] * LEVELS[code & 15] + y[2 * byte + 1] * LEVELS[code >> 4];
        table[byte * 256 + code] = sum / dims;
      }
    }
  }

  /** Adds up one table look-up per byte. */
  search(query, k) {
    this.#prepare(query);
    const { table, codes, factors, rows, bytes } = this;
    const top = new Top(k);
    for (let row = 0; row < rows; row++) {
      const start = row * bytes;
      let sum = 0;
      for (let byte = 0; byte < bytes; byte++) sum += table[(byte << 8) + codes[start + byte]];
      const score = sum * factors[row];
      if (score > top.least) top.insert(score, row);
    }
    return top.rows;
  }

  /** The same in four sums, which processors compute faster. */
  searchUnrolled(query, k) {
    this.#prepare(query);
    const { table, codes, factors, rows, bytes } = this;
    const top = new Top(k);
    for (let row = 0, at = 0; row < rows; row++) {
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let t = 0; t < bytes * 256; t += 1024, at += 4) {
        a += table[t + codes[at]];
        b += table[t + 256 + codes[at + 1]];
        c += table[t + 512 + codes[at + 2]];
        d += table[t + 768 + codes[at + 3]];
      }
      const score = (a + b + (c + d)) * factors[row];
      if (score > top.least) top.insert(score, row);
    }
    return top.rows;
  }
}
