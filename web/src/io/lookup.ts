// Lookup of tensors by name, and partial reads of their bytes.

import { checkRange, describe, invalid, quote } from './checks.js';
import { type RangedReader, readExactly } from './source.js';

/** Creates a lookup from a name to its tensor, which refuses names that the file does not have. */
export function lookUp<T extends { readonly name: string }>(
  format: string,
  tensors: readonly T[],
  word = 'tensor',
): { has(name: string): boolean; get(name: string): T } {
  // Built on first use, as many files are only listed.
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

/** The place of a tensor's bytes in its file. */
interface Place {
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** The `bytes()` method of a file that is read in parts: all bytes of a tensor, or a range. */
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
