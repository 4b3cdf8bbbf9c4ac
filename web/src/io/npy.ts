import { FewbitsError } from '../core/errors.js';
import {
  bytesOf,
  type ElementArray,
  type ElementType,
  elementSizes,
  elementsOf,
  elementTypeOf,
  swapBytes,
  toFloat32,
} from './elements.js';
import { type PythonValue, parsePythonLiteral } from './python-literal.js';
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

/** Number types of npy files. */
export type NpyType = Exclude<ElementType, 'bf16'>;

export interface NpyHeader {
  readonly type: NpyType;
  readonly shape: readonly number[];
  /** True when the first index varies fastest in the file. */
  readonly fortranOrder: boolean;
  readonly bigEndian: boolean;
  /** Number of elements. */
  readonly length: number;
  /** Where the elements start in the file. */
  readonly dataOffset: number;
  readonly byteLength: number;
}

/** An array in C order: the last index varies fastest. */
export interface NpyArray {
  readonly type: NpyType;
  readonly shape: readonly number[];
  readonly data: ElementArray;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const; // \x93NUMPY
const maxHeader = 1 << 20; // numpy itself refuses more than 10,000 characters unless told otherwise
const maxDimensions = 64;

const codes: Record<NpyType, string> = {
  f64: 'f8',
  f32: 'f4',
  f16: 'f2',
  i64: 'i8',
  i32: 'i4',
  i16: 'i2',
  i8: 'i1',
  u64: 'u8',
  u32: 'u4',
  u16: 'u2',
  u8: 'u1',
  bool: 'b1',
};
const types = new Map(Object.entries(codes).map(([type, code]) => [code, type as NpyType]));

// reading ----------------------------------------------------------------------------------------

function* parseHeader(size: number): Parse<NpyHeader> {
  if (size < 10) throw corrupt(`npy: ${size} bytes are too few for the 10 bytes before the header`);
  const start = yield { offset: 0, length: Math.min(size, 12) };
  if (magic.some((byte, i) => start[i] !== byte))
    throw corrupt('npy: the file does not start with \\x93NUMPY');
  const [major, minor] = [start[6], start[7]];
  if (major < 1 || major > 3 || minor !== 0)
    throw corrupt(`npy: version ${major}.${minor} is not 1.0, 2.0 or 3.0`);
  const prefix = major === 1 ? 10 : 12;
  if (size < prefix)
    throw corrupt(`npy: ${size} bytes are too few for the ${prefix} bytes before the header`);
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > size - prefix) {
    throw corrupt(
      `npy: a header of ${length} bytes does not fit into the ${size - prefix} bytes that follow`,
    );
  }
  if (length > maxHeader)
    throw corrupt(`npy: a header of ${length} bytes is larger than the ${maxHeader} allowed`);
  const bytes = yield { offset: prefix, length };
  const described = headerFields(parsePythonLiteral(decodeText(bytes.slice(), major)));
  const dataOffset = prefix + length;
  const byteLength = described.length * elementSizes[described.type];
  if (byteLength !== size - dataOffset) {
    throw corrupt(
      `npy: shape (${described.shape.join(', ')}) of ${described.type} needs ${byteLength} bytes, ` +
        `${size - dataOffset} follow the header`,
    );
  }
  return { ...described, dataOffset, byteLength };
}

function decodeText(bytes: Uint8Array, version: number): string {
  if (version < 3) {
    // latin-1, byte for byte: TextDecoder's "latin1" is windows-1252.
    let text = '';
    for (let i = 0; i < bytes.length; i += 4096)
      text += String.fromCharCode(...bytes.subarray(i, i + 4096));
    return text;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw corrupt('npy: the header is not UTF-8', cause);
  }
}

function headerFields(header: PythonValue): Omit<NpyHeader, 'dataOffset' | 'byteLength'> {
  if (header.kind !== 'dict') throw corrupt(`npy: the header is a ${header.kind}, not a dict`);
  const descr = header.entries.get('descr');
  const order = header.entries.get('fortran_order');
  const shape = header.entries.get('shape');
  if (!descr || !order || !shape || header.entries.size !== 3) {
    const keys = [...header.entries.keys()].slice(0, 8).map(quote).join(', ');
    throw corrupt(
      `npy: the header's keys must be descr, fortran_order and shape; they are ${keys || 'none'}`,
    );
  }
  if (order.kind !== 'bool')
    throw corrupt(`npy: fortran_order is a ${order.kind}, not True or False`);
  const sizes = shapeOf(shape);
  const length = elementCount(sizes);
  const { type, bigEndian } = typeOf(descr);
  if (length === undefined || !Number.isSafeInteger(length * elementSizes[type])) {
    throw corrupt(`npy: shape (${sizes.join(', ')}) has too many elements`);
  }
  return { type, shape: sizes, fortranOrder: order.value, bigEndian, length };
}

