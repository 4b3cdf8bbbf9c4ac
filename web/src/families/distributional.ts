import {
  describe,
  type FloatArray,
  integer,
  invalid,
  oneOf,
  options,
  output,
  toFloat32,
} from '../core/arguments.js';
import { type Core, check, type Outcome } from '../core/core.js';
import { FewbitsError } from '../core/errors.js';
import { CHUNK, give, windows } from '../core/windows.js';

const DISTS = [
  'gaussian',
  'gaussian_cdf',
  'logistic',
  'logistic_cdf',
  'cauchy_cdf',
  'gumbel',
  'gumbel_cdf',
  'exponential',
  'exponential_cdf',
] as const;
const LLOYD_DISTS = ['gaussian', 'laplace'] as const;
const METHODS = ['formula', 'lloyd-max', 'kmeans'] as const;
const LEVELS = ['midpoint', 'centroid'] as const;

/** Values of a block or a row that has its own scale. */
const MAX_BLOCK = 2 ** 28;

/**
 * What the data are taken to be distributed as. Without suffix: cells of the density that is best
 * for the error asked for; with `_cdf`: equally likely cells. 'laplace' is for method 'lloyd-max'.
 */
export type DistributionName = (typeof DISTS)[number] | 'laplace';
/**
 * formula: cells from a distribution function. lloyd-max: the least squared error possible on a
 * Gaussian or Laplace distribution. kmeans: the least squared error on these very values.
 */
export type DistributionalMethod = (typeof METHODS)[number];
/** How a cell is decoded: by the formula, or to its conditional mean (p 2) or median (p 1). */
export type CellLevels = (typeof LEVELS)[number];

/** The code of x is the number of thresholds <= x, and decodes to the level of that number. */
export interface DistributionalCodebook {
  /** n - 1, ascending. */
  readonly thresholds: Float32Array;
  /** n. */
  readonly levels: Float32Array;
}

export interface DistributionalOptions {
  /** Bits a value, 1 to 16 (lloyd-max and kmeans: to 8). This or `n`. */
  k?: number;
  /** Cells, 2 to 65536 (lloyd-max and kmeans: to 256). */
  n?: number;
  /** Default 'gaussian'; null tries all nine and takes the best. Not for kmeans. */
  dist?: DistributionName | null;
  /** Stretches the range of the levels, > 0; null (default) finds the best. lloyd-max: default 1. */
  beta?: number | null;
  /** Where the cells are centred (exponential: where they begin) instead of where the data say. */
  zero?: number | null;
  /** 64-bit words of floor(64 / k) codes (default), else one code an element. */
  packbits?: boolean;
  /** 'reference': what the Python package returns, wherever that is sound. */
  mode?: 'reference';
  /** Order of the error that is made least: 1 absolute (default), 2 squared. */
  p?: 1 | 2;
  /** Default 'midpoint'. */
  levels?: CellLevels;
  /** Default 'formula'. */
  method?: DistributionalMethod;
  /** Encode with this one: nothing is fitted. With `n` or `k` only if they agree with it. */
  codebook?: DistributionalCodebook;
  /** Values that share loc and scale; dist and beta remain common to all. Default: all values. */
  block?: number;
  /** 0, with a `shape` of two: each row has its own loc and scale. */
  axis?: 0;
  /** Goes into `info.shape`; its product is the number of values. Default [x.length]. */
  shape?: readonly number[];
}

/**
 * All that decoding takes. The names of the first nine are those of the Python package, whose
 * dequantize accepts an info of method 'formula', p 1, levels 'midpoint' and one block.
 */
export interface DistributionalInfo {
  readonly dist: DistributionName | null;
  readonly scale: number;
  readonly loc: number;
  readonly n: number;
  readonly packbits: boolean;
  readonly beta: number;
  /** Mean absolute error. */
  readonly abs_error: number;
  readonly shape: readonly number[];
  readonly n_elems: number;
  /** Mean squared error. */
  readonly mse?: number;
  readonly p?: 1 | 2;
  readonly levels?: CellLevels;
  readonly method?: DistributionalMethod;
  readonly mode?: 'reference';
  /** With blocks: values in each, and what each has instead of loc and scale. */
  readonly block?: number;
  readonly locs?: Float32Array;
  readonly scales?: Float32Array;
  /** With kmeans or a codebook that was passed. */
  readonly codebook?: DistributionalCodebook;
}

