import { FewbitsError } from '../core/errors.js';
import { type GgmlTypeName, ggmlTypeById, ggmlTypes } from '../core/ggml-types.js';
import {
  GgufBytesWriter,
  type GgufValue,
  GgufValueReader,
  type GgufValueType,
  ggufValueSizes,
  ggufValueType,
} from './gguf-values.js';
import { type TensorData, tensorPieces } from './pieces.js';
import {
  type ByteSource,
  type Bytes,
  checkRange,
  checkShape,
  corrupt,
  describe,
  elementCount,
  invalid,
  type Parse,
  parseBytes,
  parseReader,
  quote,
  readExactly,
  toBytes,
  toReader,
} from './source.js';

/** One key of the metadata. */
export interface GgufEntry {
  readonly key: string;
  readonly type: GgufValueType;
  /** Decoded when first asked for. */
  readonly value: GgufValue;
  /** Key, type and value as they stand in the file; written again as they are. */
  readonly raw: Uint8Array;
}

export interface GgufTensorInfo {
  readonly name: string;
  /** Undefined for a type that is not in `ggmlTypes`. */
  readonly type: GgmlTypeName | undefined;
  /** The number of the type in the file. */
  readonly typeId: number;
  /** Outermost dimension first, as in npy and safetensors; the file has them the other way round. */
  readonly shape: readonly number[];
  /** Where the tensor's bytes start in the file. */
  readonly byteOffset: number;
  /** For a type that is not known, the bytes up to the next tensor: padding counts in. */
  readonly byteLength: number;
}

export interface GgufHeader {
  readonly version: 2 | 3;
  readonly alignment: number;
  /** By key, in the order of the file. */
  readonly metadata: ReadonlyMap<string, GgufEntry>;
  /** In the order of the file's list. */
  readonly tensors: readonly GgufTensorInfo[];
  /** Where the data of the tensors start in the file. */
  readonly dataOffset: number;
}

const defaultAlignment = 32;
const alignmentKey = 'general.alignment';
const firstWindow = 1 << 18;
// An alignment is padding that a file may ask for: a hostile one must not ask for gigabytes.
const maxAlignment = 1 << 20;
// Far more than any model has, few enough that a hostile header costs little.
const maxHeader = 1 << 27;
const maxEntries = 100_000;
const maxTensors = 1_000_000;
const maxNestedArrays = 1_000_000;
const maxDepth = 8;
const maxDimensions = 8;
const maxKey = 65_535;
const smallestEntry = 13; // empty key, one-byte value
const smallestTensor = 24; // empty name, no dimension

// reading ----------------------------------------------------------------------------------------

/** The start of the file, as far as it has been read, and a place in it. */
class HeaderWindow {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  nestedArrays = 0;
  readonly fileSize: number;
  private view: DataView = new DataView(new ArrayBuffer(0));
  private readonly first: number;

  constructor(fileSize: number, first: number) {
    this.fileSize = fileSize;
    this.first = first;
  }

  /** Sees to it that `length` more bytes are here. */
  *need(length: number, what: string): Parse<void> {
    const end = this.at + length;
    if (end <= this.bytes.length) return;
    if (end > this.fileSize) {
      throw corrupt(
        `gguf: ${what} at offset ${this.at} needs ${length} bytes, the file ends at ${this.fileSize}`,
      );
    }
    if (end > maxHeader) {
      throw corrupt(
        `gguf: ${what} at offset ${this.at} makes a header of more than ${maxHeader} bytes`,
      );
    }
    const known = this.bytes.length;
    const wanted = Math.min(this.fileSize, Math.max(end, known * 2, this.first));
    const more = yield { offset: known, length: wanted - known };
    if (known === 0) {
      this.bytes = more;
    } else {
      const grown = new Uint8Array(wanted);
      grown.set(this.bytes);
      grown.set(more, known);
      this.bytes = grown;
    }
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  }

