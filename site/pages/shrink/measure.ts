// The effect of each type on a tensor, measured on a sample or on all of it.

import type { Fewbits, GgmlQuantizedType } from 'fewbits';
import { createConverter, type Model, type ModelTensor } from 'fewbits/models';
import type { Work } from '../../shared/worker.ts';
import { BitCounter, type BitCounts } from './bits.ts';

/** The errors of a type on a tensor. */
export interface TypeCost {
  readonly type: GgmlQuantizedType;
  readonly meanSquare: number;
  readonly maxAbs: number;
  /** The means of squared errors and squared values, with columns weighted by their importance if known. */
  readonly noise: number;
  readonly signal: number;
  /** Whether all values were measured. */
  readonly exact: boolean;
}

export interface Measured {
  readonly tensor: string;
  /** The number of values measured. */
  readonly values: number;
  /** Whether these are all values. */
  readonly exact: boolean;
  /** The types whose blocks fit the rows, or the requested ones. */
  readonly types: readonly TypeCost[];
  /** The stored bits; null for types with blocks. */
  readonly bits: BitCounts | null;
  /** The first whole blocks of 256 values, if rows consist of them. */
  readonly first: Float32Array;
}

const SAMPLE = 2 ** 14;
const CHUNK = 2 ** 18;
/** The number of places that a sample is taken from. */
const PLACES = 8;
const FIRST = 16 * 256;

export const candidates = (fb: Fewbits) => Object.keys(fb.ggml.types) as GgmlQuantizedType[];

const lengthOf = ({ shape }: ModelTensor) => shape.reduce((product, size) => product * size, 1);
const rowOf = ({ shape }: ModelTensor) => shape.at(-1) ?? 1;

/** Whether the values of a tensor can be decoded here. */
export const isReadable = (fb: Fewbits, { type }: ModelTensor): boolean =>
  type === 'F32' || type === 'F64' || (type !== undefined && type in fb.ggml.types);

interface Part {
  /** In values. */
  readonly start: number;
  readonly length: number;
}

/** All rows, in parts of limited size; for a sample, rows that are evenly spread. */
function partsOf(tensor: ModelTensor, exact: boolean): Part[] {
  const length = lengthOf(tensor);
  const row = rowOf(tensor);
  if (length === 0) return [];
  const rows = length / row;
  const parts: Part[] = [];
  if (exact || length <= SAMPLE) {
    const step = Math.max(1, Math.floor(CHUNK / row)) * row;
    for (let start = 0; start < length; start += step) {
      parts.push({ start, length: Math.min(step, length - start) });
    }
    return parts;
  }
  // The beginning of long rows: a multiple of every block size.
  if (row > SAMPLE / PLACES) {
    const places = Math.min(PLACES, rows);
    const size = Math.min(row, Math.floor(SAMPLE / places / 256) * 256);
    for (let i = 0; i < places; i++) {
      parts.push({ start: Math.floor((i * rows) / places) * row, length: size });
    }
    return parts;
  }
  const run = Math.floor(SAMPLE / PLACES / row);
  for (let i = 0; i < PLACES; i++) {
    const first = Math.min(Math.floor((i * rows) / PLACES), rows - run);
    parts.push({ start: first * row, length: run * row });
  }
  return parts;
}

/** Cuts parts where another matrix begins, whose columns have their own weights. */
function cut(parts: readonly Part[], matrix: number): Part[] {
  return parts.flatMap(({ start, length }) => {
    const pieces: Part[] = [];
    for (let at = start; at < start + length; ) {
      const end = Math.min(start + length, (Math.floor(at / matrix) + 1) * matrix);
      pieces.push({ start: at, length: end - at });
      at = end;
    }
    return pieces;
  });
}

/** `x` times the square roots of its columns' weights, whose squares are weighted squares. */
function weigh(x: Float32Array, weights: Float32Array): Float32Array {
  const roots = weights.map(Math.sqrt);
  const { length } = roots;
  const y = new Float32Array(x.length);
  for (let row = 0; row < x.length; row += length) {
    for (let i = 0; i < length; i++) y[row + i] = x[row + i] * roots[i];
  }
  return y;
}