/** Words, or codes where `packbits` is false: bytes up to 256 cells, else 16 bits. */
export type DistributionalData = BigInt64Array | BigUint64Array | Uint8Array | Uint16Array;

export interface DistributionalQuantized {
  /** BigInt64Array with packbits; else Uint8Array up to 256 cells, Uint16Array above. */
  readonly data: BigInt64Array | Uint8Array | Uint16Array;
  readonly info: DistributionalInfo;
}

export interface DistributionalCodebookOptions {
  k?: number;
  n?: number;
  dist?: DistributionName;
  /** Default 1. */
  beta?: number;
  /** Default 0. */
  loc?: number;
  /** Default 1. */
  scale?: number;
  p?: 1 | 2;
  levels?: CellLevels;
  method?: 'formula' | 'lloyd-max';
  mode?: 'reference';
}

/**
 * Quantizers that are optimal for a known distribution: cells by the distribution function of the
 * best point density g^(1/(p+1)), levels by its inverse (Bennett 1948, Panter and Dite 1951, Zador
 * 1982; Petersen and Sutter, Distributional Quantization, 2021-2023, and their Python package
 * distquant, whose names and arguments these are), and the Lloyd-Max and k-means quantizers beside
 * them. Values are encoded by comparison with thresholds that agree with the formula for every
 * float (up to 256 cells), the same on every engine.
 */
export interface Distributional {
  /**
   * Quantizes finite values. loc and scale come from mean and unbiased deviation (Cauchy: from
   * median and quartiles; exponential: loc is the least value if that is negative, else 0); values
   * beyond the outermost cells saturate. With `beta` null the best beta of the Python package's grid
   * and of a search between its points is taken. `mode: 'reference'` repeats the package's float32
   * arithmetic instead, and forgets beta with `dist: null` as it does.
   *
   * @param x the values, never changed; empty is fine
   * @param options k or n, and see DistributionalOptions
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity, INVALID_ARGUMENT for the
   *   rest
   */
  quantize(x: FloatArray, options: DistributionalOptions): DistributionalQuantized;

  /**
   * The values behind the codes. `data` is not changed.
   *
   * @param info as quantize or the Python package gave it
   * @param out a Float32Array of info.n_elems to write to
   * @throws FewbitsError CORRUPT_DATA where a code is no cell, INVALID_ARGUMENT for the rest
   */
  dequantize(data: DistributionalData, info: DistributionalInfo, out?: Float32Array): Float32Array;

  /**
   * Thresholds and levels of a quantizer, from its options or from an info. An info with blocks has
   * a codebook a block: pass loc and scale of one.
   */
  codebook(options: DistributionalCodebookOptions | DistributionalInfo): DistributionalCodebook;

  /**
   * Mean squared error of a codebook on the Gaussian or Laplace distribution of mean 0 and variance
   * 1: the integral, in closed form.
   */
  meanSquaredError(codebook: DistributionalCodebook, dist?: 'gaussian' | 'laplace'): number;
}

interface Formula {
  readonly distribution: number;
  readonly order: number;
  readonly n: number;
  readonly levels: number;
  readonly loc: number;
  readonly scale: number;
  readonly beta: number;
}

interface FitOptions {
  readonly distribution: number;
  readonly order: number;
  readonly n: number;
  readonly levels: number;
  readonly beta: number;
  readonly has_zero: boolean;
  readonly zero: number;
  readonly reference: boolean;
  readonly block: number;
}

