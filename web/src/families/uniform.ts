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
import { type Bits, packed, packedBytes } from './bits.js';
import type { Floats } from './floats.js';

const SCHEMES = ['symmetric', 'asymmetric', 'affine'] as const;
const ROUNDINGS = ['nearest', 'truncate', 'floor'] as const;
const SCALE_TYPES = ['f32', 'f16'] as const;

/** symmetric: signed codes. asymmetric: integer zero point. affine: float minimum. */
export type Scheme = (typeof SCHEMES)[number];
/** nearest: ties to even. */
export type Rounding = (typeof ROUNDINGS)[number];
export type ScaleType = (typeof SCALE_TYPES)[number];

export interface UniformOptions {
  /** Bits a code, 2 to 8. Default 8. */
  bits?: number;
  /** Default 'symmetric'. */
  scheme?: Scheme;
  /** Values that share a scale; the last block may be shorter. Default: all of them. */
  block?: number;
  /** With `shape`: one scale a row (0) or a column (1) of a row-major array. */
  axis?: 0 | 1;
  /** [rows, columns], for `axis`. */
  shape?: readonly [number, number];
  /** Default 'nearest'. */
  rounding?: Rounding;
  /** How precise scales and minima are stored. Default 'f32'. */
  scaleType?: ScaleType;
  /**
   * 'reference' computes codes with the scale and minimum as they were before rounding to f16, as
   * the affine demo does. By default codes fit the scale that is stored.
   */
  mode?: 'reference';
}

/** Quantized values and all that decoding them takes: plain data, fit for structured cloning. */
export interface UniformQuantized {
  /** Packed codes, ceil(length * bits / 8) bytes, first value in the lowest bits. */
  readonly codes: Uint8Array;
  readonly bits: number;
  readonly scheme: Scheme;
  readonly length: number;
  /** Values a block; null with one block a column. */
  readonly block: number | null;
  /** Columns of the array, with one block a column; else null. */
  readonly columns: number | null;
  readonly scaleType: ScaleType;
  /** One a block. */
  readonly scales: Float32Array;
  /** One a block for 'asymmetric', else null. */
  readonly zeroPoints: Int32Array | null;
  /** The smallest value of each block for 'affine', else null. */
  readonly minima: Float32Array | null;
  /** Bytes of codes, scales (2 each for f16), zero points and minima. */
  readonly byteLength: number;
}

/** Uniform quantization: equally spaced levels, 2 to 8 bits a value. */
export interface Uniform {
  /**
   * Quantizes finite values:
   *
   *     code = clamp(round((x - minimum) / scale) + zeroPoint)
   *
   * symmetric: codes -2^(b-1) to 2^(b-1)-1, scale = max|x| / (2^(b-1)-1);
   * asymmetric: codes 0 to 2^b-1, scale = (max-min) / (2^b-1), zeroPoint = round(-min/scale);
   * affine: codes 0 to 2^b-1, the same scale, minimum = min. With f32 scales constant input comes
   * back exactly from the last two.
   *
   * Sources: Jacob et al., Quantization and Training of Neural Networks for Efficient
   * Integer-Arithmetic-Only Inference, 2018; affine is the form of ggml's Q4_1.
   *
   * @param x the values; empty is fine
   * @param options see UniformOptions
   * @param out bytes for the codes, as many as they take, where a new array would cost too much; when
   *   a value is refused some of them may have been written
   * @throws FewbitsError NON_FINITE with the index of a NaN or infinity, UNSUPPORTED when a scale
   *   is too large for scaleType 'f16', INVALID_ARGUMENT for the rest
   */
  quantize(x: FloatArray, options?: UniformOptions, out?: Uint8Array): UniformQuantized;

  /**
   * The values behind the codes: (code - zeroPoint) * scale + minimum.
   *
   * @param out a Float32Array of q.length to write to
   */
  dequantize(q: UniformQuantized, out?: Float32Array): Float32Array;

