// safetensors files, laid out and written at once or in pieces, tensor by tensor.

import { kindOf } from '../../core/kinds.js';
import { hasLoneSurrogate } from '../../core/text.js';
import { checkShape, describe, invalid, looking, mapObjects, quote, shapeText } from '../checks.js';
import { bytesOf, elementTypeOf } from '../elements.js';
import { checkStream, type TensorData, tensorPieces } from '../pieces.js';
import { isBytes, toBytes } from '../source.js';
import {
  elementTypes,
  MAX_HEADER,
  PREFIX,
  type SafetensorsInfo,
  type SafetensorsType,
  safetensorsBits,
  safetensorsByteLength,
} from './format.js';

/** The dtype of each element type. */
const dtypes = new Map(
  Object.entries(elementTypes).map(([dtype, type]) => [type, dtype as SafetensorsType]),
);

/** A tensor to write. */
export interface SafetensorsInput {
  name: string;
  shape: readonly number[];
  /** Default: the type of the typed array. */
  dtype?: SafetensorsType | undefined;
  /**
   * Elements; bit patterns for F16 and BF16 (a Float32Array is rounded to them); or the bytes of any dtype.
   */
  data: ArrayBufferView;
}

/** A tensor to write whose bytes are given later. */
export interface SafetensorsPlanned {
  name: string;
  shape: readonly number[];
  dtype: SafetensorsType;
}

/** The layout of a file: the complete header, and the place of each tensor, in the order of their bytes. */
export interface SafetensorsPlan {
  /** Bytes of the whole file. */
  readonly byteLength: number;
  /** The JSON, preceded by its length in 8 bytes. */
  readonly header: Uint8Array<ArrayBuffer>;
  /**
   * By decreasing element size, otherwise in the given order, so that each tensor is aligned to its elements.
   */
  readonly tensors: readonly SafetensorsInfo[];
}

/**
 * Lays out a file from names, dtypes and shapes alone.
 *
 * @throws FewbitsError INVALID_ARGUMENT for names that appear twice, unknown dtypes, and shapes that do not
 *   make whole bytes
 */
