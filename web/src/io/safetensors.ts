import { hasLoneSurrogate } from '../core/text.js';
import {
  bytesOf,
  type ElementArray,
  type ElementType,
  elementsOf,
  elementTypeOf,
  toFloat32,
} from './elements.js';
import { type TensorData, tensorPieces } from './pieces.js';
import {
  parseSafetensorsHeader,
  type SafetensorsHeader,
  type SafetensorsInfo,
  type SafetensorsType,
  safetensorsBits,
  safetensorsByteLength,
} from './safetensors-header.js';
import {
  type ByteSource,
  type Bytes,
  checkRange,
  checkShape,
  corrupt,
  describe,
  invalid,
  type Parse,
  parseBytes,
  parseReader,
  quote,
  readExactly,
  toBytes,
  toReader,
} from './source.js';

export type { SafetensorsHeader, SafetensorsInfo, SafetensorsType } from './safetensors-header.js';

const prefix = 8;
const maxHeader = 100_000_000;

/** The dtypes whose elements JavaScript can show; the others are bytes. */
const elementTypes: Partial<Record<SafetensorsType, ElementType>> = {
  F64: 'f64',
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  I64: 'i64',
  I32: 'i32',
  I16: 'i16',
  I8: 'i8',
  U64: 'u64',
  U32: 'u32',
  U16: 'u16',
  U8: 'u8',
  BOOL: 'bool',
};

// reading ----------------------------------------------------------------------------------------

function* parseHeader(size: number): Parse<SafetensorsHeader> {
  if (size < prefix)
    throw corrupt(`safetensors: ${size} bytes are too few for the header's length`);
  const start = yield { offset: 0, length: prefix };
  const length = new DataView(start.buffer, start.byteOffset, prefix).getBigUint64(0, true);
  if (length > maxHeader)
    throw corrupt(
      `safetensors: a header of ${length} bytes is larger than the ${maxHeader} allowed`,
    );
  if (length > size - prefix) {
    throw corrupt(
      `safetensors: a header of ${length} bytes does not fit into the ${size - prefix} bytes that follow`,
    );
  }
  const bytes = yield { offset: prefix, length: Number(length) };
  const dataStart = prefix + Number(length);
  return parseSafetensorsHeader(decodeUtf8(bytes), dataStart, size - dataStart);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw corrupt('safetensors: the header is not UTF-8', cause);
  }
}

function find(
  header: SafetensorsHeader,
  byName: Map<string, SafetensorsInfo>,
  name: string,
): SafetensorsInfo {
  const info = byName.get(name);
  if (info) return info;
  const some = header.tensors.slice(0, 8).map((tensor) => quote(tensor.name));
  throw invalid(
    `safetensors: there is no tensor ${quote(String(name))}; the file has ${some.join(', ') || 'none'}`,
  );
}

function elements(bytes: Uint8Array, info: SafetensorsInfo): ElementArray {
  const type = elementTypes[info.dtype];
  return type === undefined ? bytes : elementsOf(bytes, type);
}

function float32(bytes: Uint8Array, info: SafetensorsInfo): Float32Array {
  const type = elementTypes[info.dtype];
  if (type === undefined) {
    throw invalid(
      `safetensors: ${quote(info.name)} is ${info.dtype}, which has no float32 conversion here`,
    );
  }
  return toFloat32(elementsOf(bytes, type), type);
}

function byName(header: SafetensorsHeader): Map<string, SafetensorsInfo> {
  return new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
}

/** A safetensors file in memory. Tensors are taken from it one by one. */
export interface SafetensorsData extends SafetensorsHeader {
  /** Whether the file has a tensor of this name. */
  has(name: string): boolean;
  /** The tensor's bytes: a view of the file. */
  bytes(name: string): Uint8Array;
  /**
   * The tensor's elements (f16 and bf16 as bit patterns; dtypes that JavaScript has no array for as bytes). They
   * share the memory of the file where alignment allows.
   */
  elements(name: string): ElementArray;
  /** The tensor's values as float32; see `toFloat32`. */
  float32(name: string): Float32Array;
}