  /** The unpacked integers: Int8Array for 'symmetric', else Uint8Array. */
  codes(q: UniformQuantized): Int8Array | Uint8Array;
}

interface Format {
  readonly bits: number;
  readonly scheme: number;
  readonly rounding: number;
  readonly scale_type: number;
}

interface RangesAt {
  readonly min: number;
  readonly max: number;
}

interface BlocksAt {
  readonly scales: number;
  readonly minima: number;
  readonly zero_points: number;
}

interface UniformFunctions {
  uniform_block_ranges(
    x: number,
    n: number,
    phase: number,
    block: number,
    ranges: RangesAt,
  ): Outcome;
  uniform_choose_blocks(ranges: RangesAt, count: number, format: Format, blocks: BlocksAt): Outcome;
  uniform_encode(
    x: number,
    n: number,
    phase: number,
    block: number,
    blocks: BlocksAt,
    format: Format,
    codes: number,
  ): void;
  uniform_quantize_blocks(
    x: number,
    n: number,
    block: number,
    format: Format,
    blocks: BlocksAt,
    codes: number,
  ): Outcome;
  uniform_decode(
    codes: number,
    n: number,
    phase: number,
    block: number,
    blocks: BlocksAt,
    format: Format,
    out: number,
  ): void;
  uniform_column_ranges(
    x: number,
    n: number,
    phase: number,
    cols: number,
    ranges: RangesAt,
  ): Outcome;
  uniform_encode_columns(
    x: number,
    n: number,
    phase: number,
    cols: number,
    blocks: BlocksAt,
    format: Format,
    codes: number,
  ): void;
  uniform_decode_columns(
    codes: number,
    n: number,
    phase: number,
    cols: number,
    blocks: BlocksAt,
    format: Format,
    out: number,
  ): void;
}

/** How values share scales: runs of `block`, or one block for each of `columns`. */
interface Layout {
  readonly block: number | null;
  readonly columns: number | null;
  readonly count: number;
}

/** One entry a block, as arrays that JavaScript owns. */
interface Parameters {
  readonly scales: Float32Array;
  readonly minima: Float32Array;
  readonly zeroPoints: Int32Array;
}

function layoutOf(length: number, o: UniformOptions): Layout {
  if (o.axis === undefined) {
    if (o.shape !== undefined) throw invalid('shape goes with axis: 0 or 1');
    const block =
      o.block === undefined
        ? Math.max(length, 1)
        : integer('block', o.block, 1, Number.MAX_SAFE_INTEGER);
    return { block, columns: null, count: Math.ceil(length / block) };
  }
  if (o.block !== undefined) throw invalid('block and axis exclude each other');
  if (o.axis !== 0 && o.axis !== 1) throw invalid(`axis must be 0 or 1, got ${describe(o.axis)}`);
  if (!Array.isArray(o.shape) || o.shape.length !== 2) {
    throw invalid(`axis needs shape: [rows, columns], got ${describe(o.shape)}`);
  }
  const rows = integer('shape[0]', o.shape[0], 0, Number.MAX_SAFE_INTEGER);
  const columns = integer('shape[1]', o.shape[1], 0, Number.MAX_SAFE_INTEGER);
  if (rows * columns !== length) {
    throw invalid(`shape [${rows}, ${columns}] needs ${rows * columns} values, got ${length}`);
  }
  if (o.axis === 0) return { block: Math.max(columns, 1), columns: null, count: length && rows };
  return { block: null, columns, count: length && columns };
}

/** A multiple of 8 and of `block` that fits a chunk, so that windows begin blocks and bytes; or 0. */
function wholeBlocks(block: number): number {
  let unit = block;
  while (unit % 8 !== 0) unit *= 2;
  return unit <= CHUNK ? CHUNK - (CHUNK % unit) : 0;
}

/**
 * A place in a block as C++ is told it, where 32 bits hold any number: of a block that reaches
 * beyond a window it matters only how much of it is left.
 */