function shapeOf(shape: PythonValue): number[] {
  if (shape.kind !== 'tuple') throw corrupt(`npy: shape is a ${shape.kind}, not a tuple`);
  if (shape.items.length > maxDimensions)
    throw corrupt(`npy: ${shape.items.length} dimensions are more than 64`);
  return shape.items.map((item, i) => {
    if (item.kind !== 'integer')
      throw corrupt(`npy: dimension ${i} is a ${item.kind}, not an integer`);
    if (item.value < 0) throw corrupt(`npy: dimension ${i} is negative: ${item.value}`);
    return item.value;
  });
}

function typeOf(descr: PythonValue): { type: NpyType; bigEndian: boolean } {
  if (descr.kind === 'list') throw unsupported('structured arrays');
  if (descr.kind !== 'string') throw corrupt(`npy: descr is a ${descr.kind}, not a string`);
  const [, order, code] = /^([<>|]?)([A-Za-z?][0-9]*)(?:\[[^\]]+\])?$/.exec(descr.value) ?? [];
  if (code === undefined) throw corrupt(`npy: descr ${quote(descr.value)} is not a dtype`);
  const type = types.get(code === '?' ? 'b1' : code);
  if (type === undefined) throw unsupported(`dtype ${quote(descr.value)}`);
  if (elementSizes[type] > 1 && order !== '<' && order !== '>') {
    throw corrupt(`npy: descr ${quote(descr.value)} does not say its byte order`);
  }
  return { type, bigEndian: order === '>' };
}

function unsupported(what: string): FewbitsError {
  return new FewbitsError(
    'UNSUPPORTED',
    `npy: ${what} cannot be read; f2, f4, f8, i1 to i8, u1 to u8 and b1 can`,
  );
}

/**
 * Reads an npy file from memory. The array comes in C order whatever the file's order is. Its data shares the
 * memory of `source` when the file is little-endian, in C order and aligned, else it is a copy.
 */
export function readNpy(source: Bytes): NpyArray {
  const bytes = toBytes(source);
  const header = parseBytes(bytes, parseHeader(bytes.length));
  const { type, shape } = header;
  const data = elementsOf(bytes.subarray(header.dataOffset), type, header.bigEndian);
  return { type, shape, data: header.fortranOrder ? toCOrder(data, shape) : data };
}

/** An npy file read in parts. */
export interface NpyFile extends NpyHeader {
  /** `count` elements from element `start`, in the order of the file (see `fortranOrder`). */
  read(start: number, count: number): Promise<ElementArray>;
  /** The same as float32 values. */
  readFloat32(start: number, count: number): Promise<Float32Array>;
}

/** Opens an npy file of any size; only its header is read now. */
export async function openNpy(source: ByteSource): Promise<NpyFile> {
  const reader = toReader(source);
  const header = await parseReader(reader, parseHeader(reader.size));
  const { type, dataOffset, bigEndian } = header;
  const size = elementSizes[type];
  const read = async (start: number, count: number) => {
    checkRange('npy elements', start, count, header.length);
    return elementsOf(
      await readExactly(reader, dataOffset + start * size, count * size),
      type,
      bigEndian,
    );
  };
  return {
    ...header,
    read,
    readFloat32: async (start, count) => toFloat32(await read(start, count), type),
  };
}

// order ------------------------------------------------------------------------------------------

/** Elements in Fortran order put into C order. */
function toCOrder(data: ElementArray, shape: readonly number[]): ElementArray {
  const out = data.slice();
  reorder(data, out, shape);
  return out;
}

function fortranStrides(shape: readonly number[]): number[] {
  let stride = 1;
  return shape.map((size) => {
    const own = stride;
    stride *= size;
    return own;
  });
}

/**
 * Writes in C order of `shape` what `from` has in Fortran order. Moves whole words, not numbers: a number that
 * passes through JavaScript may lose the payload of a NaN.
 */