/** Reads a safetensors file that is in memory. */
export function readSafetensors(source: Bytes): SafetensorsData {
  const file = toBytes(source);
  const header = parseBytes(file, parseHeader(file.length));
  const infos = byName(header);
  const bytesAt = ({ byteOffset, byteLength }: SafetensorsInfo) =>
    file.subarray(byteOffset, byteOffset + byteLength);
  const get = (name: string) => find(header, infos, name);
  return {
    ...header,
    has: (name) => infos.has(name),
    bytes: (name) => bytesAt(get(name)),
    elements: (name) => elements(bytesAt(get(name)), get(name)),
    float32: (name) => float32(bytesAt(get(name)), get(name)),
  };
}

/** A safetensors file read in parts. */
export interface SafetensorsFile extends SafetensorsHeader {
  /** Whether the file has a tensor of this name. */
  has(name: string): boolean;
  /**
   * `byteLength` bytes of the tensor from its byte `start`; without them, all. `into` goes to the source's
   * `read`, which may use that memory.
   */
  bytes(name: string, start?: number, byteLength?: number, into?: Uint8Array): Promise<Uint8Array>;
  /** All elements of the tensor, as `SafetensorsData.elements` gives them. */
  elements(name: string): Promise<ElementArray>;
  /** `count` values from value `start` as float32; without them, all. */
  float32(name: string, start?: number, count?: number): Promise<Float32Array>;
}

/** Opens a safetensors file of any size; only its header is read now. */
export async function openSafetensors(source: ByteSource): Promise<SafetensorsFile> {
  const reader = toReader(source);
  const header = await parseReader(reader, parseHeader(reader.size));
  const infos = byName(header);
  const get = (name: string) => find(header, infos, name);
  const bytes: SafetensorsFile['bytes'] = async (
    name,
    start = 0,
    byteLength = get(name).byteLength - start,
    into,
  ) => {
    const info = get(name);
    checkRange(`bytes of ${quote(name)}`, start, byteLength, info.byteLength);
    return readExactly(reader, info.byteOffset + start, byteLength, into);
  };
  return {
    ...header,
    has: (name) => infos.has(name),
    bytes,
    elements: async (name) => elements(await bytes(name), get(name)),
    async float32(name, start, count) {
      const info = get(name);
      const size = safetensorsBits[info.dtype] / 8;
      if (start === undefined && count === undefined) return float32(await bytes(name), info);
      const from = start ?? 0;
      const available = info.byteLength / size;
      const wanted = count ?? available - from;
      checkRange(`values of ${quote(name)}`, from, wanted, available);
      return float32(await bytes(name, from * size, wanted * size), info);
    },
  };
}

// writing ----------------------------------------------------------------------------------------

/** A tensor to write. */
export interface SafetensorsInput {
  name: string;
  shape: readonly number[];
  /** Default: what the typed array holds. */
  dtype?: SafetensorsType;
  /** Elements, bit patterns for F16 and BF16 (a Float32Array is rounded to them), or the bytes of any dtype. */
  data: ArrayBufferView;
}

/** A tensor to write whose bytes come later. */
export interface SafetensorsPlanned {
  name: string;
  shape: readonly number[];
  dtype: SafetensorsType;
}

/** What a file will look like. The header is complete; each tensor's bytes follow in the order of `tensors`. */
export interface SafetensorsPlan {
  /** The length of the whole file. */
  readonly byteLength: number;
  /** The 8 bytes of length and the JSON. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** By falling element size, else as given, so that each tensor is aligned to its elements. */
  readonly tensors: readonly SafetensorsInfo[];
}

