// npy files, written byte for byte as numpy writes them.

import { options as checkOptions } from '../../core/arguments.js';
import { checkShape, describe, invalid, looking, shapeText } from '../checks.js';
import { bytesOf, elementSizes, elementsOf, elementTypeOf, swapBytes } from '../elements.js';
import { MAX_DIMENSIONS, NPY_MAGIC, type NpyType, npyCodes } from './format.js';
import { toCOrder } from './order.js';

export interface NpyHeaderOptions {
  /** Write in Fortran order: the first index varies fastest. Default false. */
  fortranOrder?: boolean | undefined;
  bigEndian?: boolean | undefined;
  /** Default 1: the oldest, which every reader accepts. */
  version?: 1 | 2 | 3 | undefined;
}

export interface NpyInput {
  /** Elements in C order. */
  data: ArrayBufferView;
  /** Default: one dimension. */
  shape?: readonly number[] | undefined;
  /**
   * Default: the type of the typed array. 'f16' takes bit patterns (Uint16Array) or rounds a Float32Array.
   */
  type?: NpyType | undefined;
}

/**
 * The bytes before the elements, as numpy writes them; for callers that stream the elements themselves.
 *
 * @throws FewbitsError INVALID_ARGUMENT for an unknown type, shape, version or option
 */
export function npyHeader(
  type: NpyType,
  shape: readonly number[],
  options?: NpyHeaderOptions,
): Uint8Array<ArrayBuffer> {
  return looking('the array', () => headerOf(type, shape, options));
}

function headerOf(
  type: NpyType,
  shape: readonly number[],
  options: NpyHeaderOptions | undefined,
): Uint8Array<ArrayBuffer> {
  if (typeof type !== 'string' || !Object.hasOwn(npyCodes, type))
    throw invalid(`npy: ${describe(type)} is not one of ${Object.keys(npyCodes).join(', ')}`);
  checkShape('npy', shape);
  if (shape.length > MAX_DIMENSIONS)
    throw invalid(`npy: ${shape.length} dimensions are more than ${MAX_DIMENSIONS}`);
  const { fortranOrder, bigEndian, version } = headerOptions(options);
  const order = elementSizes[type] === 1 ? '|' : bigEndian ? '>' : '<';
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  let text =
    `{'descr': '${order}${npyCodes[type]}', 'fortran_order': ${fortranOrder ? 'True' : 'False'}, ` +
    `'shape': ${tuple}, }`;
  if (shape.length > 0) {
    // numpy reserves space so that the axis can grow when rows are appended in place.
    const growing = shape[fortranOrder ? shape.length - 1 : 0];
    text += ' '.repeat(21 - String(growing).length);
  }
  return framed(text, version);
}

function headerOptions(options: NpyHeaderOptions | undefined) {
  const known = ['fortranOrder', 'bigEndian', 'version'];
  const given = checkOptions<NpyHeaderOptions>('options', options, known);
  const { fortranOrder = false, bigEndian = false, version = 1 } = given;
  if (![1, 2, 3].includes(version))
    throw invalid(`npy: version must be 1, 2 or 3, got ${describe(version)}`);
  return { fortranOrder, bigEndian, version };
}

/**
 * The header: magic, version, length and text, padded with spaces and a newline to a multiple of 64 bytes.
 */
function framed(text: string, version: 1 | 2 | 3): Uint8Array<ArrayBuffer> {
  const prefix = version === 1 ? 10 : 12;
  const padded = `${text}${' '.repeat(64 - ((prefix + text.length + 1) % 64))}\n`;
  const bytes = new Uint8Array(prefix + padded.length);
  bytes.set(NPY_MAGIC);
  bytes[6] = version;
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, padded.length, true);
  else view.setUint32(8, padded.length, true);
  for (let i = 0; i < padded.length; i++) bytes[prefix + i] = padded.charCodeAt(i);
  return bytes;
}

/**
 * Writes an npy file.
 *
 * @throws FewbitsError INVALID_ARGUMENT for data that do not fit the type or the shape
 */
export function writeNpy(array: NpyInput, options?: NpyHeaderOptions): Uint8Array<ArrayBuffer> {
  return looking('the array', () => fileOf(array, options));
}

function fileOf(array: NpyInput, options: NpyHeaderOptions | undefined): Uint8Array<ArrayBuffer> {
  const type: NpyType = array.type ?? elementTypeOf(array.data);
  const data = bytesOf(array.data, type);
  const size = elementSizes[type];
  const shape = array.shape ?? [data.length / size];
  const header = npyHeader(type, shape, options);
  const count = checkShape('npy', shape);
  if (count * size !== data.length) {
    throw invalid(
      `npy: shape ${shapeText(shape)} needs ${count} elements, data has ${data.length / size}`,
    );
  }
  const file = new Uint8Array(header.length + data.length);
  file.set(header);
  const body = file.subarray(header.length);
  body.set(data);
  if (options?.fortranOrder) {
    // Fortran order of a shape is C order of the reversed shape.
    const reversed = [...shape].reverse();
    const reordered = toCOrder(elementsOf(body.slice(), type), reversed);
    body.set(new Uint8Array(reordered.buffer, reordered.byteOffset, reordered.byteLength));
  }
  if (options?.bigEndian) swapBytes(body, size);
  return file;
}
