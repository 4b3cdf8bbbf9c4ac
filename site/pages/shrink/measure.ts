import type { Fewbits, GgmlQuantizedType } from 'fewbits';
import { createConverter, type Model, type ModelTensor } from 'fewbits/models';
import type { Work } from '../../shared/worker.ts';
import { BitCounter, type BitCounts } from './bits.ts';

/** What a type costs a tensor. */
export interface TypeError {
  readonly type: GgmlQuantizedType;
  readonly meanSquare: number;
  readonly maxAbs: number;
}

export interface Measured {
  readonly tensor: string;
  /** Values that were looked at. */
  readonly values: number;
  /** All of them were. */
  readonly exact: boolean;
  /** Mean of the squares of the values. */
  readonly signal: number;
  /** The types whose blocks fit into the rows. */
  readonly types: readonly TypeError[];
  /** The bits as they are stored; null for types of blocks. */
  readonly bits: BitCounts | null;
  /** The first whole blocks of 256 values, if rows consist of them. */
  readonly first: Float32Array;
}

const SAMPLE = 2 ** 14;
const CHUNK = 2 ** 18;
/** Places that a sample is taken from. */
const PLACES = 8;
const FIRST = 16 * 256;

export const candidates = (fb: Fewbits) => Object.keys(fb.ggml.types) as GgmlQuantizedType[];

const lengthOf = ({ shape }: ModelTensor) => shape.reduce((product, size) => product * size, 1);
const rowOf = ({ shape }: ModelTensor) => shape.at(-1) ?? 1;

/** Whether a tensor's values can be read here. */
export const isReadable = (fb: Fewbits, { type }: ModelTensor): boolean =>
  type === 'F32' || type === 'F64' || (type !== undefined && type in fb.ggml.types);

interface Part {
  /** In values. */
  readonly start: number;
  readonly length: number;
}

/** All rows in parts of some size; a sample is of rows that lie evenly spread. */
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
  // Of long rows the beginning: a multiple of every block size.
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

/** What each type would do to a tensor, by a sample of its rows or by all of them. */
export async function measure(
  fb: Fewbits,
  model: Model,
  tensor: ModelTensor,
  exact: boolean,
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
  const fitting = candidates(fb).filter((type) => row % fb.ggml.types[type].blockSize === 0);
  const sums = fitting.map((type) => ({ type, squares: 0, maxAbs: 0 }));
  const counter = BitCounter.for(from);
  const parts = partsOf(tensor, exact);
  let values = 0;
  let signal = 0;
  let first = new Float32Array(0);
  for (const part of parts) {
    const bytes = await model.read(
      tensor,
      (part.start / length) * byteLength,
      (part.length / length) * byteLength,
    );
    counter?.add(bytes);
    const read = await converter.convert({ bytes, from, to: 'F32', rowLength: part.length });
    const x = new Float32Array(read.buffer, read.byteOffset, part.length);
    signal += fb.error(x, new Float32Array(x.length)).mse * x.length;
    for (const sum of sums) {
      const blocks = fb.ggml.quantize(x, sum.type, { rowLength: x.length });
      const error = fb.error(x, fb.ggml.dequantize(blocks, sum.type, x.length));
      sum.squares += error.mse * x.length;
      sum.maxAbs = Math.max(sum.maxAbs, error.maxAbs);
      await work.checkpoint();
    }
    if (values === 0 && row % 256 === 0) first = x.slice(0, FIRST);
    values += part.length;
    progress(values / parts.reduce((sum, { length }) => sum + length, 0));
    await work.checkpoint();
  }
  return {
    tensor: tensor.name,
    values,
    exact: values === length,
    signal: signal / Math.max(1, values),
    types: sums.map(({ type, squares, maxAbs }) => {
      return { type, meanSquare: squares / Math.max(1, values), maxAbs };
    }),
    bits: counter?.counts() ?? null,
    first,
  };
}
