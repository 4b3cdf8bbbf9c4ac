// The tensor list of a GGUF file, and the place of each tensor's bytes.

import { ggmlTypeById } from '../../core/ggml-types.js';
import { corrupt, quote } from '../checks.js';
import { type Parse, pause } from '../parse.js';
import type { HeaderCursor } from './cursor.js';
import { type GgufTensorInfo, tensorBytes } from './format.js';

const MAX_DIMENSIONS = 8;
const TENSORS_AT_ONCE = 1 << 14;

/** A tensor as in the list. */
export interface ListedTensor {
  readonly name: string;
  readonly typeId: number;
  readonly shape: number[];
  /** Relative to the start of the data. */
  readonly offset: number;
}

/** Reads the list of `count` tensors, whose names must differ. */
export function* parseTensorList(cursor: HeaderCursor, count: number): Parse<ListedTensor[]> {
  const listed: ListedTensor[] = [];
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    const tensor = yield* cursor.whole(() => listedTensor(cursor, i));
    const { name } = tensor;
    if (names.has(name)) throw corrupt(`gguf: the tensor name ${quote(name)} appears twice`);
    names.add(name);
    listed.push(tensor);
    if (listed.length % TENSORS_AT_ONCE === 0) yield pause;
  }
  return listed;
}

function listedTensor(cursor: HeaderCursor, index: number): ListedTensor {
  const name = cursor.name(() => `the name of tensor ${index}`);
  const what = () => `tensor ${quote(name)}`;
  const dimensions = cursor.uint32(what);
  if (dimensions > MAX_DIMENSIONS) throw corrupt(`gguf: ${what()} has ${dimensions} dimensions`);
  const shape = new Array<number>(dimensions);
  for (let i = dimensions - 1; i >= 0; i--) {
    const size = cursor.uint64(what);
    if (!Number.isSafeInteger(size)) throw corrupt(`gguf: ${what()} has a dimension of ${size}`);
    shape[i] = size;
  }
  const typeId = cursor.uint32(what);
  const offset = cursor.uint64(what);
  return { name, typeId, shape, offset };
}

/**
 * Computes the place of each tensor, and refuses tensors that are misaligned, overlap or lie outside the
 * file.
 */
export function placeTensors(
  listed: readonly ListedTensor[],
  alignment: number,
  dataOffset: number,
  fileSize: number,
): GgufTensorInfo[] {
  const available = Math.max(0, fileSize - dataOffset);
  const starts = listed.map(({ name, offset }) => {
    if (offset > available || offset % alignment !== 0) {
      throw corrupt(
        `gguf: tensor ${quote(name)} has the offset ${offset}, which must be a multiple of ${alignment} ` +
          `within the ${available} bytes of data`,
      );
    }
    return offset;
  });
  const order = [...starts.keys()].sort((a, b) => starts[a] - starts[b] || a - b);
  const tensors = new Array<GgufTensorInfo>(listed.length);
  // From last to first: each tensor must end before the next one starts.
  let limit = available;
  for (const index of order.reverse()) {
    const { name, typeId, shape } = listed[index] as ListedTensor;
    const start = starts[index];
    const type = ggmlTypeById(typeId)?.name;
    const byteLength = type === undefined ? limit - start : tensorBytes(type, shape);
    if (byteLength === undefined) {
      throw corrupt(`gguf: tensor ${quote(name)} cannot be ${type} with shape [${shape}]`);
    }
    if (start + byteLength > limit) {
      throw corrupt(
        `gguf: tensor ${quote(name)} of ${byteLength} bytes at offset ${dataOffset + start} goes beyond ` +
          (limit === available
            ? `the end of the file at ${dataOffset + limit}: the file is cut off, as a download that did not end`
            : `the start of the next tensor at ${dataOffset + limit}`),
      );
    }
    limit = start;
    tensors[index] = { name, type, typeId, shape, byteOffset: dataOffset + start, byteLength };
  }
  return tensors;
}