function reorder(from: ElementArray, to: ElementArray, shape: readonly number[]): void {
  const rank = shape.length;
  if (rank < 2 || from.length === 0) return;
  const words = Math.ceil(from.BYTES_PER_ELEMENT / 4);
  const source = asWords(from);
  const target = asWords(to);
  const strides = fortranStrides(shape);
  const index = new Array<number>(rank).fill(0);
  let at = 0;
  for (let word = 0; word < target.length; word += words) {
    for (let i = 0; i < words; i++) target[word + i] = source[at * words + i];
    for (let axis = rank - 1; axis >= 0; axis--) {
      const next = index[axis] + 1;
      if (next < shape[axis]) {
        index[axis] = next;
        at += strides[axis];
        break;
      }
      at -= index[axis] * strides[axis];
      index[axis] = 0;
    }
  }
}

function asWords({ buffer, byteOffset, byteLength, BYTES_PER_ELEMENT }: ElementArray) {
  if (BYTES_PER_ELEMENT === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (BYTES_PER_ELEMENT === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

// writing ----------------------------------------------------------------------------------------

export interface NpyHeaderOptions {
  fortranOrder?: boolean;
  bigEndian?: boolean;
  /** Default 1: the oldest, which every reader knows. */
  version?: 1 | 2 | 3;
}

export interface NpyInput {
  /** Elements in C order. */
  data: ArrayBufferView;
  /** Default: one dimension. */
  shape?: readonly number[];
  /** Default: what the typed array holds. 'f16' takes bit patterns (Uint16Array) or rounds a Float32Array. */
  type?: NpyType;
}

/** The bytes before the elements, as numpy writes them; for those who stream the elements themselves. */
export function npyHeader(
  type: NpyType,
  shape: readonly number[],
  options: NpyHeaderOptions = {},
): Uint8Array<ArrayBuffer> {
  if (!Object.hasOwn(codes, type))
    throw invalid(`npy: ${describe(type)} is not one of ${Object.keys(codes).join(', ')}`);
  checkShape('npy', shape);
  if (shape.length > maxDimensions)
    throw invalid(`npy: ${shape.length} dimensions are more than ${maxDimensions}`);
  const { fortranOrder = false, bigEndian = false, version = 1 } = options;
  if (![1, 2, 3].includes(version))
    throw invalid(`npy: version must be 1, 2 or 3, got ${describe(version)}`);
  const order = elementSizes[type] === 1 ? '|' : bigEndian ? '>' : '<';
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  let text =
    `{'descr': '${order}${codes[type]}', 'fortran_order': ${fortranOrder ? 'True' : 'False'}, ` +
    `'shape': ${tuple}, }`;
  if (shape.length > 0) {
    // numpy leaves room for the axis that grows when rows are appended in place.
    const growing = shape[fortranOrder ? shape.length - 1 : 0];
    text += ' '.repeat(21 - String(growing).length);
  }
  const prefix = version === 1 ? 10 : 12;
  // Spaces and a newline end the header at a multiple of 64.
  text += `${' '.repeat(64 - ((prefix + text.length + 1) % 64))}\n`;
  const bytes = new Uint8Array(prefix + text.length);
  bytes.set(magic);
  bytes[6] = version;
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  for (let i = 0; i < text.length; i++) bytes[prefix + i] = text.charCodeAt(i);
  return bytes;
}

/** An npy file. */
export function writeNpy(array: NpyInput, options: NpyHeaderOptions = {}): Uint8Array<ArrayBuffer> {
  const type = array.type ?? npyTypeOf(array.data);
  const data = bytesOf(array.data, type);
  const size = elementSizes[type];
  const shape = array.shape ?? [data.length / size];
  const header = npyHeader(type, shape, options);
  const count = checkShape('npy', shape);
  if (count * size !== data.length) {
    throw invalid(`npy: shape [${shape}] needs ${count} elements, data has ${data.length / size}`);
  }
  const file = new Uint8Array(header.length + data.length);
  file.set(header);
  const body = file.subarray(header.length);
  body.set(data);
  if (options.fortranOrder) {
    // Fortran order of a shape is C order of the reversed shape.
    const reversed = [...shape].reverse();
    const reordered = toCOrder(elementsOf(body.slice(), type), reversed);
    body.set(new Uint8Array(reordered.buffer, reordered.byteOffset, reordered.byteLength));
  }
  if (options.bigEndian) swapBytes(body, size);
  return file;
}

function npyTypeOf(data: unknown): NpyType {
  return elementTypeOf(data) as NpyType; // no typed array means bf16 by itself
}