  *u32(what: string): Parse<number> {
    yield* this.need(4, what);
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  *u64(what: string): Parse<bigint> {
    yield* this.need(8, what);
    this.at += 8;
    return this.view.getBigUint64(this.at - 8, true);
  }

  /** A count of things of at least `size` bytes each, which the rest of the file must be able to hold. */
  *count(what: string, size: number, most: number): Parse<number> {
    const count = yield* this.u64(what);
    const room = Math.floor((this.fileSize - this.at) / size);
    if (count > room || count > most) {
      throw corrupt(
        `gguf: ${what} is ${count}; ${count > room ? `the file has room for ${room}` : `${most} are allowed`}`,
      );
    }
    return Number(count);
  }

  /** Passes over up to `count` strings that are here whole; says how many. Vocabularies have 10^5 of them. */
  skipStrings(count: number): number {
    let skipped = 0;
    for (; skipped < count && this.at + 8 <= this.bytes.length; skipped++) {
      const length =
        this.view.getUint32(this.at, true) + this.view.getUint32(this.at + 4, true) * 2 ** 32;
      if (this.at + 8 + length > this.bytes.length) break;
      this.at += 8 + length;
    }
    return skipped;
  }

  /** A key or a name: exact UTF-8, not too long. */
  *name(what: string): Parse<string> {
    const length = yield* this.count(`the length of ${what}`, 1, maxKey);
    yield* this.need(length, what);
    this.at += length;
    try {
      return strictUtf8.decode(this.bytes.slice(this.at - length, this.at));
    } catch (cause) {
      throw corrupt(`gguf: ${what} at offset ${this.at - length} is not UTF-8`, cause);
    }
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function* parseHeader(size: number, window: number): Parse<GgufHeader> {
  const header = new HeaderWindow(size, window);
  yield* header.need(24, 'the start of the file');
  if (
    header.bytes[0] !== 0x47 ||
    header.bytes[1] !== 0x47 ||
    header.bytes[2] !== 0x55 ||
    header.bytes[3] !== 0x46
  ) {
    throw corrupt('gguf: the file does not start with GGUF');
  }
  header.at = 4;
  const version = yield* header.u32('the version');
  checkVersion(version);
  const tensorCount = yield* header.count('the number of tensors', smallestTensor, maxTensors);
  const entryCount = yield* header.count('the number of metadata keys', smallestEntry, maxEntries);
  const places: { key: string; type: GgufValueType; start: number; value: number; end: number }[] =
    [];
  const keys = new Set<string>();
  for (let i = 0; i < entryCount; i++) {
    const start = header.at;
    const key = yield* header.name(`metadata key ${i}`);
    if (keys.has(key)) throw corrupt(`gguf: the metadata key ${quote(key)} stands twice`);
    keys.add(key);
    const type = ggufValueType(yield* header.u32(`the type of ${quote(key)}`), quote(key));
    const value = header.at;
    yield* skipValue(header, type, key, 0);
    places.push({ key, type, start, value, end: header.at });
  }
  const listed: ListedTensor[] = [];
  const names = new Set<string>();
  for (let i = 0; i < tensorCount; i++) {
    const tensor = yield* tensorInfo(header, i);
    if (names.has(tensor.name))
      throw corrupt(`gguf: the tensor name ${quote(tensor.name)} stands twice`);
    names.add(tensor.name);
    listed.push(tensor);
  }
  const bytes = header.bytes;
  const metadata = new Map(
    places.map(({ key, type, start, value, end }) => [
      key,
      entryAt(bytes, key, type, start, value, end),
    ]),
  );
  const alignment = alignmentOf(metadata);
  const dataOffset = alignUp(header.at, alignment);
  const tensors = placeTensors(listed, alignment, dataOffset, size);
  return { version: version as 2 | 3, alignment, metadata, tensors, dataOffset };
}

function checkVersion(version: number): void {
  if (version === 2 || version === 3) return;
  if (version !== 0 && (version & 0xffff) === 0) {
    throw new FewbitsError(
      'UNSUPPORTED',
      'gguf: the file is big-endian; only little-endian files can be read',
    );
  }
  throw new FewbitsError('UNSUPPORTED', `gguf: version ${version} is not 2 or 3`);
}

/** Passes over a value and checks its structure on the way. */
function* skipValue(
  header: HeaderWindow,
  type: GgufValueType,
  key: string,
  depth: number,
): Parse<void> {
  if (type === 'array') {
    const what = `the array ${quote(key)}`;
    if (depth === maxDepth) throw corrupt(`gguf: ${what} is nested more than ${maxDepth} deep`);
    const element = ggufValueType(yield* header.u32(what), what);
    const count = yield* header.count(`the length of ${what}`, ggufValueSizes[element], maxHeader);
    if (element === 'array') {
      header.nestedArrays += count;
      if (header.nestedArrays > maxNestedArrays)
        throw corrupt(`gguf: more than ${maxNestedArrays} arrays within arrays`);
    }
    if (element === 'array') {
      for (let i = 0; i < count; i++) yield* skipValue(header, element, key, depth + 1);
    } else if (element === 'string') {
      for (let i = 0; i < count; ) {
        const skipped = header.skipStrings(count - i);
        if (skipped === 0) yield* skipValue(header, element, key, depth + 1);
        i += skipped || 1;
      }
    } else {
      yield* skipPlain(header, element, key, count);
    }
  } else if (type === 'string') {
    const length = yield* header.count(`the length of a string of ${quote(key)}`, 1, maxHeader);
    yield* header.need(length, `a string of ${quote(key)}`);
    header.at += length;
  } else {
    yield* skipPlain(header, type, key, 1);
  }
}

function* skipPlain(
  header: HeaderWindow,
  type: GgufValueType,
  key: string,
  count: number,
): Parse<void> {
  const length = count * ggufValueSizes[type];
  yield* header.need(length, `the value of ${quote(key)}`);
  const start = header.at;
  header.at += length;
  if (type !== 'bool') return;
  for (let at = start; at < header.at; at++) {
    const value = header.bytes[at];
    if (value > 1) throw corrupt(`gguf: a bool of ${quote(key)} at offset ${at} is ${value}`);
  }
}

function entryAt(
  bytes: Uint8Array,
  key: string,
  type: GgufValueType,
  start: number,
  valueStart: number,
  end: number,
): GgufEntry {
  const raw = bytes.subarray(start, end);
  let value: GgufValue | undefined;
  return {
    key,
    type,
    raw,
    get value() {
      value ??= new GgufValueReader(raw, valueStart - start).value(type);
      return value;
    },
  };
}

function alignmentOf(metadata: ReadonlyMap<string, GgufEntry>): number {
  const entry = metadata.get(alignmentKey);
  if (entry === undefined) return defaultAlignment;
  const value = entry.type === 'u32' ? (entry.value as number) : 0;
  if (!isAlignment(value))
    throw corrupt(`gguf: ${alignmentKey} must be a u32 and a power of two up to 2^20`);
  return value;
}

function isAlignment(value: number): boolean {
  return (
    Number.isInteger(value) && value >= 1 && value <= maxAlignment && (value & (value - 1)) === 0
  );
}

function alignUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

interface ListedTensor {
  name: string;
  typeId: number;
  shape: number[];
  /** From the start of the data. */
  offset: bigint;
}

function* tensorInfo(header: HeaderWindow, index: number): Parse<ListedTensor> {
  const name = yield* header.name(`the name of tensor ${index}`);
  const what = `tensor ${quote(name)}`;
  const dimensions = yield* header.u32(what);
  if (dimensions > maxDimensions) throw corrupt(`gguf: ${what} has ${dimensions} dimensions`);
  const shape: number[] = [];
  for (let i = 0; i < dimensions; i++) {
    const size = yield* header.u64(what);
    if (size > Number.MAX_SAFE_INTEGER) throw corrupt(`gguf: ${what} has a dimension of ${size}`);
    shape.unshift(Number(size));
  }
  const typeId = yield* header.u32(what);
  const offset = yield* header.u64(what);
  return { name, typeId, shape, offset };
}

/** Gives each tensor its bytes and refuses those that are misaligned, overlap or lie outside the file. */
function placeTensors(
  listed: readonly ListedTensor[],
  alignment: number,
  dataOffset: number,
  size: number,
): GgufTensorInfo[] {
  const available = Math.max(0, size - dataOffset);
  const starts = listed.map(({ name, offset }) => {
    if (offset > available || offset % BigInt(alignment) !== 0n) {
      throw corrupt(
        `gguf: tensor ${quote(name)} has the offset ${offset}, which must be a multiple of ${alignment} ` +
          `within the ${available} bytes of data`,
      );
    }
    return Number(offset);
  });
  const order = [...starts.keys()].sort((a, b) => starts[a] - starts[b] || a - b);
  const tensors = new Array<GgufTensorInfo>(listed.length);
  // From the last to the first: each tensor ends before the one that starts after it.
  let limit = available;
  for (const index of order.reverse()) {
    const { name, typeId, shape } = listed[index] as ListedTensor;
    const start = starts[index];
    const type = ggmlTypeById(typeId)?.name;
    const byteLength = type === undefined ? limit - start : rowBytes(type, shape);
    if (byteLength === undefined) {
      throw corrupt(`gguf: tensor ${quote(name)} cannot be ${type} with shape [${shape}]`);
    }
    if (start + byteLength > limit) {
      throw corrupt(
        `gguf: tensor ${quote(name)} of ${byteLength} bytes at offset ${dataOffset + start} goes beyond ` +
          `${limit === available ? 'the end of the file' : 'the start of the next tensor'} at ${dataOffset + limit}`,
      );
    }
    limit = start;
    tensors[index] = { name, type, typeId, shape, byteOffset: dataOffset + start, byteLength };
  }
  return tensors;
}

/** The bytes of a tensor, or undefined when its rows are not whole blocks or it is too large. */
function rowBytes(type: GgmlTypeName, shape: readonly number[]): number | undefined {
  const { blockSize, bytesPerBlock } = ggmlTypes[type];
  const count = elementCount(shape);
  const row = shape.at(-1) ?? 1;
  if (count === undefined || row % blockSize !== 0) return undefined;
  const bytes = (count / blockSize) * bytesPerBlock;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

function lookUp(tensors: readonly GgufTensorInfo[]): (name: string) => GgufTensorInfo {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return (name) => {
    const tensor = byName.get(name);
    if (tensor) return tensor;
    const some = tensors.slice(0, 8).map((other) => quote(other.name));
    throw invalid(
      `gguf: there is no tensor ${quote(String(name))}; the file has ${some.join(', ') || 'none'}`,
    );
  };
}

/** A GGUF file in memory. */
export interface GgufData extends GgufHeader {
  /** The tensor of this name; refused when there is none. */
  tensor(name: string): GgufTensorInfo;
  /** The tensor's bytes: a view of the file. */
  bytes(name: string): Uint8Array;
}

/** Reads a GGUF file that is in memory. Values and bytes are views of it. */
export function readGguf(source: Bytes): GgufData {
  const file = toBytes(source);
  const header = parseBytes(file, parseHeader(file.length, file.length));
  const tensor = lookUp(header.tensors);
  return {
    ...header,
    tensor,
    bytes(name) {
      const { byteOffset, byteLength } = tensor(name);
      return file.subarray(byteOffset, byteOffset + byteLength);
    },
  };
}

/** A GGUF file read in parts. */
export interface GgufFile extends GgufHeader {
  /** The tensor of this name; refused when there is none. */
  tensor(name: string): GgufTensorInfo;
  /**
   * `byteLength` bytes of the tensor from its byte `start`; without them, all. `into` goes to the source's
   * `read`, which may use that memory.
   */
  bytes(name: string, start?: number, byteLength?: number, into?: Uint8Array): Promise<Uint8Array>;
}

/** Opens a GGUF file of any size; only metadata and tensor list are read now, in windows that grow. */
export async function openGguf(source: ByteSource): Promise<GgufFile> {
  const reader = toReader(source);
  const header = await parseReader(reader, parseHeader(reader.size, firstWindow));
  const tensor = lookUp(header.tensors);
  return {
    ...header,
    tensor,
    async bytes(name, start = 0, byteLength = tensor(name).byteLength - start, into) {
      const info = tensor(name);
      checkRange(`bytes of ${quote(name)}`, start, byteLength, info.byteLength);
      return readExactly(reader, info.byteOffset + start, byteLength, into);
    },
  };
}

// writing ----------------------------------------------------------------------------------------

/** A metadata key to write: a value, or bytes that a reader gave (`raw`), which are kept as they are. */
export type GgufEntryInput =
  | { readonly key: string; readonly type: GgufValueType; readonly value: GgufValue }
  | GgufEntry;

export interface GgufTensorInput {
  name: string;
  /** Outermost dimension first. */
  shape: readonly number[];
  /** A name, or the number of a type that fewbits does not know together with `byteLength`. */
  type: GgmlTypeName | number;
  byteLength?: number;
}

export interface GgufOptions {
  /** A power of two from 8 to 2^20; default what the metadata say, else 32. */
  alignment?: number | undefined;
  /** Take names of more than the 63 bytes that llama.cpp reads: other programs read them. Default false. */
  longNames?: boolean | undefined;
}

/** What a file will look like: the complete header, then each tensor at its place. */
export interface GgufPlan {
  /** The length of the whole file. */
  readonly byteLength: number;
  /** Everything before the data, with its padding. */
  readonly header: Uint8Array<ArrayBuffer>;
  readonly alignment: number;
  /** In the order given, which is the order of their bytes. */
  readonly tensors: readonly GgufTensorInfo[];
}

/** Lays out a GGUF file (version 3) from metadata and the tensors' names, types and shapes alone. */
export function planGguf(
  metadata: Iterable<GgufEntryInput>,
  tensors: readonly GgufTensorInput[],
  options: GgufOptions = {},
): GgufPlan {
  const entries = new Map<string, GgufEntryInput>();
  for (const entry of metadata) {
    if (typeof entry?.key !== 'string')
      throw invalid(`gguf: a metadata key must be a string, got ${describe(entry?.key)}`);
    if (entries.has(entry.key))
      throw invalid(`gguf: the metadata key ${quote(entry.key)} stands twice`);
    entries.set(entry.key, entry);
  }
  const alignment = chooseAlignment(entries, options.alignment);
  const sized = sizeTensors(tensors, options.longNames ?? false);

  const writer = new GgufBytesWriter();
  writer.bytes(new Uint8Array([0x47, 0x47, 0x55, 0x46]));
  writer.number('u32', 3);
  writer.number('u64', BigInt(sized.length));
  writer.number('u64', BigInt(entries.size));
  for (const entry of entries.values()) {
    if ('raw' in entry) writer.bytes(entry.raw);
    else writer.entry(entry.key, entry.type, entry.value);
  }
  let offset = 0;
  const offsets = sized.map(({ name, shape, typeId, byteLength }) => {
    const own = offset;
    writer.string(name);
    writer.number('u32', shape.length);
    for (const size of [...shape].reverse()) writer.number('u64', BigInt(size));
    writer.number('u32', typeId);
    writer.number('u64', BigInt(own));
    offset = alignUp(own + byteLength, alignment);
    return own;
  });
  writer.zeros(alignUp(writer.length, alignment) - writer.length);
  const header = writer.join();
  if (!Number.isSafeInteger(header.length + offset))
    throw invalid('gguf: the file would be too large');
  return {
    byteLength: header.length + offset,
    header,
    alignment,
    tensors: sized.map((tensor, i) => ({
      ...tensor,
      byteOffset: header.length + offsets[i],
    })),
  };
}

function chooseAlignment(entries: Map<string, GgufEntryInput>, wanted: number | undefined): number {
  const entry = entries.get(alignmentKey);
  const stated = entry?.value ?? defaultAlignment;
  const alignment = wanted ?? stated;
  if (
    typeof alignment !== 'number' ||
    !isAlignment(alignment) ||
    alignment < 8 ||
    (entry && entry.type !== 'u32')
  ) {
    throw invalid(
      `gguf: the alignment must be a u32 and a power of two from 8 to 2^20, got ${describe(alignment)}`,
    );
  }
  if (alignment !== stated)
    entries.set(alignmentKey, { key: alignmentKey, type: 'u32', value: alignment });
  return alignment;
}

function sizeTensors(
  tensors: readonly GgufTensorInput[],
  longNames: boolean,
): Omit<GgufTensorInfo, 'byteOffset'>[] {
  const names = new Set<string>();
  return tensors.map(({ name, shape, type, byteLength }) => {
    if (typeof name !== 'string')
      throw invalid(`gguf: a name must be a string, got ${describe(name)}`);
    if (names.has(name)) throw invalid(`gguf: the tensor name ${quote(name)} stands twice`);
    names.add(name);
    if (!longNames && new TextEncoder().encode(name).length > 63) {
      throw invalid(
        `gguf: the tensor name ${quote(name)} is longer than the 63 bytes that ggml reads`,
      );
    }
    checkShape(`gguf: ${quote(name)}`, shape);
    if (shape.length > 4)
      throw invalid(`gguf: ${quote(name)} has ${shape.length} dimensions, ggml reads 4`);
    const known =
      typeof type === 'number'
        ? ggmlTypeById(type)
        : Object.hasOwn(ggmlTypes, type) && ggmlTypes[type];
    const typeId = known ? known.ggufId : type;
    if (
      typeof typeId !== 'number' ||
      !Number.isInteger(typeId) ||
      typeId < 0 ||
      typeId >= 2 ** 32
    ) {
      throw invalid(`gguf: ${quote(name)} has the type ${describe(type)}, which is none of ggml's`);
    }
    const length = known ? rowBytes(known.name, shape) : byteLength;
    if (length === undefined || !Number.isSafeInteger(length) || length < 0) {
      throw invalid(
        known
          ? `gguf: ${quote(name)} cannot be ${known.name} with shape [${shape}]: rows are whole blocks of ${known.blockSize}`
          : `gguf: ${quote(name)} of the unknown type ${typeId} needs a byteLength`,
      );
    }
    return {
      name,
      type: known ? known.name : undefined,
      typeId,
      shape: [...shape],
      byteLength: length,
    };
  });
}

/**
 * The file in pieces: the header, then what `data` gives for each tensor in the order of the plan, then padding.
 * Each tensor's pieces must add up to its byte length.
 */
export async function* streamGguf(
  plan: GgufPlan,
  data: (tensor: GgufTensorInfo) => TensorData,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  yield plan.header;
  for (const tensor of plan.tensors) {
    yield* tensorPieces(tensor, data(tensor));
    const end = tensor.byteOffset + tensor.byteLength;
    const padding = alignUp(end, plan.alignment) - end;
    if (padding > 0) yield new Uint8Array(padding);
  }
}

/** A GGUF file, each tensor with its bytes. */
export function writeGguf(
  metadata: Iterable<GgufEntryInput>,
  tensors: readonly (GgufTensorInput & { data: Bytes })[],
  options: GgufOptions = {},
): Uint8Array<ArrayBuffer> {
  const bytes = tensors.map(({ data }) => toBytes(data));
  const plan = planGguf(
    metadata,
    tensors.map((tensor, i) => ({ ...tensor, byteLength: bytes[i]?.length ?? 0 })),
    options,
  );
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
