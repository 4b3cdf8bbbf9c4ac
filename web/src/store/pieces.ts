// Sources that can be saved, as pieces of bytes, and as chunks of one size.

import { describe, invalid, isBytes, peek, tagOf, toBytes, typedArray } from '../core/arguments.js';
import type { Chunks } from '../io/pieces.js';

/** Something that writes itself in pieces, as a VectorIndex does. */
export interface Saveable {
  /** The pieces of its file, in order. */
  savePieces(): Chunks;
}

/** Anything that can be saved: an index, bytes, a Blob or File, or bytes in pieces. */
export type StoreSource = Saveable | ArrayBuffer | ArrayBufferView | Blob | Chunks;

/** Bytes of a Blob that are in memory at a time. */
const BLOB_STEP = 1 << 20;

export interface Pieces {
  readonly pieces: Chunks;
  /** The total number of bytes, if it can be told from the first piece. */
  total(piece: Uint8Array): number | undefined;
}

/** The pieces of a source. Throws INVALID_ARGUMENT for what cannot be saved; nothing is read yet. */
export function piecesOf(source: StoreSource): Pieces {
  if (isBytes(source)) {
    const bytes = toBytes('source', source);
    return { pieces: [bytes], total: () => bytes.length };
  }
  if (['Blob', 'File'].includes(tagOf(source))) {
    const blob = source as Blob;
    return { pieces: blobPieces(blob), total: () => blob.size };
  }
  if (typeof source === 'object' && source !== null) {
    const has = (key: PropertyKey) => peek(() => typeof Reflect.get(source, key) === 'function');
    if (has('savePieces')) {
      return { pieces: (source as Saveable).savePieces(), total: safetensorsLength };
    }
    if (has(Symbol.asyncIterator) || has(Symbol.iterator)) {
      return { pieces: source as Chunks, total: () => undefined };
    }
  }
  throw invalid(
    `save takes an index, an ArrayBuffer or a view of one, a Blob or an iterable of Uint8Arrays, got ${describe(source)}`,
  );
}

async function* blobPieces(blob: Blob): AsyncGenerator<Uint8Array, void, void> {
  for (let start = 0; start < blob.size; start += BLOB_STEP) {
    yield new Uint8Array(await blob.slice(start, start + BLOB_STEP).arrayBuffer());
  }
}

/** The length of a safetensors file, by its whole header. */
function safetensorsLength(header: Uint8Array): number | undefined {
  try {
    const tensors: Record<string, { data_offsets?: [number, number] }> = JSON.parse(
      new TextDecoder().decode(header.subarray(8)),
    );
    const ends = Object.values(tensors).map(({ data_offsets }) => data_offsets?.[1] ?? 0);
    return header.length + Math.max(0, ...ends);
  } catch {
    return undefined;
  }
}

/**
 * Rearranges bytes into chunks of `size`, the last one shorter. All chunks share one buffer, which is
 * overwritten when the next is requested.
 */
export async function* rechunk(
  pieces: Chunks,
  size: number,
  first: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const buffer = new Uint8Array(size);
  let filled = 0;
  let begun = false;
  for await (const given of pieces) {
    const piece = typedArray('a piece', given, ['Uint8Array']);
    if (!begun) first(piece);
    begun = true;
    for (let start = 0; start < piece.length; ) {
      const part = piece.subarray(start, start + size - filled);
      buffer.set(part, filled);
      filled += part.length;
      start += part.length;
      if (filled === size) {
        yield buffer;
        filled = 0;
      }
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}
