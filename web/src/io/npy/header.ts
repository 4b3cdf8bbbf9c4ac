// The header of an npy file: its bytes and its fields.

import { FewbitsError } from '../../core/errors.js';
import { corrupt, elementCount, invalid, quote } from '../checks.js';
import { type ElementType, elementSizes } from '../elements.js';
import type { Parse } from '../parse.js';
import { unshared } from '../pieces.js';
import { refusal } from '../sniff.js';
import { MAX_DIMENSIONS, NPY_MAGIC, type NpyHeader, type NpyType, npyCodes } from './format.js';
import { type PythonValue, parsePythonLiteral } from './python-literal.js';

const MAX_HEADER = 1 << 20; // numpy itself refuses more than 10,000 characters unless told otherwise
const types = new Map(Object.entries(npyCodes).map(([type, code]) => [code, type as NpyType]));

/** Parses the header of a file of `size` bytes. `as` is the type of elements that numpy has no name for. */
export function* parseHeader(size: number, as: ElementType | undefined): Parse<NpyHeader> {
  const { major, prefix, length } = yield* parsePrefix(size);
  const bytes = yield { offset: prefix, length };
  const described = headerFields(parsePythonLiteral(decodeText(bytes, major)), as);
  const dataOffset = prefix + length;
  const byteLength = described.length * elementSizes[described.type];
  const rest = size - dataOffset - byteLength;
  if (rest !== 0 && !(rest > 0 && (yield* isArrayAt(size - rest, rest)))) {
    throw corrupt(
      `npy: shape (${described.shape.join(', ')}) of ${described.type} needs ${byteLength} bytes, ` +
        `${size - dataOffset} follow the header${rest < 0 ? ': the file is cut off, or not yet written' : ''}`,
    );
  }
  return { ...described, dataOffset, byteLength };
}

/** Whether another array begins at `offset`. */
function* isArrayAt(offset: number, available: number): Parse<boolean> {
  const start = yield { offset, length: Math.min(available, NPY_MAGIC.length) };
  return NPY_MAGIC.every((byte, i) => start[i] === byte);
}

/** Parses the version, and the length and offset of the header. */
function* parsePrefix(size: number): Parse<{ major: number; prefix: number; length: number }> {
  const start = yield { offset: 0, length: Math.min(size, 12) };
  if (NPY_MAGIC.some((byte, i) => start[i] !== byte))
    throw yield* refusal('npy', size, 'npy: the file does not start with \\x93NUMPY');
  if (size < 10) throw corrupt(`npy: ${size} bytes are too few for the 10 bytes before the header`);
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
  if (length > MAX_HEADER)
    throw corrupt(`npy: a header of ${length} bytes is larger than the ${MAX_HEADER} allowed`);
  return { major, prefix, length };
}

function decodeText(bytes: Uint8Array, version: number): string {
  if (version < 3) {
    // Latin-1, byte for byte: TextDecoder's "latin1" is windows-1252.
    let text = '';
    for (let i = 0; i < bytes.length; i += 4096)
      text += String.fromCharCode(...bytes.subarray(i, i + 4096));
    return text;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(unshared(bytes));
  } catch (cause) {
    throw corrupt('npy: the header is not UTF-8', cause);
  }
}

function headerFields(
  header: PythonValue,
  as: ElementType | undefined,
): Omit<NpyHeader, 'dataOffset' | 'byteLength'> {
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
  const { type, bigEndian } = typeOf(descr, as);
  if (length === undefined || !Number.isSafeInteger(length * elementSizes[type])) {
    throw corrupt(`npy: shape (${sizes.join(', ')}) has too many elements`);
  }
  return { type, shape: sizes, fortranOrder: order.value, bigEndian, length };
}

function shapeOf(shape: PythonValue): number[] {
  if (shape.kind !== 'tuple') throw corrupt(`npy: shape is a ${shape.kind}, not a tuple`);
  if (shape.items.length > MAX_DIMENSIONS)
    throw corrupt(`npy: ${shape.items.length} dimensions are more than 64`);
  return shape.items.map((item, i) => {
    if (item.kind !== 'integer')
      throw corrupt(`npy: dimension ${i} is a ${item.kind}, not an integer`);
    if (item.value < 0) throw corrupt(`npy: dimension ${i} is negative: ${item.value}`);
    return item.value;
  });
}

/** Element types without a name in numpy, and the remedy for each. */
const unnamed: Readonly<Record<string, string>> = {
  V2: "ml_dtypes saves bfloat16 so: read it with { as: 'bf16' }",
  V1: "ml_dtypes saves 8-bit floats so: read it with { as: 'f8_e4m3' } or what they are",
  f1: "ml_dtypes saves 8-bit floats so: read it with { as: 'f8_e4m3' } or what they are",
};

/**
 * The type and byte order of a dtype. Without a stated order the file has that of the machine that wrote it,
 * which is taken to be little-endian. `as` applies to elements without a name, and to unsigned integers,
 * which hold bit patterns then.
 */
function typeOf(
  descr: PythonValue,
  as: ElementType | undefined,
): { type: ElementType; bigEndian: boolean } {
  if (descr.kind === 'list') throw unsupported('structured arrays');
  if (descr.kind !== 'string') throw corrupt(`npy: descr is a ${descr.kind}, not a string`);
  const [, order, code] = /^([<>|=]?)([A-Za-z?][0-9]*)(?:\[[^\]]+\])?$/.exec(descr.value) ?? [];
  if (code === undefined) throw corrupt(`npy: descr ${quote(descr.value)} is not a dtype`);
  const bigEndian = order === '>';
  const hint = Object.hasOwn(unnamed, code) ? unnamed[code] : undefined;
  if (as !== undefined && (hint !== undefined || code === 'u1' || code === 'u2')) {
    if (code.slice(1) === String(elementSizes[as])) return { type: as, bigEndian };
    throw invalid(`npy: elements of ${quote(descr.value)} cannot be ${as}: their sizes differ`);
  }
  const type = types.get(code === '?' ? 'b1' : code);
  if (type !== undefined) return { type, bigEndian };
  if (code[0] === 'O') throw unsupported('arrays of Python objects, which are pickles,');
  throw unsupported(`dtype ${quote(descr.value)}${hint === undefined ? '' : ` (${hint})`}`);
}

function unsupported(what: string): FewbitsError {
  return new FewbitsError(
    'UNSUPPORTED',
    `npy: ${what} cannot be read; f2, f4, f8, i1 to i8, u1 to u8 and b1 can`,
  );
}
