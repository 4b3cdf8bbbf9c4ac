// GGUF files, laid out and written at once or in pieces, tensor by tensor.

import { options as checkOptions } from '../../core/arguments.js';
import { type GgmlTypeName, ggmlTypeById, ggmlTypes } from '../../core/ggml-types.js';
import { checkShape, describe, invalid, looking, mapObjects, quote, shapeText } from '../checks.js';
import { checkStream, type TensorData, tensorPieces } from '../pieces.js';
import { type Bytes, toBytes } from '../source.js';
import { GgufEncoder } from './encode.js';
import {
  ALIGNMENT_KEY,
  alignUp,
  DEFAULT_ALIGNMENT,
  type GgufEntry,
  type GgufTensorInfo,
  type GgufValue,
  type GgufValueType,
  isAlignment,
  MAGIC,
  tensorBytes,
} from './format.js';
import { isAsRead } from './metadata.js';

const LONGEST_NAME = 63;
const MAX_DIMENSIONS = 4;

/** A metadata key to write: a value, or an entry from a reader, whose `raw` bytes are kept unchanged. */
export type GgufEntryInput =
  | { readonly key: string; readonly type: GgufValueType; readonly value: GgufValue }
  | GgufEntry;

export interface GgufTensorInput {
  name: string;
  /** Outermost dimension first. */
  shape: readonly number[];
  /** A type name, or the number of a type that fewbits does not know together with `byteLength`. */
  type: GgmlTypeName | number;
  byteLength?: number | undefined;
}

export interface GgufOptions {
  /** A power of two from 8 to 2^20; by default the one in the metadata, else 32. */
  alignment?: number | undefined;
  /** Accept names longer than the 63 bytes that llama.cpp reads, for other programs. Default false. */
  longNames?: boolean | undefined;
}

/** The layout of a file: the complete header, and the place of each tensor. */
export interface GgufPlan {
  /** Bytes of the whole file. */
  readonly byteLength: number;
  /** Everything before the data, with its padding. */
  readonly header: Uint8Array<ArrayBuffer>;
  readonly alignment: number;
  /** In the given order, which is the order of their bytes. */
  readonly tensors: readonly GgufTensorInfo[];
}

/**
 * Lays out a GGUF file (version 3) from metadata and the tensors' names, types and shapes alone.
 *
 * @throws FewbitsError INVALID_ARGUMENT for keys or names that appear twice, values that are not of their
 *   type, names of more than 63 bytes, more than 4 dimensions, and rows that are not whole blocks of their
 *   type
 */
export function planGguf(
  metadata: Iterable<GgufEntryInput>,
  tensors: readonly GgufTensorInput[],
  options?: GgufOptions,
): GgufPlan {
  return looking('what is to be written', () => layOut(metadata, tensors, options));
}

function layOut(
  metadata: Iterable<GgufEntryInput>,
  tensors: readonly GgufTensorInput[],
  options: GgufOptions | undefined,
): GgufPlan {
  const known = ['alignment', 'longNames'];
  const { alignment: wanted, longNames = false } = checkOptions<GgufOptions>(
    'options',
    options,
    known,
  );
  const entries = entriesByKey(metadata);
  const alignment = chooseAlignment(entries, wanted);
  const sized = sizeTensors(tensors, longNames);
  let end = 0;
  const offsets = sized.map(({ byteLength }) => {
    const start = end;
    end = alignUp(start + byteLength, alignment);
    return start;
  });
  const header = encodeHeader(entries, sized, offsets, alignment);
  if (!Number.isSafeInteger(header.length + end))
    throw invalid('gguf: the file would be too large');
  return {
    byteLength: header.length + end,
    header,
    alignment,
    tensors: sized.map((tensor, i) => ({ ...tensor, byteOffset: header.length + offsets[i] })),
  };
}

function entriesByKey(metadata: Iterable<GgufEntryInput>): Map<string, GgufEntryInput> {
  const entries = new Map<string, GgufEntryInput>();
  for (const entry of metadata) {
    if (typeof entry?.key !== 'string')
      throw invalid(`gguf: a metadata key must be a string, got ${describe(entry?.key)}`);
    if (entries.has(entry.key))
      throw invalid(`gguf: the metadata key ${quote(entry.key)} appears twice`);
    entries.set(entry.key, entry);
  }
  return entries;
}

type SizedTensor = Omit<GgufTensorInfo, 'byteOffset'>;

function encodeHeader(
  entries: ReadonlyMap<string, GgufEntryInput>,
  tensors: readonly SizedTensor[],
  offsets: readonly number[],
  alignment: number,
): Uint8Array<ArrayBuffer> {
  const encoder = new GgufEncoder();
  encoder.number('uint32', MAGIC);
  encoder.number('uint32', 3);
  encoder.uint64(tensors.length);
  encoder.uint64(entries.size);
  for (const entry of entries.values()) {
    if (isAsRead(entry)) encoder.raw(entry.raw);
    else encoder.entry(entry.key, entry.type, entry.value);
  }
  tensors.forEach(({ name, shape, typeId }, i) => {
    encoder.string(name);
    encoder.number('uint32', shape.length);
    for (let i = shape.length - 1; i >= 0; i--) encoder.uint64(shape[i]);
    encoder.number('uint32', typeId);
    encoder.uint64(offsets[i]);
  });
  encoder.zeros(alignUp(encoder.length, alignment) - encoder.length);
  return encoder.done();
}

