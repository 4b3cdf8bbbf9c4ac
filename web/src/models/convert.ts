// Conversion of whole rows from one type to another, on this thread, with a check of the result.

import { FewbitsError } from '../core/errors.js';
import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';
import type { GgmlQuantizedType } from '../families/ggml/types.js';
import { type ElementType, elementsOf, toFloat32 } from '../io/elements.js';
import type { Fewbits } from '../load/fewbits.js';
import { checkConversion } from './check-conversion.js';

/** The types that are read: those of ggml, and 8-bit floats, which GGUF does not have. */
export type SourceType = GgmlTypeName | Float8Type;
export type Float8Type = 'F8_E4M3' | 'F8_E5M2';

/** Whole rows of a tensor to convert from one type to another; with equal types they are only checked. */
export interface Conversion {
  readonly bytes: Uint8Array;
  readonly from: SourceType;
  readonly to: GgmlTypeName;
  readonly rowLength: number;
  /** One weight per column; see `fb.ggml.quantize`. */
  readonly importance?: Float32Array | undefined;
  /**
   * Factors that the values are multiplied by first: for each row, one per `scaledColumns` columns; the last
   * group may be narrower.
   */
  readonly scales?: Float32Array | undefined;
  readonly scaledColumns?: number | undefined;
  /** Memory to reuse for the result if it is large enough; not used when the result is F32. */
  readonly spare?: ArrayBuffer | undefined;
}

/** Converted rows, and the loss from values too small for the scales of their blocks. */
export interface Converted {
  readonly bytes: Uint8Array;
  /** The sum of the squares of the values. */
  readonly squares: number;
  /** The sum of the squares of values in blocks that are all zeros after conversion. */
  readonly lostSquares: number;
}

/** Anything that converts: this thread, or a pool of workers. */
export interface Converter {
  /** The number of conversions that run at a time. */
  readonly concurrency: number;
  /**
   * Converts rows.
   *
   * @throws FewbitsError NON_FINITE with the index of a value that is not finite, or that the type cannot hold
   */
  convert(conversion: Conversion): Promise<Converted>;
}

/** The part of the library that conversion uses. */
export type ConvertingPart = Pick<Fewbits, 'ggml' | 'floats'>;

/** Creates a converter on this thread. */
export function createConverter(fb: ConvertingPart): Converter {
  const convertRows = createRowConverter(fb);
  return {
    concurrency: 1,
    convert: async (conversion) => convertRows(checkConversion(conversion)),
  };
}

/** Creates scratch memory for floats: new arrays of megabytes would accumulate before they are collected. */
function createScratch(): (length: number) => Float32Array {
  let scratch = new Float32Array(0);
  return (length) => {
    if (scratch.length < length) scratch = new Float32Array(length);
    return scratch.subarray(0, length);
  };
}

/** Whether the values of a type can be decoded here. */
export const isReadable = (fb: Pick<Fewbits, 'ggml'>, type: string): boolean =>
  type === 'F32' || type === 'F64' || Object.hasOwn(fb.ggml.types, type);

/** The parts of a conversion that are read: rows of a type, and their scales. */
export type Rows = Pick<Conversion, 'bytes' | 'from' | 'rowLength' | 'scales' | 'scaledColumns'>;

/**
 * Creates a reader of rows as float32. The result may be `bytes` itself, or memory that the next call reuses.
 */
export function createRowReader(fb: ConvertingPart): (rows: Rows) => Float32Array {
  const scratch = createScratch();
  return (rows) => {
    const { bytes, from } = rows;
    if (from === 'F32' || from === 'F64') {
      const type = from.toLowerCase() as ElementType;
      return toFloat32(elementsOf(bytes, type), type);
    }
    if (from === 'F8_E4M3' || from === 'F8_E5M2') {
      const out = scratch(bytes.length);
      const type = from.toLowerCase() as Lowercase<Float8Type>;
      fb.floats.decode(bytes, type, bytes.length, out);
      return scaled(out, rows);
    }
    const { blockSize, bytesPerBlock } = ggmlTypes[from];
    const length = (bytes.length / bytesPerBlock) * blockSize;
    return fb.ggml.dequantize(bytes, from as GgmlQuantizedType, length, scratch(length));
  };
}

function scaled(values: Float32Array, { rowLength, scales, scaledColumns }: Rows): Float32Array {
  if (scales === undefined) return values;
  const columns = scaledColumns ?? rowLength;
  let next = 0;
  for (let row = 0; row < values.length; row += rowLength) {
    for (let start = 0; start < rowLength; start += columns) {
      const scale = scales[next++] ?? Number.NaN;
      const end = row + Math.min(start + columns, rowLength);
      for (let i = row + start; i < end; i++) values[i] *= scale;
    }
  }
  return values;
}

