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

/** A tensor of a model, whatever file it is in. */
export interface ModelTensor {
  readonly name: string;
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  /** The type's name as the file gives it: a ggml type, a dtype of safetensors or `type 99`. */
  readonly typeName: string;
  /** The ggml type of the same bytes, if there is one. */
  readonly type: GgmlTypeName | undefined;
  /** The number of a type that only the file knows. */
  readonly typeId?: number | undefined;
  readonly byteLength: number;
  /** What its values are to be multiplied by: 8-bit floats have their scales in a tensor beside them. */
  readonly scale?: Scale | undefined;
}

/** A model file, opened: names, shapes and metadata are here, data are read when asked for. */
export interface Model {
  readonly format: 'gguf' | 'safetensors';
  readonly tensors: readonly ModelTensor[];
  /** What a GGUF file made of this model starts from. */
  readonly metadata: readonly GgufEntryInput[];
  /** `length` bytes of a tensor from its byte `start`, in `into` where the source makes use of it. */
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
 * Opens a GGUF or safetensors file; its first bytes tell which. Names are taken as they are. The strings of
 * safetensors' `__metadata__` become GGUF metadata under `safetensors.`. Scales of 8-bit floats are no tensors of
 * their own, but what their tensors hold under `scale`.
 *
 * @param source a file, or all files of a model in several: the parts of a split GGUF, the shards of safetensors
 * @throws FewbitsError CORRUPT_DATA for a file that is neither or breaks its format's rules, INVALID_ARGUMENT for some
 * parts of a split model without the others
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

/** What a file is called, where it says so: a File has a name, others may have. */
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
