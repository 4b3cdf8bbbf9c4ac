// The part of an index in WebAssembly memory that searching needs: it is created, filled from a file, and searched.

import { type Core, check, indexOf, type Outcome, statusOf } from '../core/core.js';
import { FewbitsError, invalid } from '../core/errors.js';
import { number } from '../core/numbers.js';
import { giveBack, own } from '../core/owned.js';
import { STATUS } from '../core/status.js';
import { give, ROWS_BYTES, windows } from '../core/windows.js';
import {
  type RowSizes,
  type Segment,
  type Settings,
  type Values,
  type VectorsFunctions,
  widthOf,
} from './functions.js';

/** Arrays of whole rows, in the layout of the file. */
export type RowArrays = Record<keyof RowSizes, Uint8Array>;
export const ROW_ARRAYS = [
  'codes',
  'factors',
  'norms',
  'mean_products',
  'tails',
  'refine_codes',
  'refine_factors',
] as const;

/** Addresses of ROW_ARRAYS, in the order of the calls. */
type EachANumber<T extends readonly unknown[]> = { readonly [K in keyof T]: number };
export const inOrder = (addresses: readonly number[]) =>
  addresses as unknown as EachANumber<typeof ROW_ARRAYS>;

export interface Hits {
  /** Row numbers; those of query q begin at q * k. */
  readonly rows: Uint32Array;
  readonly scores: Float32Array;
  readonly estimates: Float32Array;
  /** The number of hits per query. */
  readonly found: Uint32Array;
}

/** The rows of an index in WebAssembly memory by number, to be searched. Each method makes one call. */
export class NativeSearch {
  readonly core: Core;
  readonly settings: Settings;
  readonly wasm: VectorsFunctions;
  #address: number;

  constructor(core: Core, settings: Settings) {
    this.core = core;
    this.settings = settings;
    this.wasm = core.functions<VectorsFunctions>();
    const created = this.wasm.vectors_create(
      settings.dims,
      settings.bits,
      number(core, `vectors_metric_${settings.metric}`),
      settings.quality === 'best',
      settings.refine,
      settings.seed,
      settings.tails,
      settings.meanProducts,
    );
    check(created.status, 'createIndex');
    this.#address = created.index >>> 0;
    const wasm = this.wasm;
    const address = this.#address;
    own(this, () => wasm.vectors_destroy(address));
  }

  dispose(): void {
    if (this.#address === 0) return;
    const address = this.#address;
    this.#address = 0;
    giveBack(this, () => this.wasm.vectors_destroy(address));
  }

  get address(): number {
    if (this.#address === 0) {
      throw new FewbitsError('DISPOSED', 'the index has been disposed of');
    }
    return this.#address;
  }

  /** Elements of Values per vector. */
  get width(): number {
    return widthOf(this.settings);
  }

  get byteLength(): number {
    return this.wasm.vectors_bytes(this.address);
  }

  get rowSizes(): RowSizes {
    return this.wasm.vectors_row_sizes(this.address);
  }

  /** Checks the outcome of a call with the vectors in x from value `base` on. */
  checkOutcome(outcome: Outcome, what: string, _x: Values, base = 0): void {
    if (statusOf(outcome) === STATUS.too_large) {
      const which = Math.floor((base + indexOf(outcome)) / this.width);
      throw invalid(
        `vector ${which} of ${what} has a norm above 1e18, the most that 'dot' and 'l2' take`,
      );
    }
    check(outcome, what, base);
  }

  /** The k best rows for each query; `what` names the queries, these are those from value `base` on. */
  search(
    queries: Values,
    k: number,
    candidates: number,
    allowed: Uint32Array | null,
    what = 'query',
    base = 0,
  ): Hits {
    const { address } = this;
    const { memory } = this.core;
    const count = queries.length / this.width;
    const cells = count * k;
    const sizes = [queries.byteLength, cells * 12, count * 4, allowed?.byteLength ?? 0];
    return memory.withScratch(sizes, (queriesAt, hitsAt, foundAt, allowedAt) => {
      give(memory, queries, 0, queries.length, queriesAt);
      if (allowed !== null) memory.u32(allowedAt, allowed.length).set(allowed);
      this.checkOutcome(
        this.wasm.vectors_search(
          address,
          queriesAt,
          count,
          k,
          candidates,
          allowed === null ? 0 : allowedAt,
          hitsAt,
          foundAt,
        ),
        what,
        queries,
        base,
      );
      const found = memory.u32(foundAt, count).slice();
      const rows = new Uint32Array(cells);
      const scores = new Float32Array(cells);
      const estimates = new Float32Array(cells);
      const floats = memory.f32(hitsAt, cells * 3);
      const integers = memory.u32(hitsAt, cells * 3);
      for (let q = 0; q < count; q++) {
        for (let i = q * k; i < q * k + found[q]; i++) {
          scores[i] = floats[3 * i];
          estimates[i] = floats[3 * i + 1];
          rows[i] = integers[3 * i + 2];
        }
      }
      return { rows, scores, estimates, found };
    });
  }

  setMean(mean: Float32Array): void {
    this.give(mean, (at) =>
      this.checkOutcome(this.wasm.vectors_set_mean(this.address, at), 'mean', mean),
    );
  }

  setTransform(matrix: Float32Array, segments: readonly Segment[]): void {
    const { memory } = this.core;
    this.give(matrix, (at) =>
      memory.withScratch([segments.length * 12], (segmentsAt) => {
        const integers = memory.u32(segmentsAt, segments.length * 3);
        const floats = memory.f32(segmentsAt, segments.length * 3);
        segments.forEach(({ dims, bits, scale }, i) => {
          integers[3 * i] = dims;
          integers[3 * i + 1] = bits;
          floats[3 * i + 2] = scale;
        });
        check(
          this.wasm.vectors_set_transform(this.address, at, segmentsAt, segments.length),
          'transform',
        );
      }),
    );
  }

  /** Allocates separately: arrays this large would keep the scratch large. */
  give(x: Float32Array, work: (at: number) => void): void {
    const { memory } = this.core;
    const at = memory.allocate(x.byteLength);
    try {
      memory.f32(at, x.length).set(x);
      work(at);
    } finally {
      memory.release(at);
    }
  }

  /** Appends rows in the layout of the file. */
  importRows(arrays: RowArrays, rows: number): void {
    const sizes = this.rowSizes;
    const total = ROW_ARRAYS.reduce((sum, name) => sum + sizes[name], 0);
    const step = Math.max(1, Math.floor(ROWS_BYTES / total));
    const { memory } = this.core;
    windows(rows, step, (first, n) => {
      memory.withScratch(
        ROW_ARRAYS.map((name) => n * sizes[name]),
        (...at) => {
          ROW_ARRAYS.forEach((name, i) => {
            const from = arrays[name].subarray(first * sizes[name], (first + n) * sizes[name]);
            memory.u8(at[i], from.length).set(from);
          });
          check(this.wasm.vectors_import_rows(this.address, n, ...inOrder(at)), 'rows', first);
        },
      );
    });
  }
}

/** The CRC-32, continued from `crc`. */
export function checksum(core: Core, crc: number, bytes: Uint8Array): number {
  const wasm = core.functions<VectorsFunctions>();
  let sum = crc;
  core.memory.withScratch([Math.min(bytes.length, ROWS_BYTES)], (at) => {
    windows(bytes.length, ROWS_BYTES, (start, n) => {
      const part = bytes.subarray(start, start + n);
      core.memory.u8(at, part.length).set(part);
      sum = wasm.vectors_checksum(sum, at, part.length) >>> 0;
    });
  });
  return sum;
}
