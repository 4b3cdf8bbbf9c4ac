// Models in files of any format, as lists of tensors that are read in parts.

import { FewbitsError } from '../core/errors.js';
import type { GgmlTypeName } from '../core/ggml-types.js';
import { quote } from '../io/checks.js';
import { openGguf } from '../io/gguf/read.js';
import type { GgufEntryInput } from '../io/gguf/write.js';
import type { SafetensorsType } from '../io/safetensors/format.js';
import { openSafetensors } from '../io/safetensors/read.js';
import { type ByteSource, readExactly, toReader } from '../io/source.js';
import { joinParts } from './parts.js';
import { findScales, type Scale } from './scales.js';

/** A tensor of a model, in a file of any format. */
export interface ModelTensor {
  readonly name: string;
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  /** The type in the file: a ggml type, a dtype of safetensors, or `type 99`. */
  readonly typeName: string;
  /** The ggml type with the same bytes, if there is one. */
  readonly type: GgmlTypeName | undefined;
  /** The number of a type that fewbits does not know. */
  readonly typeId?: number | undefined;
  readonly byteLength: number;
  /** The scales to multiply its values by: 8-bit floats have them in a separate tensor. */
  readonly scale?: Scale | undefined;
}

/** An opened model file: names, shapes and metadata are in memory, data are read on demand. */
export interface Model {
  readonly format: 'gguf' | 'safetensors';
  readonly tensors: readonly ModelTensor[];
  /** The metadata with which a GGUF file of this model begins. */
  readonly metadata: readonly GgufEntryInput[];
  /** Reads `length` bytes of a tensor from its byte `start`, into `into` if the source uses it. */
  read(tensor: ModelTensor, start: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
}

const sameBytes: Partial<Record<SafetensorsType, GgmlTypeName>> = {
  F64: 'F64',
  F32: 'F32',
  F16: 'F16',
  BF16: 'BF16',
  I64: 'I64',
  I32: 'I32',
  I16: 'I16',
  I8: 'I8',
};

/**
 * Opens a GGUF or safetensors file, told apart by its first bytes. Names are not changed. The strings of
 * safetensors' `__metadata__` become GGUF metadata under `safetensors.`. Scales of 8-bit floats are not
 * tensors themselves, but the property `scale` of theirs.
 *
 * @param source a file, or all files of a model: the parts of a split GGUF, or the shards of safetensors
 * @throws FewbitsError CORRUPT_DATA for a file that is neither or breaks its format's rules, INVALID_ARGUMENT
 *   for an incomplete list of the parts of a split model
 */
export async function openModel(source: ByteSource | readonly ByteSource[]): Promise<Model> {
  const sources = Array.isArray(source) ? (source as ByteSource[]) : [source as ByteSource];
  const parts: Model[] = [];
  for (const [i, one] of sources.entries()) {
    try {
      parts.push(await openPart(one));
    } catch (error) {
      if (sources.length === 1 || !(error instanceof FewbitsError)) throw error;
      const message = `file ${i + 1} of ${sources.length}${nameOf(one)}: ${error.message}`;
      throw new FewbitsError(error.code, message, { cause: error });
    }
  }
  const model = joinParts(parts);
  const { scales, superfluous } = findScales(model);
  if (scales.size === 0 && superfluous.size === 0) return model;
  const tensors = model.tensors.filter((tensor) => !superfluous.has(tensor));
  return {
    ...model,
    tensors: tensors.map((tensor) => {
      const scale = scales.get(tensor);
      return scale === undefined ? tensor : { ...tensor, scale };
    }),
  };
}

/** The name of a file for messages, if it has one, as a File does. */
function nameOf(source: ByteSource): string {
  const { name } = source as { name?: unknown };
  return typeof name === 'string' ? ` (${quote(name)})` : '';
}

async function openPart(source: ByteSource): Promise<Model> {
  const reader = toReader(source);
  const magic = await readExactly(reader, 0, Math.min(4, reader.size));
  return String.fromCharCode(...magic) === 'GGUF' ? openGgufModel(source) : openTensors(source);
}

async function openGgufModel(source: ByteSource): Promise<Model> {
  const file = await openGguf(source);
  return {
    format: 'gguf',
    tensors: file.tensors.map(({ name, shape, type, typeId, byteLength }) => {
      return { name, shape, typeName: type ?? `type ${typeId}`, type, typeId, byteLength };
    }),
    metadata: [...file.metadata.values()],
    read: ({ name }, start, length, into) => file.bytes(name, start, length, into),
  };
}

async function openTensors(source: ByteSource): Promise<Model> {
  const file = await openSafetensors(source);
  return {
    format: 'safetensors',
    tensors: file.tensors.map(({ name, shape, dtype, byteLength }) => {
      return { name, shape, typeName: dtype, type: sameBytes[dtype], byteLength };
    }),
    metadata: Object.entries(file.metadata).map(([key, value]) => {
      return { key: `safetensors.${key}`, type: 'string', value };
    }),
    read: ({ name }, start, length, into) => file.bytes(name, start, length, into),
  };
}