/** Creates a function that converts rows on this thread. */
export function createRowConverter(fb: ConvertingPart): (conversion: Conversion) => Converted {
  const read = createRowReader(fb);
  const scratch = createScratch();
  return (conversion) => {
    const { bytes, from, to, rowLength, importance, spare } = conversion;
    if (from === 'F64' && to === 'F64') {
      checkFinite(elementsOf(bytes, 'f64') as Float64Array, to);
      return { bytes, squares: 0, lostSquares: 0 };
    }
    const values = read(conversion);
    if (from === to) {
      checkFinite(values, to);
      return { bytes, squares: 0, lostSquares: 0 };
    }
    if (to === 'F32') {
      const own = from === 'F64' ? values : values.slice();
      const made = new Uint8Array(own.buffer, own.byteOffset, own.byteLength);
      checkFinite(own, to);
      return { bytes: made, squares: 0, lostSquares: 0 };
    }
    // Loss is accepted here, as the result is checked below.
    const options = { rowLength, importance, allowLoss: true };
    const { blockSize, bytesPerBlock } = ggmlTypes[to];
    const size = (values.length / blockSize) * bytesPerBlock;
    const out = spare && spare.byteLength >= size ? new Uint8Array(spare, 0, size) : undefined;
    const made = fb.ggml.quantize(values, to as GgmlQuantizedType, options, out);
    const back = scratch(values.length);
    fb.ggml.dequantize(made, to as GgmlQuantizedType, values.length, back);
    return { bytes: made, ...lossOf(values, back, to) };
  };
}

/** Refuses infinities and NaN, which no model may contain. */
function checkFinite(made: Float32Array | Float64Array, type: GgmlTypeName): void {
  // The sum is NaN if any value is not finite, and takes a fraction of the time of testing each.
  let sum = 0;
  for (let i = 0; i < made.length; i++) sum += made[i] * 0;
  if (sum !== 0) throw notFinite(made, undefined, type);
}

/**
 * The error for values that are not finite; if they were finite before conversion, they are too large for the
 * type.
 */
function notFinite(
  made: Float32Array | Float64Array,
  values: Float32Array | undefined,
  type: GgmlTypeName,
): FewbitsError {
  const bad = made.findIndex((value) => !Number.isFinite(value));
  const at = values === undefined ? bad : largestOf(values, bad, ggmlTypes[type].blockSize);
  const value = (values ?? made)[at];
  const what = Number.isFinite(value)
    ? `value ${at} is ${value}, too large for ${type}: give it another type, such as BF16 or F32`
    : `value ${at} is ${value}, which is not finite`;
  return new FewbitsError('NON_FINITE', what);
}

/** The position of the value that made the scale of its block too large. */
function largestOf(
  values: Float32Array | Float64Array,
  inBlock: number,
  blockSize: number,
): number {
  const start = inBlock - (inBlock % blockSize);
  let at = start;
  for (let i = start; i < start + blockSize; i++) {
    if (Math.abs(values[i]) > Math.abs(values[at])) at = i;
  }
  return at;
}

/** The number of values that share the smallest scale of a type: in NVFP4 16 of the 64 in a block. */
const scaledTogether = (type: GgmlTypeName) => (type === 'NVFP4' ? 16 : ggmlTypes[type].blockSize);

/** The loss in blocks that are all zeros after conversion; refuses blocks that contain infinities or NaN. */
function lossOf(
  values: Float32Array,
  back: Float32Array,
  type: GgmlTypeName,
): Omit<Converted, 'bytes'> {
  // Types without scales lose single values.
  const single = ggmlTypes[type].blockSize === 1;
  const together = single ? values.length : scaledTogether(type);
  let squares = 0;
  let lostSquares = 0;
  let all = 0;
  for (let start = 0; start < values.length; start += together) {
    const end = start + together;
    let own = 0;
    let left = 0;
    for (let i = start; i < end; i++) {
      const square = values[i] * values[i];
      own += square;
      left += Math.abs(back[i]);
      if (single && back[i] === 0) lostSquares += square;
    }
    squares += own;
    all += left;
    if (!single && left === 0) lostSquares += own;
  }
  if (!Number.isFinite(all)) throw notFinite(back, values, type);
  return { squares, lostSquares };
}