export interface MeasureOptions {
  /** Whether to measure all rows instead of a sample. */
  readonly exact: boolean;
  /** Only these types, if given. */
  readonly types?: readonly string[];
  /** The importance of the columns of each matrix. */
  readonly importance?: Float32Array | undefined;
}

/** Sums over the values measured so far, for one type. */
interface Sums {
  readonly type: GgmlQuantizedType;
  squares: number;
  noise: number;
  maxAbs: number;
}

/** Adds the errors of each type on `x`; `weights` are those of its columns. Returns the signal. */
async function addErrors(
  fb: Fewbits,
  x: Float32Array,
  weights: Float32Array | undefined,
  all: readonly Sums[],
  work: Work,
): Promise<number> {
  const seen = weights ? weigh(x, weights) : x;
  const rowLength = weights?.length ?? x.length;
  const options = weights ? { rowLength, importance: weights } : { rowLength };
  for (const sums of all) {
    const blocks = fb.ggml.quantize(x, sums.type, options);
    const y = fb.ggml.dequantize(blocks, sums.type, x.length);
    const error = fb.compare(x, y);
    sums.squares += error.mse * x.length;
    sums.noise += (weights ? fb.compare(seen, weigh(y, weights)).mse : error.mse) * x.length;
    sums.maxAbs = Math.max(sums.maxAbs, error.maxAbs);
    await work.checkpoint();
  }
  return fb.compare(seen, new Float32Array(x.length)).mse * x.length;
}

/** The costs of types, from sums over `values` values. */
function costsOf(all: readonly Sums[], values: number, signal: number, exact: boolean): TypeCost[] {
  const n = Math.max(1, values);
  return all.map(({ type, squares, noise, maxAbs }) => {
    return { type, meanSquare: squares / n, maxAbs, noise: noise / n, signal: signal / n, exact };
  });
}

/** Measures the effect of each type on a tensor, by a sample of its rows or by all of them. */
export async function measure(
  fb: Fewbits,
  model: Model,
  tensor: ModelTensor,
  { exact, types, importance }: MeasureOptions,
  work: Work,
  progress: (fraction: number) => void = () => {},
): Promise<Measured> {
  const { type: from, byteLength } = tensor;
  const length = lengthOf(tensor);
  if (from === undefined || !isReadable(fb, tensor)) {
    throw new RangeError(`${tensor.typeName} cannot be read as numbers here`);
  }
  const row = rowOf(tensor);
  const converter = createConverter(fb);
  const fitting = candidates(fb).filter(
    (type) => row % fb.ggml.types[type].blockSize === 0 && (types?.includes(type) ?? true),
  );
  const sums = fitting.map((type) => ({ type, squares: 0, noise: 0, maxAbs: 0 }));
  const counter = types ? null : BitCounter.for(from);
  const matrix = importance ? (length * row) / importance.length : length;
  const parts = cut(partsOf(tensor, exact), Math.max(1, matrix));
  const wanted = parts.reduce((sum, part) => sum + part.length, 0);
  const bytesOf = (count: number) => (count / length) * byteLength;
  let values = 0;
  let signal = 0;
  let first = new Float32Array(0);
  for (const part of parts) {
    const bytes = await model.read(tensor, bytesOf(part.start), bytesOf(part.length));
    counter?.add(bytes);
    const { bytes: read } = await converter.convert({
      bytes,
      from,
      to: 'F32',
      rowLength: part.length,
    });
    const x = new Float32Array(read.buffer, read.byteOffset, part.length);
    // For long rows the sample contains only the beginning.
    const columns = Math.min(row, x.length);
    const matrixStart = Math.floor(part.start / matrix) * row;
    const weights = importance?.subarray(matrixStart, matrixStart + columns);
    signal += await addErrors(fb, x, weights, sums, work);
    if (values === 0 && row % 256 === 0 && !types) first = x.slice(0, FIRST);
    values += part.length;
    progress(values / wanted);
    await work.checkpoint();
  }
  const whole = values === length;
  return {
    tensor: tensor.name,
    values,
    exact: whole,
    types: costsOf(sums, values, signal, whole),
    bits: counter?.counts() ?? null,
    first,
  };
}
