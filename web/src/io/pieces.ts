import { describe, invalid, quote } from './source.js';

/** Bytes that come in pieces. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** What a streamed writer takes for a tensor. */
export type TensorData = Uint8Array | Chunks | Promise<Uint8Array | Chunks>;

/** Passes a tensor's pieces on and sees to it that they add up to the length that the header promised. */
export async function* tensorPieces(
  tensor: { readonly name: string; readonly byteLength: number },
  data: TensorData,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const given = await data;
  let left = tensor.byteLength;
  for await (const piece of given instanceof Uint8Array ? [given] : given) {
    if (!(piece instanceof Uint8Array)) {
      throw invalid(`${quote(tensor.name)}: a piece must be a Uint8Array, got ${describe(piece)}`);
    }
    left -= piece.length;
    if (left < 0) break;
    if (piece.length > 0) yield unshared(piece);
  }
  if (left !== 0) {
    const wrong = left > 0 ? `${left} are missing` : 'more were given';
    throw invalid(`${quote(tensor.name)} takes ${tensor.byteLength} bytes, ${wrong}`);
  }
}

/** The same bytes, copied if others could change them: Blobs, files and messages take no shared memory. */
export function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
}