interface DistributionalFunctions {
  distributional_fit_create(): number;
  distributional_fit_destroy(fit: number): void;
  distributional_fit_begin(fit: number, options: FitOptions): Outcome;
  distributional_fit_next_pass(fit: number): boolean;
  distributional_fit_accumulate(fit: number, x: number, n: number): Outcome;
  distributional_fit_status(fit: number): Outcome;
  distributional_fit_formula(fit: number): Formula;
  distributional_kmeans_create(): number;
  distributional_kmeans_destroy(kmeans: number): void;
  distributional_kmeans_begin(kmeans: number, n: number): Outcome;
  distributional_kmeans_next_pass(kmeans: number): boolean;
  distributional_kmeans_accumulate(kmeans: number, x: number, n: number): Outcome;
  distributional_kmeans_status(kmeans: number): Outcome;
  distributional_kmeans_codebook(kmeans: number, thresholds: number, levels: number): Outcome;
  distributional_coder_create(): number;
  distributional_coder_destroy(coder: number): void;
  distributional_coder_formula(coder: number, formula: Formula, reference: boolean): Outcome;
  distributional_coder_tables(
    coder: number,
    n: number,
    thresholds: number,
    levels: number,
  ): Outcome;
  distributional_coder_blocks(
    coder: number,
    formula: Formula,
    hasZero: boolean,
    zero: number,
  ): Outcome;
  distributional_coder_thresholds(coder: number): number;
  distributional_coder_levels(coder: number): number;
  distributional_coder_errors(coder: number): { absolute: number; squared: number };
  distributional_encode(coder: number, x: number, n: number, wide: boolean, codes: number): Outcome;
  distributional_decode(
    coder: number,
    codes: number,
    n: number,
    wide: boolean,
    out: number,
  ): Outcome;
  distributional_encode_blocks(
    coder: number,
    x: number,
    n: number,
    block: number,
    locs: number,
    scales: number,
    wide: boolean,
    codes: number,
  ): Outcome;
  distributional_decode_blocks(
    coder: number,
    codes: number,
    n: number,
    block: number,
    locs: number,
    scales: number,
    wide: boolean,
    out: number,
  ): Outcome;
  distributional_pack_words(
    codes: number,
    n: number,
    bits: number,
    wide: boolean,
    words: number,
  ): Outcome;
  distributional_unpack_words(
    words: number,
    n: number,
    bits: number,
    wide: boolean,
    codes: number,
  ): Outcome;
  distributional_mean_squared_error(
    source: number,
    n: number,
    thresholds: number,
    levels: number,
  ): number;
}

/** The bits that codes of n cells take. */
const bitsOf = (n: number) => Math.max(1, 32 - Math.clz32(n - 1));

function finite(name: string, value: unknown, accepted: (x: number) => boolean, what: string) {
  if (typeof value !== 'number' || !Number.isFinite(value) || !accepted(value)) {
    throw invalid(`${name} must be ${what}, got ${describe(value)}`);
  }
  return value;
}

const anyNumber = (name: string, value: unknown) =>
  finite(name, value, () => true, 'a finite number');
const positive = (name: string, value: unknown) =>
  finite(name, value, (x) => x > 0, 'a finite number above 0');
const notNegative = (name: string, value: unknown) =>
  finite(name, value, (x) => x >= 0, 'a finite number not below 0');

/** Cells, from k or n. */
function cells(o: { k?: unknown; n?: unknown }, most: 256 | 65536): number {
  if ((o.k === undefined) === (o.n === undefined)) {
    throw invalid('k bits or n cells must be given, and not both');
  }
  return o.k === undefined
    ? integer('n', o.n, 2, most)
    : 2 ** integer('k', o.k, 1, Math.log2(most));
}

const orderOf = (p: unknown, fallback: 1 | 2): 1 | 2 => {
  if (p !== undefined && p !== 1 && p !== 2) throw invalid(`p must be 1 or 2, got ${describe(p)}`);
  return p ?? fallback;
};

/** The number that C++ knows a distribution by; -1: to be chosen. */
const numberOf = (method: DistributionalMethod, dist: DistributionName | null) =>
  dist === null
    ? -1
    : method === 'lloyd-max'
      ? DISTS.length + LLOYD_DISTS.indexOf(dist as (typeof LLOYD_DISTS)[number])
      : DISTS.indexOf(dist as (typeof DISTS)[number]);

const distOf = (method: DistributionalMethod, dist: unknown): DistributionName =>
  method === 'lloyd-max' ? oneOf('dist', dist, LLOYD_DISTS) : oneOf('dist', dist, DISTS);

function referenceOf(mode: unknown, method: DistributionalMethod, p: 1 | 2, levels: CellLevels) {
  if (mode === undefined) return false;
  oneOf('mode', mode, ['reference']);
  if (method !== 'formula' || p !== 1 || levels !== 'midpoint') {
    throw invalid("mode 'reference' has method 'formula', p 1 and levels 'midpoint' alone");
  }
  return true;
}

