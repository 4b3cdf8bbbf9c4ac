// Tensors found by their names.

import { describe, invalid, quote } from './checks.js';

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
