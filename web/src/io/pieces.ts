// Bytes of tensors that come in pieces.

import { isArrayBuffer, kindOf } from '../core/kinds.js';
import { describe, invalid, looking, mapObjects, quote } from './checks.js';
import { type Bytes, isBytes, toBytes } from './source.js';

/** Bytes that come in pieces. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** What a streamed writer takes for a tensor. */
export type TensorData = Bytes | Chunks | Promise<Bytes | Chunks>;

interface PlannedTensor {
  readonly name: string;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** Checks what a streamed writer is given: a plan, and a function that gives the data of each tensor. */
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

/** Passes a tensor's pieces on and sees to it that they add up to the length that the header promised. */
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

/** The same bytes, copied if their memory is shared: Blobs, files, messages and decoders do not take that. */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return isArrayBuffer(bytes.buffer) ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
