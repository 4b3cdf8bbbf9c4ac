// Tensors found by their names, and their bytes read in parts.

import { checkRange, describe, invalid, quote } from './checks.js';
import { type RangedReader, readExactly } from './source.js';

/** A function from a name to its tensor, which refuses a name that no tensor of the file has. */
export function lookUp<T extends { readonly name: string }>(
  format: string,
  tensors: readonly T[],
  word = 'tensor',
): { has(name: string): boolean; get(name: string): T } {
  // Made at first use: many a file is only listed.
  let byName: Map<string, T> | undefined;
  const find = (name: string) => {
    byName ??= new Map(tensors.map((tensor) => [tensor.name, tensor]));
    return byName.get(name);
  };
  return {
    has: (name) => find(name) !== undefined,
    get(name) {
      const tensor = find(name);
      if (tensor) return tensor;
      const some = tensors.slice(0, 8).map((other) => quote(other.name));
      throw invalid(
        `${format}: there is no ${word} ${typeof name === 'string' ? quote(name) : describe(name)}; the file has ${some.join(', ') || 'none'}`,
      );
    },
  };
}

/** Where a tensor's bytes are in its file. */
interface Place {
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** `bytes()` of a file that is read in parts: those of a tensor, or some of them. */
export function partsOf(reader: RangedReader, get: (name: string) => Place) {
  return async (
    name: string,
    start = 0,
    byteLength = get(name).byteLength - start,
    into?: Uint8Array | undefined,
  ): Promise<Uint8Array> => {
    const place = get(name);
    checkRange(`bytes of ${quote(name)}`, start, byteLength, place.byteLength);
    return readExactly(reader, place.byteOffset + start, byteLength, into);
  };
}