export function planSafetensors(
  tensors: readonly SafetensorsPlanned[],
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsPlan {
  return looking('what is to be written', () => layOut(tensors, metadata));
}

function layOut(
  tensors: readonly SafetensorsPlanned[],
  metadata: Readonly<Record<string, string>>,
): SafetensorsPlan {
  const names = new Set<string>();
  const sized = mapObjects('tensors', tensors, (tensor) => {
    const { name } = tensor;
    checkName(name);
    if (names.has(name)) throw invalid(`safetensors: the name ${quote(name)} appears twice`);
    names.add(name);
    return sizeTensor(tensor);
  });
  sized.sort((a, b) => safetensorsBits[b.dtype] - safetensorsBits[a.dtype]);
  let end = 0;
  const begins = sized.map(({ byteLength }) => {
    const begin = end;
    end += byteLength;
    return begin;
  });
  const header = headerBytes(sized, begins, metadata);
  if (!Number.isSafeInteger(header.length + end))
    throw invalid('safetensors: the file would be too large');
  return {
    byteLength: header.length + end,
    header,
    tensors: sized.map((tensor, i) => ({ ...tensor, byteOffset: header.length + begins[i] })),
  };
}

type SizedTensor = Omit<SafetensorsInfo, 'byteOffset'>;

function sizeTensor({ name, dtype, shape }: SafetensorsPlanned): SizedTensor {
  if (!Object.hasOwn(safetensorsBits, dtype))
    throw invalid(`safetensors: ${describe(dtype)} is not a dtype`);
  checkShape(() => `safetensors: ${quote(name)}`, shape);
  const byteLength = safetensorsByteLength(dtype, shape);
  if (byteLength === undefined) {
    throw invalid(
      `safetensors: ${quote(name)} of ${dtype} with shape ${shapeText(shape)} is not a whole number of bytes`,
    );
  }
  return { name, dtype, shape: [...shape], byteLength };
}

/** The length and the JSON, padded with spaces to a multiple of 8. */
function headerBytes(
  tensors: readonly SizedTensor[],
  begins: readonly number[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  // JSON is assembled as text: an object would reorder names that look like numbers.
  const entries = tensors.map(({ name, dtype, shape, byteLength }, i) => {
    const offsets = `${begins[i]},${begins[i] + byteLength}`;
    return `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${offsets}]}`;
  });
  const strings = metadataStrings(metadata);
  if (strings.length > 0) entries.unshift(`"__metadata__":{${strings}}`);
  const json = new TextEncoder().encode(`{${entries.join(',')}}`);
  const length = Math.ceil(json.length / 8) * 8;
  if (length > MAX_HEADER) {
    throw invalid(
      `safetensors: a header of ${length} bytes is larger than the ${MAX_HEADER} allowed`,
    );
  }
  const header = new Uint8Array(PREFIX + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, PREFIX);
  return header;
}

function metadataStrings(metadata: Readonly<Record<string, string>>): string[] {
  if (typeof metadata !== 'object' || metadata === null)
    throw invalid(`safetensors: metadata must be an object, got ${describe(metadata)}`);
  const entries = Object.entries(metadata);
  return entries.map(([key, value]) => {
    if (typeof value !== 'string')
      throw invalid(`safetensors: metadata ${quote(key)} must be a string, got ${describe(value)}`);
    checkText(key);
    checkText(value);
    return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  });
}

function checkName(name: unknown): void {
  if (typeof name !== 'string')
    throw invalid(`safetensors: a name must be a string, got ${describe(name)}`);
  if (name === '__metadata__')
    throw invalid('safetensors: "__metadata__" is not a name for a tensor');
  checkText(name);
}

function checkText(text: string): void {
  if (hasLoneSurrogate(text))
    throw invalid(`safetensors: ${quote(text)} holds half of a surrogate pair`);
}

/**
 * Streams the file in pieces: the header, then the result of `data` for each tensor in the order of the plan.
 *
 * @throws FewbitsError INVALID_ARGUMENT when the pieces of a tensor do not add up to its byte length
 */
export async function* streamSafetensors(
  plan: SafetensorsPlan,
  data: (tensor: SafetensorsInfo) => TensorData,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  checkStream(plan, data);
  yield plan.header;
  for (const tensor of plan.tensors) yield* tensorPieces(tensor, data(tensor));
}

/**
 * Writes a safetensors file.
 *
 * @throws FewbitsError INVALID_ARGUMENT as `planSafetensors` does, and for data whose length does not match
 *   the tensor
 */
export function writeSafetensors(
  tensors: readonly SafetensorsInput[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const bytes = new Map<string, Uint8Array>();
  const planned = looking('what is to be written', () =>
    mapObjects('tensors', tensors, ({ name, shape, data, dtype = safetensorsTypeOf(data) }) => {
      bytes.set(name, inputBytes(data, dtype));
      return { name, shape, dtype };
    }),
  );
  const plan = planSafetensors(planned, metadata);
  for (const { name, byteLength, shape, dtype } of plan.tensors) {
    const given = bytes.get(name)?.length;
    if (given !== byteLength) {
      throw invalid(
        `safetensors: ${quote(name)} of ${dtype} with shape ${shapeText(shape)} takes ${byteLength} bytes, data has ${given}`,
      );
    }
  }
  const file = new Uint8Array(plan.byteLength);
  file.set(plan.header);
  for (const { name, byteOffset } of plan.tensors)
    file.set(bytes.get(name) as Uint8Array, byteOffset);
  return file;
}

function safetensorsTypeOf(data: unknown): SafetensorsType {
  return dtypes.get(elementTypeOf(data)) as SafetensorsType;
}

function inputBytes(data: ArrayBufferView, dtype: SafetensorsType): Uint8Array {
  // Bytes are accepted for any dtype.
  const kind = kindOf(data);
  if (kind === 'Uint8Array' || (kind === undefined && isBytes(data))) return toBytes(data, 'data');
  const type = elementTypes[dtype];
  if (type === undefined)
    throw invalid(`safetensors: ${describe(data)} cannot be written as ${dtype}, give its bytes`);
  return bytesOf(data, type);
}
