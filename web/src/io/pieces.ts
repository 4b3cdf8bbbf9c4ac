// Bytes of tensors that arrive in pieces.

import { isArrayBuffer, kindOf } from '../core/kinds.js';
import { describe, invalid, looking, mapObjects, quote } from './checks.js';
import { type Bytes, isBytes, toBytes } from './source.js';

/** Bytes in pieces. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** The data of a tensor that streaming writers accept. */
export type TensorData = Bytes | Chunks | Promise<Bytes | Chunks>;

interface PlannedTensor {
  readonly name: string;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/**
 * Checks the arguments of a streaming writer: a plan, and a function that returns the data of each tensor.
 */
export function checkStream(
  plan: { readonly header: Uint8Array; readonly tensors: readonly PlannedTensor[] },
  data: unknown,
): void {
  const planned = looking('the plan', () => {
    const { header, tensors } = plan;
    const sound = mapObjects('tensors', tensors, ({ name, byteOffset, byteLength }) => {
      const numbers = Number.isSafeInteger(byteOffset) && Number.isSafeInteger(byteLength);
      return typeof name === 'string' && numbers && byteLength >= 0;
    });
    return kindOf(header) === 'Uint8Array' && !sound.includes(false);
  });
  if (!planned) throw invalid(`plan must be what the planner gives, got ${describe(plan)}`);
  if (typeof data !== 'function')
    throw invalid(`data must be a function of a tensor, got ${describe(data)}`);
}

/** Passes on the pieces of a tensor, and checks that they add up to the length in the header. */
export async function* tensorPieces(
  tensor: { readonly name: string; readonly byteLength: number },
  data: TensorData,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const given = await data;
  let left = tensor.byteLength;
  for await (const piece of chunksOf(tensor.name, given)) {
    if (!isBytes(piece)) {
      throw invalid(`${quote(tensor.name)}: a piece must be bytes, got ${describe(piece)}`);
    }
    const bytes = toBytes(piece, `a piece of ${quote(tensor.name)}`);
    left -= bytes.length;
    if (left < 0) break;
    if (bytes.length > 0) yield unshared(bytes);
  }
  if (left !== 0) {
    const wrong = left > 0 ? `${left} are missing` : 'more were given';
    throw invalid(`${quote(tensor.name)} takes ${tensor.byteLength} bytes, ${wrong}`);
  }
}

function chunksOf(name: string, given: Bytes | Chunks): Iterable<Bytes> | AsyncIterable<Bytes> {
  if (isBytes(given)) return [given];
  if (
    typeof given === 'object' &&
    given !== null &&
    (Symbol.iterator in given || Symbol.asyncIterator in given)
  ) {
    return given;
  }
  throw invalid(`${quote(name)} takes bytes or pieces of them, got ${describe(given)}`);
}

/**
 * Copies bytes in shared memory: Blobs, files, messages and decoders do not accept it. Others are returned as
 * they are.
 */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return isArrayBuffer(bytes.buffer) ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
