// The ids of an index in its file: as integers if all are numbers, otherwise as text with types.

import { encodeUtf8, utf8Decoder } from '../core/text.js';
import { corrupt } from './corrupt.js';
import type { Tensors } from './file-contents.js';
import type { PlannedTensor } from './file-header.js';
import type { Id } from './id.js';
import { Ids } from './ids.js';

/** Ids per piece. */
const STEP = 16384;

/** The types of ids, by the byte that stores the type. */
const TYPES: readonly string[] = ['number', 'string', 'bigint'];

/** A tensor of the file with its bytes, which are generated as they are read. */
export interface IdTensor extends PlannedTensor {
  readonly data: Iterable<Uint8Array>;
}

/** The tensors of ids, none of which are removed: no tensors for default ids. */
export function idTensors(ids: Ids): IdTensor[] {
  if (ids.isDefault) return [];
  const n = ids.length;
  if (ids.isNumeric) return [{ name: 'ids', dtype: 'I64', shape: [n], data: integers(ids) }];
  let end = 0;
  for (let row = 0; row < n; row++) end += textBytes(ids.at(row));
  return [
    { name: 'ids.ends', dtype: 'F64', shape: [n], data: ends(ids) },
    { name: 'ids.text', dtype: 'U8', shape: [end], data: texts(ids) },
    { name: 'ids.types', dtype: 'U8', shape: [n], data: types(ids) },
  ];
}

function* windows(n: number): Generator<[start: number, end: number], void, void> {
  for (let start = 0; start < n; start += STEP) yield [start, Math.min(n, start + STEP)];
}

function* integers(ids: Ids): Generator<Uint8Array, void, void> {
  for (const [start, end] of windows(ids.length)) {
    const view = new DataView(new ArrayBuffer(8 * (end - start)));
    for (let row = start; row < end; row++) {
      const id = ids.at(row) as number;
      view.setUint32(8 * (row - start), id >>> 0, true);
      view.setInt32(8 * (row - start) + 4, Math.floor(id / 2 ** 32), true);
    }
    yield new Uint8Array(view.buffer);
  }
}

function* ends(ids: Ids): Generator<Uint8Array, void, void> {
  let end = 0;
  for (const [start, stop] of windows(ids.length)) {
    const view = new DataView(new ArrayBuffer(8 * (stop - start)));
    for (let row = start; row < stop; row++) {
      end += textBytes(ids.at(row));
      view.setFloat64(8 * (row - start), end, true);
    }
    yield new Uint8Array(view.buffer);
  }
}

function* texts(ids: Ids): Generator<Uint8Array, void, void> {
  for (const [start, end] of windows(ids.length)) {
    let text = '';
    for (let row = start; row < end; row++) text += ids.at(row);
    yield encodeUtf8(text);
  }
}

function* types(ids: Ids): Generator<Uint8Array, void, void> {
  for (const [start, end] of windows(ids.length)) {
    const part = new Uint8Array(end - start);
    for (let row = start; row < end; row++) part[row - start] = TYPES.indexOf(typeof ids.at(row));
    yield part;
  }
}

/** Bytes of an id as UTF-8 text. */
function textBytes(id: Id): number {
  const text = String(id);
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Each half of a surrogate pair, which is always complete here, counts for two of its four bytes.
    if (unit >= 0x80) bytes += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/**
 * Reads the ids of a file with `rows` rows. Throws CORRUPT_DATA or INVALID_ARGUMENT when they are damaged.
 */
export function readIds(file: Tensors, rows: number, next: number): Ids {
  const ids = new Ids();
  ids.stageFile(rows, storedIds(file, rows), next);
  ids.commit();
  return ids;
}

/** The ids of a file in the order of its rows; null where they are the row numbers. */
export function storedIds(file: Tensors, rows: number): Iterable<Id> | null {
  const tensor = (name: string, length: number): DataView => {
    const { buffer, byteOffset, byteLength } = file.bytes(name);
    if (byteLength !== length) throw corrupt(`'${name}' has ${byteLength} bytes, not ${length}`);
    return new DataView(buffer, byteOffset, byteLength);
  };
  if (file.has('ids')) return storedIntegers(tensor('ids', 8 * rows));
  if (!file.has('ids.text')) return null;
  const at = tensor('ids.ends', 8 * rows);
  return storedTexts(at, file.bytes('ids.text'), tensor('ids.types', rows));
}

function* storedIntegers(view: DataView): Generator<Id, void, void> {
  for (let at = 0; at < view.byteLength; at += 8) {
    const id = view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
    if (!Number.isSafeInteger(id)) throw corrupt(`an id is not a safe integer: ${id}`);
    yield id;
  }
}

function* storedTexts(
  endsAt: DataView,
  bytes: Uint8Array,
  typesAt: DataView,
): Generator<Id, void, void> {
  const decode = utf8Decoder();
  const endOf = (row: number) => (row < 0 ? 0 : endsAt.getFloat64(8 * row, true));
  const rows = typesAt.byteLength;
  for (let row = 0; row < rows; row++) {
    const [start, end] = [endOf(row - 1), endOf(row)];
    if (!(Number.isInteger(end) && end >= start && end <= bytes.length)) {
      throw corrupt('ids are out of order');
    }
  }
  for (const [first, last] of windows(rows)) {
    const start = endOf(first - 1);
    const text = decode(bytes.subarray(start, endOf(last - 1)));
    // ASCII texts are cut from one decoded string, several times as fast.
    const isAscii = text.length === endOf(last - 1) - start;
    for (let row = first; row < last; row++) {
      const [from, to] = [endOf(row - 1), endOf(row)];
      const id = isAscii ? text.slice(from - start, to - start) : decode(bytes.subarray(from, to));
      yield idOf(id, TYPES[typesAt.getUint8(row)]);
    }
  }
}

function idOf(text: string, type: string | undefined): Id {
  if (type === 'string') return text;
  if (type === undefined) throw corrupt(`of the id '${text}' the type is unknown`);
  if (!/^(0|-?[1-9]\d*)$/.test(text)) throw corrupt(`an id is not a number: '${text}'`);
  if (type === 'bigint') return BigInt(text);
  if (!Number.isSafeInteger(Number(text))) throw corrupt(`an id is not a safe integer: ${text}`);
  return Number(text);
}