function inWindow(phase: number, block: number): { phase: number; block: number } {
  const near = Math.min(phase, CHUNK);
  return { phase: near, block: Math.min(block - phase + near, 2 * CHUNK) };
}

export function createUniform(core: Core, bits: Bits, floats: Floats): Uniform {
  const wasm = core.functions<UniformFunctions>();
  const { memory } = core;

  const roundToF16 = (values: Float32Array) =>
    floats.decode(floats.encode(values, 'f16'), 'f16', values.length);

  /** Runs `work` with room for a chunk of values and codes, and ranges and blocks for `count`. */
  function withRoom<T>(
    count: number,
    work: (x: number, codes: number, ranges: RangesAt, blocks: BlocksAt) => T,
  ): T {
    const row = 4 * count;
    return memory.withScratch(
      [4 * CHUNK, CHUNK, row, row, row, row, row],
      (x, codes, min, max, scales, minima, zero_points) =>
        work(x, codes, { min, max }, { scales, minima, zero_points }),
    );
  }

  function takeParameters(at: BlocksAt, first: number, count: number, to: Parameters): void {
    to.scales.set(memory.f32(at.scales, count), first);
    to.minima.set(memory.f32(at.minima, count), first);
    to.zeroPoints.set(memory.i32(at.zero_points, count), first);
  }

  function giveParameters(from: Parameters, first: number, count: number, at: BlocksAt): void {
    const end = first + count;
    memory.f32(at.scales, count).set(from.scales.subarray(first, end));
    memory.f32(at.minima, count).set(from.minima.subarray(first, end));
    memory.i32(at.zero_points, count).set(from.zeroPoints.subarray(first, end));
  }

  function takeCodes(at: number, start: number, n: number, width: number, to: Uint8Array): void {
    to.set(memory.u8(at, packedBytes(n, width)), (start / 8) * width);
  }

  function chooseBlocks(
    ranges: RangesAt,
    first: number,
    count: number,
    format: Format,
    at: BlocksAt,
  ) {
    const chosen = wasm.uniform_choose_blocks(ranges, count, format, at);
    if (chosen.status !== 0) throw scaleTooLarge(first + chosen.index);
  }

  const scaleTooLarge = (block: number) =>
    new FewbitsError(
      'UNSUPPORTED',
      `block ${block} needs a scale or minimum beyond 65504, the largest float16; use scaleType 'f32'`,
    );

  /** Ranges and codes of whole blocks in one pass over the values. */
  function quantizeWholeBlocks(
    x: Float32Array,
    block: number,
    window: number,
    format: Format,
    to: Parameters,
    codes: Uint8Array,
  ): void {
    withRoom(window / block, (xAt, codesAt, _, blocksAt) => {
      windows(x.length, window, (start, n) => {
        give(memory, x, start, n, xAt);
        const outcome = wasm.uniform_quantize_blocks(xAt, n, block, format, blocksAt, codesAt);
        if (outcome.status === 3) throw scaleTooLarge((start + outcome.index) / block);
        check(outcome, 'x', start);
        takeParameters(blocksAt, start / block, Math.ceil(n / block), to);
        takeCodes(codesAt, start, n, format.bits, codes);
      });
    });
  }

  /** Blocks that a chunk does not hold: a pass for the ranges, one for the codes. */
  function quantizeLongBlocks(
    x: Float32Array,
    block: number,
    format: Format,
    to: Parameters,
    codes: Uint8Array,
  ): void {
    const most = Math.ceil(CHUNK / block) + 1;
    withRoom(most, (xAt, codesAt, rangesAt, blocksAt) => {
      windows(x.length, CHUNK, (start, n) => {
        const phase = start % block;
        const first = (start - phase) / block;
        const count = Math.ceil((phase + n) / block);
        give(memory, x, start, n, xAt);
        // A block that goes on from the window before left its range as the last of that window.
        const near = inWindow(phase, block);
        check(wasm.uniform_block_ranges(xAt, n, near.phase, near.block, rangesAt), 'x', start);
        chooseBlocks(rangesAt, first, count, format, blocksAt);
        takeParameters(blocksAt, first, count, to);
        const last = count - 1;
        memory.f32(rangesAt.min, 1)[0] = memory.f32(rangesAt.min, count)[last];
        memory.f32(rangesAt.max, 1)[0] = memory.f32(rangesAt.max, count)[last];
      });
      windows(x.length, CHUNK, (start, n) => {
        const phase = start % block;
        const first = (start - phase) / block;
        give(memory, x, start, n, xAt);
        giveParameters(to, first, Math.ceil((phase + n) / block), blocksAt);
        const near = inWindow(phase, block);
        wasm.uniform_encode(xAt, n, near.phase, near.block, blocksAt, format, codesAt);
        takeCodes(codesAt, start, n, format.bits, codes);
      });
    });
  }

  function quantizeColumns(
    x: Float32Array,
    columns: number,
    format: Format,
    to: Parameters,
    codes: Uint8Array,
  ): void {
    withRoom(columns, (xAt, codesAt, rangesAt, blocksAt) => {
      memory.f32(rangesAt.min, columns).fill(Infinity);
      memory.f32(rangesAt.max, columns).fill(-Infinity);
      windows(x.length, CHUNK, (start, n) => {
        give(memory, x, start, n, xAt);
        check(wasm.uniform_column_ranges(xAt, n, start % columns, columns, rangesAt), 'x', start);
      });
      chooseBlocks(rangesAt, 0, columns, format, blocksAt);
      takeParameters(blocksAt, 0, columns, to);
      windows(x.length, CHUNK, (start, n) => {
        give(memory, x, start, n, xAt);
        wasm.uniform_encode_columns(xAt, n, start % columns, columns, blocksAt, format, codesAt);
        takeCodes(codesAt, start, n, format.bits, codes);
      });
    });
  }

  function quantize(
    given: FloatArray,
    givenOptions?: UniformOptions,
    givenOut?: Uint8Array,
  ): UniformQuantized {
    const x = toFloat32('x', given);
    const o = options<UniformOptions>('options', givenOptions, [
      'bits',
      'scheme',
      'block',
      'axis',
      'shape',
      'rounding',
      'scaleType',
      'mode',
    ]);
    const width = integer('bits', o.bits ?? 8, 2, 8);
    const scheme = oneOf('scheme', o.scheme ?? 'symmetric', SCHEMES);
    const rounding = oneOf('rounding', o.rounding ?? 'nearest', ROUNDINGS);
    const scaleType = oneOf('scaleType', o.scaleType ?? 'f32', SCALE_TYPES);
    if (o.mode !== undefined) oneOf('mode', o.mode, ['reference']);
    const layout = layoutOf(x.length, o);
    const { block, columns, count } = layout;

    const roundLater = o.mode === 'reference' && scaleType === 'f16';
    const format: Format = {
      bits: width,
      scheme: SCHEMES.indexOf(scheme),
      rounding: ROUNDINGS.indexOf(rounding),
      scale_type: roundLater ? 0 : SCALE_TYPES.indexOf(scaleType),
    };
    const codes = output(Uint8Array, packedBytes(x.length, width), givenOut);
    const parameters: Parameters = {
      scales: output(Float32Array, count, undefined),
      minima: output(Float32Array, count, undefined),
      zeroPoints: output(Int32Array, count, undefined),
    };
    if (x.length > 0) {
      if (columns !== null) {
        quantizeColumns(x, columns, format, parameters, codes);
      } else if (block !== null) {
        const window = wholeBlocks(block);
        if (window > 0) quantizeWholeBlocks(x, block, window, format, parameters, codes);
        else quantizeLongBlocks(x, block, format, parameters, codes);
      }
    }
    const rounded = (values: Float32Array) => (roundLater ? roundToF16(values) : values);
    const zeroPoints = scheme === 'asymmetric' ? parameters.zeroPoints : null;
    const minima = scheme === 'affine' ? rounded(parameters.minima) : null;
    const bytesEach = scaleType === 'f16' ? 2 : 4;
    return {
      codes,
      bits: width,
      scheme,
      length: x.length,
      block,
      columns,
      scaleType,
      scales: rounded(parameters.scales),
      zeroPoints,
      minima,
      byteLength:
        codes.length +
        count * bytesEach +
        (zeroPoints ? 4 * count : 0) +
        (minima ? bytesEach * count : 0),
    };
  }

  /** Throws unless `q` is what quantize returns, or the same read back from elsewhere. */
  function checked(q: UniformQuantized): { format: Format; parameters: Parameters } {
    if (typeof q !== 'object' || q === null) {
      throw invalid(`q must be what uniform.quantize returns, got ${describe(q)}`);
    }
    const width = integer('q.bits', q.bits, 2, 8);
    const scheme = oneOf('q.scheme', q.scheme, SCHEMES);
    const length = integer('q.length', q.length, 0, Number.MAX_SAFE_INTEGER);
    packed('q.codes', q.codes, width, length);
    let count: number;
    if (q.columns === null) {
      count = Math.ceil(length / integer('q.block', q.block, 1, Number.MAX_SAFE_INTEGER));
    } else {
      count = integer('q.columns', q.columns, 0, Number.MAX_SAFE_INTEGER);
      if (length % Math.max(count, 1) !== 0) {
        throw invalid(`q.length ${length} is not a number of rows of ${count} columns`);
      }
      if (length === 0) count = 0;
    }
    const parameter = <T extends Float32Array | Int32Array>(
      name: string,
      type: new (length: number) => T,
      value: unknown,
      present: boolean,
    ): T => {
      if (!present) return new type(count);
      if (!(value instanceof type) || value.length !== count) {
        throw invalid(`${name} must be a ${type.name}(${count}), got ${describe(value)}`);
      }
      return value;
    };
    return {
      format: { bits: width, scheme: SCHEMES.indexOf(scheme), rounding: 0, scale_type: 0 },
      parameters: {
        scales: parameter('q.scales', Float32Array, q.scales, true),
        minima: parameter('q.minima', Float32Array, q.minima, scheme === 'affine'),
        zeroPoints: parameter('q.zeroPoints', Int32Array, q.zeroPoints, scheme === 'asymmetric'),
      },
    };
  }

  function dequantize(q: UniformQuantized, given?: Float32Array): Float32Array {
    const { format, parameters } = checked(q);
    const out = output(Float32Array, q.length, given);
    if (q.length === 0) return out;
    const { block, columns, codes } = q;
    const most =
      columns ??
      (block === null ? 0 : Math.min(Math.ceil(CHUNK / block) + 1, parameters.scales.length));
    withRoom(most, (outAt, codesAt, _, blocksAt) => {
      if (columns !== null) giveParameters(parameters, 0, parameters.scales.length, blocksAt);
      windows(q.length, CHUNK, (start, n) => {
        const first = (start / 8) * format.bits;
        const length = packedBytes(n, format.bits);
        memory.u8(codesAt, length).set(codes.subarray(first, first + length));
        if (columns !== null) {
          const phase = start % columns;
          wasm.uniform_decode_columns(codesAt, n, phase, columns, blocksAt, format, outAt);
        } else if (block !== null) {
          const phase = start % block;
          const firstBlock = (start - phase) / block;
          giveParameters(parameters, firstBlock, Math.ceil((phase + n) / block), blocksAt);
          const near = inWindow(phase, block);
          wasm.uniform_decode(codesAt, n, near.phase, near.block, blocksAt, format, outAt);
        }
        out.set(memory.f32(outAt, n), start);
      });
    });
    return out;
  }

  return {
    quantize,
    dequantize,
    codes(q) {
      checked(q);
      return q.scheme === 'symmetric'
        ? bits.unpackSigned(q.codes, q.bits, q.length)
        : bits.unpack(q.codes, q.bits, q.length);
    },
  };
}