function chooseAlignment(entries: Map<string, GgufEntryInput>, wanted: number | undefined): number {
  const entry = entries.get(ALIGNMENT_KEY);
  const stated = entry?.value ?? DEFAULT_ALIGNMENT;
  const alignment = wanted ?? stated;
  if (
    typeof alignment !== 'number' ||
    !isAlignment(alignment) ||
    alignment < 8 ||
    (entry && entry.type !== 'uint32')
  ) {
    throw invalid(
      `gguf: the alignment must be a uint32 and a power of two from 8 to 2^20, got ${describe(alignment)}`,
    );
  }
  if (alignment !== stated)
    entries.set(ALIGNMENT_KEY, { key: ALIGNMENT_KEY, type: 'uint32', value: alignment });
  return alignment;
}

function sizeTensors(tensors: readonly GgufTensorInput[], longNames: boolean): SizedTensor[] {
  const names = new Set<string>();
  return mapObjects('tensors', tensors, (tensor) => {
    const { name } = tensor;
    checkName(name, longNames);
    if (names.has(name)) throw invalid(`gguf: the tensor name ${quote(name)} appears twice`);
    names.add(name);
    return sizeTensor(tensor);
  });
}

function checkName(name: unknown, longNames: boolean): void {
  if (typeof name !== 'string')
    throw invalid(`gguf: a tensor name must be a string, got ${describe(name)}`);
  if (!longNames && isLonger(name, LONGEST_NAME)) {
    throw invalid(
      `gguf: the tensor name ${quote(name)} is longer than the ${LONGEST_NAME} bytes that llama.cpp reads: rename it, or say longNames: true for other programs`,
    );
  }
}

/** Whether a text has more than `bytes` bytes in UTF-8, which takes 1 to 3 per UTF-16 unit. */
function isLonger(text: string, bytes: number): boolean {
  if (text.length > bytes || text.length * 3 <= bytes) return text.length > bytes;
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Each half of a surrogate pair counts for two of its four bytes.
    if (unit > 0x7f) length += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return length > bytes;
}

function sizeTensor({ name, shape, type, byteLength }: GgufTensorInput): SizedTensor {
  checkShape(() => `gguf: ${quote(name)}`, shape);
  if (shape.length > MAX_DIMENSIONS) {
    throw invalid(
      `gguf: ${quote(name)} has ${shape.length} dimensions, ggml reads ${MAX_DIMENSIONS}: reshape it, such as by joining the outermost ones`,
    );
  }
  const known = typeOf(type);
  const typeId = known ? known.ggufId : type;
  if (typeof typeId !== 'number' || !Number.isInteger(typeId) || typeId < 0 || typeId >= 2 ** 32) {
    throw invalid(`gguf: ${quote(name)} has the type ${describe(type)}, which is none of ggml's`);
  }
  const length = known ? tensorBytes(known.name, shape) : byteLength;
  if (length === undefined || !Number.isSafeInteger(length) || length < 0) {
    throw invalid(
      known
        ? `gguf: ${quote(name)} cannot be ${known.name} with shape ${shapeText(shape)}: rows are whole blocks of ${known.blockSize}; take a type with smaller blocks, or F16`
        : `gguf: ${quote(name)} of the unknown type ${typeId} needs a byteLength`,
    );
  }
  return { name, type: known?.name, typeId, shape: [...shape], byteLength: length };
}

function typeOf(type: GgmlTypeName | number) {
  if (typeof type === 'number') return ggmlTypeById(type);
  return Object.hasOwn(ggmlTypes, type) ? ggmlTypes[type] : undefined;
}

/**
 * Streams a GGUF file in pieces: the header, then the result of `data` for each tensor in the order of the
 * plan, with padding.
 *
 * @throws FewbitsError INVALID_ARGUMENT when the pieces of a tensor do not add up to its byte length
 */
export async function* streamGguf(
  plan: GgufPlan,
  data: (tensor: GgufTensorInfo) => TensorData,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  checkStream(plan, data);
  if (!isAlignment(plan.alignment))
    throw invalid(`plan.alignment must be an alignment, got ${describe(plan.alignment)}`);
  yield plan.header;
  for (const tensor of plan.tensors) {
    yield* tensorPieces(tensor, data(tensor));
    const end = tensor.byteOffset + tensor.byteLength;
    const padding = alignUp(end, plan.alignment) - end;
    if (padding > 0) yield new Uint8Array(padding);
  }
}

/**
 * Writes a GGUF file from metadata and the bytes of each tensor.
 *
 * @throws FewbitsError INVALID_ARGUMENT as `planGguf` does, and for data whose length does not match the
 *   tensor
 */
export function writeGguf(
  metadata: Iterable<GgufEntryInput>,
  tensors: readonly (GgufTensorInput & { data: Bytes })[],
  options?: GgufOptions,
): Uint8Array<ArrayBuffer> {
  const bytes: Uint8Array[] = [];
  const sized = looking('what is to be written', () =>
    mapObjects('tensors', tensors, ({ name, shape, type, data }) => {
      const given = toBytes(data, 'data');
      bytes.push(given);
      return { name, shape, type, byteLength: given.length };
    }),
  );
  const plan = planGguf(metadata, sized, options);
  const file = new Uint8Array(plan.byteLength);
  file.set(plan.header);
  plan.tensors.forEach(({ name, byteOffset, byteLength }, i) => {
    const given = bytes[i] as Uint8Array;
    if (given.length !== byteLength) {
      throw invalid(`gguf: ${quote(name)} takes ${byteLength} bytes, data has ${given.length}`);
    }
    file.set(given, byteOffset);
  });
  return file;
}