function checkedCodebook(name: string, given: unknown): DistributionalCodebook {
  const { thresholds, levels } = options<Partial<DistributionalCodebook>>(name, given, [
    'thresholds',
    'levels',
  ]);
  if (
    !(thresholds instanceof Float32Array) ||
    !(levels instanceof Float32Array) ||
    levels.length < 2 ||
    levels.length > 65536 ||
    thresholds.length !== levels.length - 1
  ) {
    throw invalid(
      `${name} must have Float32Arrays of n - 1 thresholds and n levels, n from 2 to 65536`,
    );
  }
  for (let i = 0; i < thresholds.length; ++i) {
    const t = thresholds[i] as number;
    if (Number.isNaN(t) || (i > 0 && t < (thresholds[i - 1] as number))) {
      throw invalid(`${name}.thresholds must ascend; [${i}] is ${t}`);
    }
  }
  const bad = levels.findIndex((level) => !Number.isFinite(level));
  if (bad >= 0) throw invalid(`${name}.levels[${bad}] must be finite, got ${levels[bad]}`);
  return { thresholds, levels };
}

/** A plan of quantization: the options, checked and complete. */
interface Plan {
  readonly method: DistributionalMethod;
  readonly dist: DistributionName | null;
  readonly n: number;
  /** Of a code in a word. */
  readonly bits: number;
  readonly beta: number | null;
  readonly zero: number | null;
  readonly packbits: boolean;
  readonly reference: boolean;
  readonly p: 1 | 2;
  readonly levels: CellLevels;
  readonly codebook: DistributionalCodebook | null;
  readonly block: number | null;
  readonly shape: readonly number[];
}

const OPTIONS = [
  'k',
  'n',
  'dist',
  'beta',
  'zero',
  'packbits',
  'mode',
  'p',
  'levels',
  'method',
  'codebook',
  'block',
  'axis',
  'shape',
] as const;

function planOf(length: number, given: unknown): Plan {
  const o = options<DistributionalOptions>('options', given, OPTIONS);
  const codebook = o.codebook === undefined ? null : checkedCodebook('codebook', o.codebook);
  const method = oneOf('method', o.method ?? (codebook ? 'kmeans' : 'formula'), METHODS);
  const free = method === 'kmeans';
  if (codebook && !free) throw invalid(`a codebook that is passed has no method '${method}'`);
  if (free && o.dist != null) throw invalid("method 'kmeans' assumes no dist");
  if (free && (o.zero != null || o.block !== undefined || o.axis !== undefined)) {
    throw invalid("method 'kmeans' has one codebook for all values: no zero, block or axis");
  }
  if (method !== 'formula' && o.p === 1) {
    throw invalid(`method '${method}' makes the squared error least: p must be 2`);
  }
  const size = { k: o.k, n: o.n };
  if (codebook && size.k === undefined) size.n ??= codebook.levels.length;
  const n = cells(size, method === 'formula' || codebook ? 65536 : 256);
  if (codebook && n !== codebook.levels.length) {
    throw invalid(`codebook has ${codebook.levels.length} levels, where k or n says ${n}`);
  }
  const choose = free || (o.dist === null && method === 'formula');
  const dist = choose ? null : distOf(method, o.dist ?? 'gaussian');
  const p = orderOf(o.p, method === 'formula' ? 1 : 2);
  const levels = oneOf('levels', o.levels ?? 'midpoint', LEVELS);
  const beta =
    o.beta === undefined ? (method === 'formula' ? null : 1) : o.beta && positive('beta', o.beta);
  if (beta === 0) throw invalid('beta must be a finite number above 0, got 0');
  const zero = o.zero === undefined || o.zero === null ? null : anyNumber('zero', o.zero);
  if (zero !== null && n % 2 === 0 && !dist?.startsWith('exponential')) {
    throw invalid(`with a zero n must be odd, so that a level can lie there; got n ${n}`);
  }
  if (o.packbits !== undefined && typeof o.packbits !== 'boolean') {
    throw invalid(`packbits must be true or false, got ${describe(o.packbits)}`);
  }
  const reference = referenceOf(o.mode, method, p, levels);
  const shape = o.shape ?? [length];
  if (
    !Array.isArray(shape) ||
    shape.some((side) => !Number.isInteger(side) || side < 0) ||
    shape.reduce((product, side) => product * side, 1) !== length
  ) {
    throw invalid(`shape must be sides whose product is ${length}, got ${describe(o.shape)}`);
  }
  let block = o.block === undefined ? null : integer('block', o.block, 1, MAX_BLOCK);
  if (o.axis !== undefined) {
    if (o.axis !== 0) throw invalid(`axis must be 0, for rows, got ${describe(o.axis)}`);
    if (block !== null) throw invalid('axis and block exclude each other');
    if (shape.length !== 2) throw invalid('axis needs shape: [rows, columns]');
    block = Math.max(1, integer('shape[1]', shape[1], 0, MAX_BLOCK));
  }
  if (block !== null && reference) throw invalid("mode 'reference' has one block");
  return {
    method,
    dist,
    n,
    bits: bitsOf(n),
    beta,
    zero,
    packbits: o.packbits ?? true,
    reference,
    p,
    levels,
    codebook,
    block,
    shape: [...shape],
  };
}

