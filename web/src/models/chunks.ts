// Parts of tensors, read and converted some at a time, in their order.

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

/** Values that are worked on at the same time, by all workers together. */
const ALL_VALUES = 1 << 20;
/** Values, or bytes of what is kept, that are worked on at a time at most; more would not be faster. */
const CHUNK_VALUES = 1 << 18;
const CHUNK_BYTES = 1 << 20;

/** A part of a tensor: whole rows when they are converted, whole blocks else. */
interface Chunk {
  planned: PlannedTensor;
  start: number;
  length: number;
  firstRow: number;
  /** The weights of the rows' columns. */
  importance?: Float32Array | undefined;
}

/** A part with the bytes that go into the file. */
export interface DoneChunk extends Converted {
  readonly chunk: Chunk;
  /** The bytes are in memory of their own. */
  readonly own: boolean;
}

/** The parts of tensors in their order, and a way to give back the memory of one that is not needed any more. */
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
    // Matrices with weights of their own are worked on one by one.
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

/** Memory that chunks are done with. */
interface Spare {
  readonly inputs: Uint8Array[];
  readonly outputs: ArrayBuffer[];
}

type ScaleReader = (tensor: ModelTensor) => Promise<Float32Array>;

/** Reads the scales of a tensor once for all of its chunks. */
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

/** The scales of the rows that a part begins with and has. */
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
  // Read into what a former chunk is done with: megabytes of garbage a second stay around until they are collected.
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

/** Bytes as they are, looked at by the converter where it can read them. */
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

/** Errors with the tensor's name. */
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

/** Works on up to `width` items at a time and gives the results in the order of the items. */
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
      result.catch(() => {}); // Whoever awaits it hears of it; if none does, because of another failure, none need.
      pending.push(result);
    }
    const first = pending.shift();
    if (first === undefined) return;
    yield await abortable(first, signal);
  }
}