/** Lays out a file from names, dtypes and shapes alone. */
export function planSafetensors(
  tensors: readonly SafetensorsPlanned[],
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsPlan {
  const names = new Set<string>();
  const sized = tensors.map(({ name, dtype, shape }) => {
    checkName(name);
    if (names.has(name)) throw invalid(`safetensors: the name ${quote(name)} stands twice`);
    names.add(name);
    if (!Object.hasOwn(safetensorsBits, dtype))
      throw invalid(`safetensors: ${describe(dtype)} is not a dtype`);
    checkShape(`safetensors: ${quote(name)}`, shape);
    const byteLength = safetensorsByteLength(dtype, shape);
    if (byteLength === undefined) {
      throw invalid(
        `safetensors: ${quote(name)} of ${dtype} with shape [${shape}] is not a whole number of bytes`,
      );
    }
    return { name, dtype, shape: [...shape], byteLength };
  });
  sized.sort((a, b) => safetensorsBits[b.dtype] - safetensorsBits[a.dtype]);

  // JSON text is put together here: an object would reorder names that look like numbers.
  const entries: string[] = [];
  const pairs = Object.entries(metadata);
  for (const [key, value] of pairs) {
    if (typeof value !== 'string')
      throw invalid(`safetensors: metadata ${quote(key)} must be a string, got ${describe(value)}`);
    checkText(key);
    checkText(value);
  }
  if (pairs.length > 0) {
    entries.push(
      `"__metadata__":{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)}}`,
    );
  }
  let offset = 0;
  const begins = sized.map(({ name, dtype, shape, byteLength }) => {
    const begin = offset;
    offset += byteLength;
    entries.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${begin},${offset}]}`,
    );
    return begin;
  });
  const json = new TextEncoder().encode(`{${entries.join(',')}}`);
  const headerLength = prefix + Math.ceil(json.length / 8) * 8;
  if (headerLength - prefix > maxHeader) {
    throw invalid(
      `safetensors: a header of ${headerLength - prefix} bytes is larger than the ${maxHeader} allowed`,
    );
  }
  if (!Number.isSafeInteger(headerLength + offset))
    throw invalid('safetensors: the file would be too large');
  const header = new Uint8Array(headerLength).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(headerLength - prefix), true);
  header.set(json, prefix);
  return {
    byteLength: headerLength + offset,
    header,
    tensors: sized.map((tensor, i) => ({
      ...tensor,
      byteOffset: headerLength + begins[i],
    })),
  };
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
 * The file in pieces: the header, then what `data` gives for each tensor in the order of the plan. Each tensor's
 * pieces must add up to its byte length.
 */
export async function* streamSafetensors(
  plan: SafetensorsPlan,
  data: (tensor: SafetensorsInfo) => TensorData,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  yield plan.header;
  for (const tensor of plan.tensors) yield* tensorPieces(tensor, data(tensor));
}

/** A safetensors file. */
export function writeSafetensors(
  tensors: readonly SafetensorsInput[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const bytes = new Map<string, Uint8Array>();
  const plan = planSafetensors(
    tensors.map(({ name, shape, data, dtype = safetensorsTypeOf(data) }) => {
      bytes.set(name, inputBytes(data, dtype));
      return { name, shape, dtype };
    }),
    metadata,
  );
  for (const { name, byteLength, shape, dtype } of plan.tensors) {
    const given = bytes.get(name)?.length;
    if (given !== byteLength) {
      throw invalid(
        `safetensors: ${quote(name)} of ${dtype} with shape [${shape}] takes ${byteLength} bytes, data has ${given}`,
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
  return elementTypeOf(data).toUpperCase() as SafetensorsType;
}

function inputBytes(data: ArrayBufferView, dtype: SafetensorsType): Uint8Array {
  if (data instanceof Uint8Array) return data; // bytes stand for any dtype
  const type = elementTypes[dtype];
  if (type === undefined)
    throw invalid(`safetensors: ${describe(data)} cannot be written as ${dtype}, give its bytes`);
  return bytesOf(data, type);
}