const INFO = [
  'dist',
  'scale',
  'loc',
  'n',
  'packbits',
  'beta',
  'abs_error',
  'shape',
  'n_elems',
  'mse',
  'p',
  'levels',
  'method',
  'mode',
  'block',
  'locs',
  'scales',
  'codebook',
] as const;

export function createDistributional(core: Core): Distributional {
  const wasm = core.functions<DistributionalFunctions>();
  const { memory } = core;

  /** An object of C++ for as long as `work` takes. */
  function withObject<T>(
    create: () => number,
    destroy: (object: number) => void,
    work: (object: number) => T,
  ): T {
    const object = create();
    if (object === 0) throw new FewbitsError('OUT_OF_MEMORY', 'WebAssembly memory is full');
    try {
      return work(object);
    } finally {
      destroy(object);
    }
  }
  const withCoder = <T>(work: (coder: number) => T) =>
    withObject(wasm.distributional_coder_create, wasm.distributional_coder_destroy, work);

  /** Feeds all of x, piece by piece, as often as it is wanted. */
  function stream(
    x: Float32Array,
    window: number,
    nextPass: () => boolean,
    accumulate: (at: number, n: number) => Outcome,
  ): void {
    memory.withScratch([4 * Math.min(window, x.length)], (at) => {
      while (nextPass()) {
        windows(x.length, window, (start, n) => {
          give(memory, x, start, n, at);
          check(accumulate(at, n), 'x');
        });
      }
    });
  }

  /** Whole blocks that make about a piece. */
  const windowOf = (block: number | null) =>
    block === null ? CHUNK : Math.max(1, Math.floor(CHUNK / block)) * block;

  function fit(x: Float32Array, plan: Plan): Formula {
    return withObject(wasm.distributional_fit_create, wasm.distributional_fit_destroy, (object) => {
      const begun = wasm.distributional_fit_begin(object, {
        distribution: numberOf(plan.method, plan.dist),
        order: plan.p,
        n: plan.n,
        levels: LEVELS.indexOf(plan.levels),
        beta: plan.beta ?? 0,
        has_zero: plan.zero !== null,
        zero: plan.zero ?? 0,
        reference: plan.reference,
        block: plan.block ?? 0,
      });
      check(begun, 'options');
      stream(
        x,
        windowOf(plan.block),
        () => wasm.distributional_fit_next_pass(object),
        (at, n) => wasm.distributional_fit_accumulate(object, at, n),
      );
      check(wasm.distributional_fit_status(object), 'x');
      return wasm.distributional_fit_formula(object);
    });
  }

  function fitKmeans(x: Float32Array, n: number): DistributionalCodebook {
    return withObject(
      wasm.distributional_kmeans_create,
      wasm.distributional_kmeans_destroy,
      (object) => {
        check(wasm.distributional_kmeans_begin(object, n), 'options');
        stream(
          x,
          CHUNK,
          () => wasm.distributional_kmeans_next_pass(object),
          (at, count) => wasm.distributional_kmeans_accumulate(object, at, count),
        );
        check(wasm.distributional_kmeans_status(object), 'x');
        return memory.withScratch([4 * n, 4 * n], (thresholds, levels) => {
          check(wasm.distributional_kmeans_codebook(object, thresholds, levels), 'x');
          return {
            thresholds: memory.f32(thresholds, n - 1).slice(),
            levels: memory.f32(levels, n).slice(),
          };
        });
      },
    );
  }

  function setTables(coder: number, { thresholds, levels }: DistributionalCodebook): void {
    memory.withScratch([4 * thresholds.length, 4 * levels.length], (thresholdsAt, levelsAt) => {
      memory.f32(thresholdsAt, thresholds.length).set(thresholds);
      memory.f32(levelsAt, levels.length).set(levels);
      check(
        wasm.distributional_coder_tables(coder, levels.length, thresholdsAt, levelsAt),
        'codebook',
      );
    });
  }

  /** Copies a typed array's elements into memory as they are, or out of it. */
  const bytesOf = (a: DistributionalData) =>
    new Uint8Array(a.buffer as ArrayBuffer, a.byteOffset, a.byteLength);

  function array<T extends BigInt64Array | Uint8Array | Uint16Array>(
    type: new (length: number) => T,
    length: number,
  ): T {
    try {
      return new type(length);
    } catch (cause) {
      throw new FewbitsError('OUT_OF_MEMORY', `no room for a ${type.name} of ${length}`, { cause });
    }
  }

  /** Pieces that end where words and blocks end. */
  function pieces(
    length: number,
    perWord: number,
    block: number | null,
    work: (start: number, n: number) => void,
  ): number {
    const whole = block ?? 1;
    // Blocks are few multiples of a word's codes, or the other way round.
    let unit = whole;
    while (unit % perWord !== 0) unit += whole;
    const window = Math.max(1, Math.floor(CHUNK / unit)) * unit;
    windows(length, window, work);
    return Math.min(window, length);
  }
  const largestPiece = (length: number, perWord: number, block: number | null) =>
    pieces(length, perWord, block, () => {});

  return {
    quantize(given, givenOptions) {
      const x = toFloat32('x', given);
      const plan = planOf(x.length, givenOptions);
      const { n, bits, block } = plan;
      const wide = n > 256;
      const book = plan.method === 'kmeans' ? (plan.codebook ?? fitKmeans(x, n)) : null;
      if (plan.codebook) {
        // A plain loop, in which infinity and NaN alone give NaN: several times faster than findIndex.
        let sum = 0;
        for (let i = 0; i < x.length; ++i) sum += (x[i] as number) * 0;
        if (sum !== 0) {
          check({ status: 2, index: x.findIndex((value) => !Number.isFinite(value)) }, 'x');
        }
      }
      const formula = book ? null : fit(x, plan);
      const perWord = plan.packbits ? Math.floor(64 / bits) : 1;
      const blocks = block === null ? 0 : Math.ceil(x.length / block);
      const data = plan.packbits
        ? array(BigInt64Array, Math.ceil(x.length / perWord))
        : array<Uint8Array | Uint16Array>(wide ? Uint16Array : Uint8Array, x.length);
      const bytes = bytesOf(data);
      const width = wide ? 2 : 1;
      const locs = new Float32Array(blocks);
      const scales = new Float32Array(blocks);
      const errors = withCoder((coder) => {
        if (book) {
          setTables(coder, book);
        } else if (formula && block === null) {
          check(wasm.distributional_coder_formula(coder, formula, plan.reference), 'options');
        } else if (formula) {
          check(
            wasm.distributional_coder_blocks(coder, formula, plan.zero !== null, plan.zero ?? 0),
            'options',
          );
        }
        const most = largestPiece(x.length, perWord, block);
        const blocksMost = block === null ? 0 : Math.ceil(most / block);
        const room = [
          4 * most,
          width * most,
          8 * Math.ceil(most / perWord),
          4 * blocksMost,
          4 * blocksMost,
        ];
        memory.withScratch(room, (xAt, codesAt, wordsAt, locsAt, scalesAt) => {
          pieces(x.length, perWord, block, (start, count) => {
            give(memory, x, start, count, xAt);
            if (block === null) {
              check(wasm.distributional_encode(coder, xAt, count, wide, codesAt), 'x', start);
            } else {
              const outcome = wasm.distributional_encode_blocks(
                coder,
                xAt,
                count,
                block,
                locsAt,
                scalesAt,
                wide,
                codesAt,
              );
              check(outcome, 'x', start);
              const pieceBlocks = Math.ceil(count / block);
              locs.set(memory.f32(locsAt, pieceBlocks), start / block);
              scales.set(memory.f32(scalesAt, pieceBlocks), start / block);
            }
            if (plan.packbits) {
              wasm.distributional_pack_words(codesAt, count, bits, wide, wordsAt);
              const words = Math.ceil(count / perWord);
              bytes.set(memory.u8(wordsAt, 8 * words), (start / perWord) * 8);
            } else {
              bytes.set(memory.u8(codesAt, width * count), start * width);
            }
          });
        });
        return wasm.distributional_coder_errors(coder);
      });
      const chosen: DistributionName | null = formula
        ? plan.method === 'lloyd-max'
          ? plan.dist
          : (DISTS[formula.distribution] as DistributionName)
        : null;
      return {
        data,
        info: {
          dist: chosen,
          scale: block !== null || !formula ? 1 : formula.scale,
          loc: block !== null || !formula ? 0 : formula.loc,
          n,
          packbits: plan.packbits,
          beta: formula?.beta ?? 1,
          abs_error: errors.absolute,
          shape: plan.shape,
          n_elems: x.length,
          mse: errors.squared,
          p: plan.p,
          levels: plan.levels,
          method: plan.method,
          ...(plan.reference ? { mode: 'reference' as const } : {}),
          ...(block !== null ? { block, locs, scales } : {}),
          ...(book
            ? { codebook: { thresholds: book.thresholds.slice(), levels: book.levels.slice() } }
            : {}),
        },
      };
    },

    dequantize(data, givenInfo, givenOut) {
      const info = checkedInfo(givenInfo);
      const { n, formula, codebook, reference, block, locs, scales } = info;
      const length = integer('info.n_elems', givenInfo.n_elems, 0, Number.MAX_SAFE_INTEGER);
      const packbits = givenInfo.packbits;
      if (typeof packbits !== 'boolean') {
        throw invalid(`info.packbits must be true or false, got ${describe(packbits)}`);
      }
      const wide = n > 256;
      const width = wide ? 2 : 1;
      const bits = bitsOf(n);
      const perWord = packbits ? Math.floor(64 / bits) : 1;
      const elements = Math.ceil(length / perWord);
      const fits = packbits
        ? data instanceof BigInt64Array || data instanceof BigUint64Array
        : data instanceof (wide ? Uint16Array : Uint8Array);
      if (!fits || data.length !== elements) {
        const type = packbits ? 'BigInt64Array' : wide ? 'Uint16Array' : 'Uint8Array';
        throw invalid(
          `data must be a ${type}(${elements}) for ${length} codes of ${n} cells, got ${describe(data)}`,
        );
      }
      if (block !== null) {
        for (const [name, parameters] of [
          ['locs', locs],
          ['scales', scales],
        ] as const) {
          if (
            !(parameters instanceof Float32Array) ||
            parameters.length !== Math.ceil(length / block)
          ) {
            throw invalid(
              `info.${name} must be a Float32Array(${Math.ceil(length / block)}), got ${describe(parameters)}`,
            );
          }
          const bad = parameters.findIndex((value) => !Number.isFinite(value));
          if (bad >= 0) {
            throw invalid(`info.${name}[${bad}] must be finite, got ${parameters[bad]}`);
          }
        }
      }
      const out = output(Float32Array, length, givenOut);
      const bytes = bytesOf(data);
      withCoder((coder) => {
        if (codebook) {
          setTables(coder, codebook);
        } else if (block === null) {
          check(wasm.distributional_coder_formula(coder, formula, reference), 'info');
        } else {
          check(wasm.distributional_coder_blocks(coder, formula, false, 0), 'info');
        }
        const most = largestPiece(length, perWord, block);
        const blocksMost = block === null ? 0 : Math.ceil(most / block);
        const room = [
          4 * most,
          width * most,
          8 * Math.ceil(most / perWord),
          4 * blocksMost,
          4 * blocksMost,
        ];
        memory.withScratch(room, (outAt, codesAt, wordsAt, locsAt, scalesAt) => {
          pieces(length, perWord, block, (start, count) => {
            if (packbits) {
              const first = (start / perWord) * 8;
              const words = 8 * Math.ceil(count / perWord);
              memory.u8(wordsAt, words).set(bytes.subarray(first, first + words));
              wasm.distributional_unpack_words(wordsAt, count, bits, wide, codesAt);
            } else {
              memory
                .u8(codesAt, width * count)
                .set(bytes.subarray(start * width, (start + count) * width));
            }
            if (block === null) {
              check(wasm.distributional_decode(coder, codesAt, count, wide, outAt), 'data', start);
            } else {
              const first = start / block;
              const pieceBlocks = Math.ceil(count / block);
              for (const [at, parameters] of [
                [locsAt, locs],
                [scalesAt, scales],
              ] as const) {
                memory
                  .f32(at, pieceBlocks)
                  .set((parameters as Float32Array).subarray(first, first + pieceBlocks));
              }
              const outcome = wasm.distributional_decode_blocks(
                coder,
                codesAt,
                count,
                block,
                locsAt,
                scalesAt,
                wide,
                outAt,
              );
              check(outcome, 'data', start);
            }
            out.set(memory.f32(outAt, count), start);
          });
        });
      });
      return out;
    },

    codebook(given) {
      const { n, formula, codebook, reference, block } = checkedInfo(given, true);
      if (block !== null) {
        throw invalid('every block has a codebook of its own: pass loc and scale of one');
      }
      return withCoder((coder) => {
        if (codebook) setTables(coder, codebook);
        else check(wasm.distributional_coder_formula(coder, formula, reference), 'options');
        return {
          thresholds: memory.f32(wasm.distributional_coder_thresholds(coder), n - 1).slice(),
          levels: memory.f32(wasm.distributional_coder_levels(coder), n).slice(),
        };
      });
    },

    meanSquaredError(given, dist = 'gaussian') {
      const { thresholds, levels } = checkedCodebook('codebook', given);
      const source = LLOYD_DISTS.indexOf(oneOf('dist', dist, LLOYD_DISTS));
      return memory.withScratch([8 * thresholds.length, 8 * levels.length], (tAt, lAt) => {
        memory.f64(tAt, thresholds.length).set(thresholds);
        memory.f64(lAt, levels.length).set(levels);
        return wasm.distributional_mean_squared_error(source, levels.length, tAt, lAt);
      });
    },
  };
}

