// Chunks of tensors, read and converted a few at a time, in order.

import { FewbitsError } from '../core/errors.js';
import { ggmlTypes } from '../core/ggml-types.js';
import { abortable } from '../core/signal.js';
import { elementCount, quote } from '../io/checks.js';
import { type ElementType, elementsOf, toFloat32 } from '../io/elements.js';
import type { Conversion, Converted, Converter, SourceType } from './convert.js';
import type { Model, ModelTensor } from './model.js';
import type { PlannedTensor } from './plan.js';
import { scalesOfRows } from './scales.js';
import { targetTypes } from './targets.js';

/** Values being converted at a time, over all workers. */
const ALL_VALUES = 1 << 20;
/** The most values, or bytes of kept tensors, per chunk; larger chunks would not be faster. */
const CHUNK_VALUES = 1 << 18;
const CHUNK_BYTES = 1 << 20;

/** A chunk of a tensor: whole rows if it is converted, otherwise whole blocks. */
interface Chunk {
  planned: PlannedTensor;
  start: number;
  length: number;
  firstRow: number;
  /** The importance of the columns of these rows. */
  importance?: Float32Array | undefined;
}

/** A chunk with the bytes for the file. */
export interface DoneChunk extends Converted {
  readonly chunk: Chunk;
  /** Whether the bytes have their own memory. */
  readonly own: boolean;
}

/** Chunks of tensors in order, and a function that takes back the memory of a chunk after use. */
export interface Chunks {
  readonly results: AsyncGenerator<DoneChunk, void, void>;
  reuse(done: DoneChunk): void;
}

export function chunksOf(
  model: Model,
  tensors: readonly PlannedTensor[],
  converter: Converter,
  signal: AbortSignal | undefined,
): Chunks {
  const spare: Spare = { inputs: [], outputs: [] };
  const scales = createScaleReader(model);
  const values = Math.min(CHUNK_VALUES, Math.floor(ALL_VALUES / converter.concurrency));
  const convert = (chunk: Chunk) => convertChunk(model, chunk, converter, spare, scales);
  return {
    results: inOrder(allChunks(tensors, values), convert, converter.concurrency + 2, signal),
    reuse({ bytes, own }) {
      if (own) spare.outputs.push(bytes.buffer as ArrayBuffer);
    },
  };
}

function* allChunks(
  tensors: readonly PlannedTensor[],
  values: number,
): Generator<Chunk, void, void> {
  for (const planned of tensors) {
    const { source, to, importance } = planned;
    const total = source.byteLength;
    if (to === undefined) {
      const block = source.type === undefined ? 1 : ggmlTypes[source.type].bytesPerBlock;
      const step = Math.floor(CHUNK_BYTES / block) * block;
      for (let start = 0; start < total; start += step)
        yield { planned, start, length: Math.min(step, total - start), firstRow: 0 };
      continue;
    }
    const rowLength = Math.max(1, source.shape.at(-1) ?? 1);
    const rowBytes = (total / (elementCount(source.shape) as number)) * rowLength;
    const step = Math.max(1, Math.floor(values / rowLength)) * rowBytes;
    // Matrices with their own importance weights are converted one by one.
    const matrices = importance ? importance.length / rowLength : 1;
    const size = total / matrices;
    for (let matrix = 0; matrix < matrices; matrix++) {
      const own = importance?.slice(matrix * rowLength, (matrix + 1) * rowLength);
      const end = (matrix + 1) * size;
      for (let start = matrix * size; start < end; start += step) {
        const length = Math.min(step, end - start);
        yield { planned, start, length, firstRow: start / rowBytes, importance: own };
      }
    }
  }
}

/** Memory to reuse after chunks are done. */
interface Spare {
  readonly inputs: Uint8Array[];
  readonly outputs: ArrayBuffer[];
}

type ScaleReader = (tensor: ModelTensor) => Promise<Float32Array>;

