// The errors of a conversion, from comparing a quantized file with its model.

import { options as known } from '../core/arguments.js';
import { FewbitsError } from '../core/errors.js';
import type { GgmlTypeName } from '../core/ggml-types.js';
import { checkSignal } from '../core/signal.js';
import { elementCount, quote } from '../io/checks.js';
import type { Fewbits } from '../load/fewbits.js';
import { createScaleReader, scalingOf } from './chunks.js';
import { createRowReader, type SourceType } from './convert.js';
import type { Model, ModelTensor } from './model.js';
import type { ModelPlan } from './plan.js';

/** The error of a converted tensor, over all of its values. */
export interface TensorError {
  readonly name: string;
  readonly type: GgmlTypeName;
  readonly values: number;
  /** The mean of the squared differences, and the mean of the squared values. */
  readonly mse: number;
  readonly meanSquare: number;
  /** The largest absolute difference. */
  readonly maxAbs: number;
}

/** Values, or bytes of kept tensors, that are compared at a time. */
const CHUNK_VALUES = 1 << 16;

/**
 * Compares a quantized file with the model that it was made from: yields the error of each converted tensor,
 * in the order of the plan, using a few hundred kilobytes of memory. Tensors that were kept must be equal
 * byte for byte.
 *
 * @param made the file that `quantizeModel` wrote for this plan, opened with `openModel`
 * @throws FewbitsError CORRUPT_DATA for a tensor that is missing, of another type or shape, or not equal;
 *   NON_FINITE for one that contains infinities or NaN
 */
export async function* tensorErrors(
  fb: Fewbits,
  model: Model,
  plan: ModelPlan,
  made: Model,
  options: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<TensorError, void, void> {
  const o = known<typeof options>('options', options, ['signal']);
  const signal = checkSignal(o.signal);
  const byName = new Map(made.tensors.map((tensor) => [tensor.name, tensor]));
  // Memory that is reused: otherwise the garbage would be as large as both files.
  const [before, after] = [createFloatReader(fb), createFloatReader(fb)];
  let zeros = new Float32Array(0);
  for (const { name, source, to, shape, byteLength } of plan.tensors) {
    const tensor = byName.get(name);
    const type = to ?? source.type;
    if (
      tensor === undefined ||
      tensor.type !== type ||
      tensor.byteLength !== byteLength ||
      tensor.shape.join() !== shape.join()
    ) {
      throw new FewbitsError('CORRUPT_DATA', `tensor ${quote(name)} is not as planned`);
    }
    if (to === undefined) {
      await compareBytes(model, source, made, tensor, signal);
      continue;
    }
    const values = elementCount(shape) as number;
    const rowLength = Math.max(1, shape.at(-1) ?? 1);
    const step = Math.max(1, Math.floor(CHUNK_VALUES / rowLength)) * rowLength;
    let squares = 0;
    let signalSquares = 0;
    let maxAbs = 0;
    for (let start = 0; start < values; start += step) {
      signal?.throwIfAborted();
      const length = Math.min(step, values - start);
      const x = await before(model, source, start, length);
      const error = fb.compare(x, await after(made, tensor, start, length));
      if (!Number.isFinite(error.mse)) {
        const message = `tensor ${quote(name)} holds values that are not finite, from value ${start}`;
        throw new FewbitsError('NON_FINITE', message);
      }
      squares += error.mse * length;
      if (zeros.length < length) zeros = new Float32Array(length);
      signalSquares += fb.compare(x, zeros.subarray(0, length)).mse * length;
      maxAbs = Math.max(maxAbs, error.maxAbs);
    }
    yield {
      name,
      type: to,
      values,
      mse: squares / Math.max(1, values),
      meanSquare: signalSquares / Math.max(1, values),
      maxAbs,
    };
  }
}

type FloatReader = (
  model: Model,
  tensor: ModelTensor,
  start: number,
  length: number,
) => Promise<Float32Array>;

/** Creates a reader of whole rows of values as float32; the result is valid until the next call. */
function createFloatReader(fb: Fewbits): FloatReader {
  const decode = createRowReader(fb);
  let scales: ((tensor: ModelTensor) => Promise<Float32Array>) | undefined;
  let bytes = new Uint8Array(0);
  return async (model, tensor, start, length) => {
    scales ??= createScaleReader(model);
    const size = tensor.byteLength / (elementCount(tensor.shape) as number);
    if (bytes.length < length * size) bytes = new Uint8Array(length * size);
    const read = await model.read(tensor, start * size, length * size, bytes);
    const rowLength = Math.max(1, tensor.shape.at(-1) ?? 1);
    const scaling = await scalingOf(tensor, scales, start / rowLength, length / rowLength);
    const from = tensor.type ?? (tensor.typeName as SourceType);
    return decode({ bytes: read, from, rowLength, ...scaling });
  };
}

async function compareBytes(
  model: Model,
  source: ModelTensor,
  made: Model,
  tensor: ModelTensor,
  signal: AbortSignal | undefined,
): Promise<void> {
  const size = Math.min(4 * CHUNK_VALUES, source.byteLength);
  const [one, other] = [new Uint8Array(size), new Uint8Array(size)];
  for (let start = 0; start < source.byteLength; start += size) {
    signal?.throwIfAborted();
    const length = Math.min(size, source.byteLength - start);
    const before = await model.read(source, start, length, one);
    const after = await made.read(tensor, start, length, other);
    if (before.some((byte, i) => byte !== after[i])) {
      const message = `tensor ${quote(tensor.name)} is not what it was, from byte ${start}`;
      throw new FewbitsError('CORRUPT_DATA', message);
    }
  }
}