/** What codebook() and dequantize() both need, from an info or from options. */
function checkedInfo(given: unknown, loose = false) {
  const known = loose ? [...INFO, 'k'] : INFO;
  const o = options<DistributionalInfo & { k?: number }>(loose ? 'options' : 'info', given, known);
  if (given === undefined) throw invalid('info must be an object, got undefined');
  const method = oneOf('method', o.method ?? 'formula', METHODS);
  const codebook =
    method === 'kmeans' || o.codebook !== undefined
      ? checkedCodebook('codebook', o.codebook)
      : null;
  const p = orderOf(o.p, method === 'formula' ? 1 : 2);
  const levels = oneOf('levels', o.levels ?? 'midpoint', LEVELS);
  const n = cells(
    codebook && o.k === undefined ? { n: o.n ?? codebook.levels.length } : { k: o.k, n: o.n },
    method === 'formula' || codebook ? 65536 : 256,
  );
  if (codebook && codebook.levels.length !== n) {
    throw invalid(`codebook has ${codebook.levels.length} levels, where n is ${n}`);
  }
  const dist = codebook ? 'gaussian' : distOf(method, o.dist ?? (loose ? 'gaussian' : o.dist));
  const absent = (value: unknown, fallback: number) =>
    value === undefined && (loose || codebook) ? fallback : value;
  const formula: Formula = {
    distribution: numberOf(method, dist),
    order: p,
    n,
    levels: LEVELS.indexOf(levels),
    loc: anyNumber('loc', absent(o.loc, 0)),
    scale: notNegative('scale', absent(o.scale, 1)),
    beta: positive('beta', absent(o.beta, 1)),
  };
  return {
    n,
    formula,
    codebook,
    reference: referenceOf(o.mode, method, p, levels),
    block: o.block === undefined ? null : integer('info.block', o.block, 1, MAX_BLOCK),
    locs: o.locs,
    scales: o.scales,
  };
}