/** Creates a reader of scales, which reads those of a tensor once for all of its chunks. */
export function createScaleReader(model: Model): ScaleReader {
  let last: ModelTensor | undefined;
  let values: Promise<Float32Array> = Promise.resolve(new Float32Array(0));
  return (tensor) => {
    if (tensor !== last) {
      last = tensor;
      const type = tensor.typeName.toLowerCase() as ElementType;
      values = model
        .read(tensor, 0, tensor.byteLength)
        .then((bytes) => toFloat32(elementsOf(bytes, type), type));
    }
    return values;
  };
}

/** The scales of `rows` rows from `firstRow` on. */
export async function scalingOf(
  { scale }: ModelTensor,
  read: ScaleReader,
  firstRow: number,
  rows: number,
): Promise<Pick<Conversion, 'scales' | 'scaledColumns'>> {
  if (scale === undefined) return {};
  const all = await read(scale.tensor);
  return { scales: scalesOfRows(scale, all, firstRow, rows), scaledColumns: scale.columns };
}

async function convertChunk(
  model: Model,
  chunk: Chunk,
  converter: Converter,
  spare: Spare,
  readScales: ScaleReader,
): Promise<DoneChunk> {
  const { planned, start, length, firstRow, importance } = chunk;
  const { source, to } = planned;
  if (to === undefined) return keepChunk(model, chunk, converter);
  // Reads into the memory of an earlier chunk: megabytes of garbage per second would accumulate before they
  // are collected.
  const known = spare.inputs.pop();
  const into = known && known.length >= length ? known : new Uint8Array(length);
  const bytes = await model.read(source, start, length, into);
  const rowLength = source.shape.at(-1) ?? 1;
  const rows = planned.source.scale === undefined ? 0 : length / rowLength;
  const output = spare.outputs.pop();
  const conversion: Conversion = {
    bytes,
    from: source.type ?? (source.typeName as SourceType),
    to,
    rowLength,
    ...(await scalingOf(source, readScales, firstRow, rows)),
    ...(importance && { importance }),
    ...(output && { spare: output }),
  };
  const converted = await named(planned, `, from row ${firstRow}`, () =>
    converter.convert(conversion),
  );
  if (converted.bytes.buffer !== into.buffer) spare.inputs.push(into);
  return { chunk, own: true, ...converted };
}

/** Reads bytes to be kept; the converter checks them if it can decode their type. */
async function keepChunk(model: Model, chunk: Chunk, converter: Converter): Promise<DoneChunk> {
  const { planned, start, length } = chunk;
  const { type } = planned.source;
  const bytes = await model.read(planned.source, start, length);
  if (type !== undefined && !planned.unchecked && canBeChecked(type)) {
    const { blockSize, bytesPerBlock } = ggmlTypes[type];
    const rowLength = (length / bytesPerBlock) * blockSize;
    const where = start === 0 ? '' : `, from byte ${start}`;
    await named(planned, where, () =>
      converter.convert({ bytes, from: type, to: type, rowLength }),
    );
  }
  return { chunk, own: false, bytes, squares: 0, lostSquares: 0 };
}

const canBeChecked = (type: string): boolean =>
  type === 'F64' || (targetTypes as readonly string[]).includes(type);

/** Adds the name of the tensor to the errors of `work`. */
async function named<T>(
  { source }: PlannedTensor,
  where: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FewbitsError)) throw error;
    const message = `tensor ${quote(source.name)}${where}: ${error.message}`;
    throw new FewbitsError(error.code, message, { cause: error });
  }
}

/** Works on up to `width` items at a time, and yields the results in the order of the items. */
async function* inOrder<Item, Result>(
  items: Iterator<Item>,
  work: (item: Item) => Promise<Result>,
  width: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Result, void, void> {
  const pending: Promise<Result>[] = [];
  for (;;) {
    while (pending.length < width) {
      const next = items.next();
      if (next.done) break;
      const result = work(next.value);
      result.catch(() => {}); // Reported where it is awaited; after another failure it need not be.
      pending.push(result);
    }
    const first = pending.shift();
    if (first === undefined) return;
    yield await abortable(first, signal);
  }
}
