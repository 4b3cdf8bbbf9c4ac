// The file of a plan, converted and handed out in pieces.

import { options as known } from '../core/arguments.js';
import { FewbitsError } from '../core/errors.js';
import type { GgmlTypeName } from '../core/ggml-types.js';
import { streamGguf } from '../io/gguf.js';
import { describe, elementCount, invalid, quote } from '../io/source.js';
import type { Conversion, Converter } from './convert.js';
import type { Model } from './model.js';
import type { ModelPlan, PlannedTensor } from './plan.js';

export interface ModelProgress {
  /** The tensor whose bytes were just handed out. */
  readonly tensor: string;
  readonly tensorsDone: number;
  readonly tensors: number;
  /** Bytes of the source's tensors. */
  readonly bytesDone: number;
  readonly bytes: number;
}

export interface QuantizeModelOptions {
  converter: Converter;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ModelProgress) => void) | undefined;
  /**
   * Pieces are in memory that is used again when the next one is asked for: for those who write or copy each at once.
   * Default false; then there is a file's worth of garbage to be collected.
   */
  transient?: boolean | undefined;
}

/** Values that are worked on at the same time, by all workers together. */
const allValues = 1 << 20;
/** Values, or bytes of what is kept, that are worked on at a time at most; more would not be faster. */
const chunkValues = 1 << 18;
const chunkBytes = 1 << 20;

/** A part of a tensor: whole rows when they are converted. */
interface Chunk {
  planned: PlannedTensor;
  start: number;
  length: number;
  firstRow: number;
  /** The weights of the rows' columns. */
  importance?: Float32Array | undefined;
}

/**
 * The GGUF file of a plan, in pieces, tensor by tensor. Only some chunks of rows are in memory at a time: two more
 * than the converter works on.
 *
 * @throws FewbitsError INVALID_ARGUMENT for options that are unknown or no converter, NON_FINITE with the tensor's name, CORRUPT_DATA when the source ends early; the signal's reason
 * when it is aborted
 */
export async function* quantizeModel(
  model: Model,
  plan: ModelPlan,
  options: QuantizeModelOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { converter, signal, onProgress, transient = false } = checkOptions(options);
  const bytes = plan.tensors.reduce((sum, { source }) => sum + source.byteLength, 0);
  let bytesDone = 0;
  let tensorsDone = 0;
  const spare: Spare = { inputs: [], outputs: [] };
  const results = inOrder(
    allChunks(plan.tensors, Math.min(chunkValues, Math.floor(allValues / converter.concurrency))),
    (chunk) => convertChunk(model, chunk, converter, spare),
    converter.concurrency + 2,
  );

  async function* pieces(planned: PlannedTensor) {
    // The bytes handed out say when the tensor is whole: the queue goes on into the next one.
    for (let left = planned.byteLength; left > 0; ) {
      signal?.throwIfAborted();
      const { value, done } = await results.next();
      if (done) return;
      signal?.throwIfAborted();
      left -= value.bytes.length;
      bytesDone += value.chunk.length;
      yield value.bytes;
      if (transient && planned.to !== undefined)
        spare.outputs.push(value.bytes.buffer as ArrayBuffer);
      if (left <= 0) tensorsDone++;
      const tensor = planned.name;
      onProgress?.({ tensor, tensorsDone, tensors: plan.tensors.length, bytesDone, bytes });
    }
    if (planned.byteLength === 0) tensorsDone++;
  }

  let next = 0;
  try {
    yield* streamGguf(plan.gguf, () => pieces(plan.tensors[next++] as PlannedTensor));
  } finally {
    await results.return();
  }
}

function checkOptions(given: QuantizeModelOptions): QuantizeModelOptions {
  const names = ['converter', 'signal', 'onProgress', 'transient'];
  const options = known<QuantizeModelOptions>('options', given, names);
  if (typeof options.converter?.convert !== 'function') {
    throw invalid(
      `converter must be what createConverter(fb) or createConverterPool() gives, got ${describe(options.converter)}`,
    );
  }
  return options;
}

function* allChunks(
  tensors: readonly PlannedTensor[],
  values: number,
): Generator<Chunk, void, void> {
  for (const planned of tensors) {
    const { source, to, importance } = planned;
    const total = source.byteLength;
    if (to === undefined) {
      for (let start = 0; start < total; start += chunkBytes) {
        yield { planned, start, length: Math.min(chunkBytes, total - start), firstRow: start };
      }
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

function spareOutput({ outputs }: Spare): { spare?: ArrayBuffer } {
  const spare = outputs.pop();
  return spare ? { spare } : {};
}

async function convertChunk(
  model: Model,
  chunk: Chunk,
  converter: Converter,
  spare: Spare,
): Promise<{ chunk: Chunk; bytes: Uint8Array }> {
  const { planned, start, length, firstRow, importance } = chunk;
  const { source, to } = planned;
  if (to === undefined) return { chunk, bytes: await model.read(source, start, length) };
  // Read into what a former chunk is done with: megabytes of garbage a second stay around until they are collected.
  const known = spare.inputs.pop();
  const into = known && known.length >= length ? known : new Uint8Array(length);
  const bytes = await model.read(source, start, length, into);
  const from = source.type as GgmlTypeName;
  const rowLength = source.shape.at(-1) ?? 1;
  try {
    const conversion: Conversion = {
      bytes,
      from,
      to,
      rowLength,
      ...(importance && { importance }),
      ...spareOutput(spare),
    };
    const converted = await converter.convert(conversion);
    if (converted.buffer !== into.buffer) spare.inputs.push(into);
    return { chunk, bytes: converted };
  } catch (error) {
    if (!(error instanceof FewbitsError)) throw error;
    const where = `tensor ${quote(source.name)}, from row ${firstRow}`;
    throw new FewbitsError(error.code, `${where}: ${error.message}`, { cause: error });
  }
}

/** Works on up to `width` items at a time and gives the results in the order of the items. */
async function* inOrder<Item, Result>(
  items: Iterator<Item>,
  work: (item: Item) => Promise<Result>,
  width: number,
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
    yield await first;
  }
}
