// The library of load({ fallback: 'js' }) where there is no WebAssembly: indexes can be opened and searched,
// and everything else throws with a message.

import { FewbitsError } from '../core/errors.js';
import { Opaque } from '../core/opaque.js';
import { IndexReader } from '../reader/index-reader.js';
import { openRows } from '../reader/open.js';
import type { VectorIndex } from '../vectors/vector-index.js';
import type { Fewbits } from './fewbits.js';

const needsWasm = (what: string) =>
  new FewbitsError(
    'UNSUPPORTED',
    `${what} needs WebAssembly, which is not to be had here: an engine with WebAssembly SIMD, and in a ` +
      "Content-Security-Policy 'wasm-unsafe-eval' in script-src; without it indexes can be opened and searched",
  );

/** The calls of an index and of the library that are refused. */
const INDEX_CALLS = [
  ...['add', 'replace', 'upsert', 'remove', 'removeMany', 'compact', 'emptyLike'],
  ...['calibrate', 'recalibrate', 'save', 'savePieces'],
] as const satisfies readonly (keyof VectorIndex)[];
const LIBRARY_CALLS = [
  'createIndex',
  'compare',
  'error',
] as const satisfies readonly (keyof Fewbits)[];
const FAMILIES = [
  ...['uniform', 'int4', 'linear', 'distributional', 'floats', 'ggml', 'kquant', 'bits'],
] as const;

function refuse(prototype: object, owner: string, calls: readonly string[]): void {
  for (const name of calls) {
    const value = () => {
      throw needsWasm(`${owner}.${name}()`);
    };
    Object.defineProperty(prototype, name, { value, configurable: true });
  }
}

class SearchedIndex extends IndexReader {}
refuse(SearchedIndex.prototype, 'index', INDEX_CALLS);

class SearchOnly extends Opaque {
  readonly variant = 'js';
  readonly memoryBytes = 0;

  constructor() {
    super('Fewbits', 'call load() there');
  }

  openIndex(file: ArrayBuffer | ArrayBufferView): IndexReader {
    return new SearchedIndex(openRows(file));
  }
}
refuse(SearchOnly.prototype, 'fb', LIBRARY_CALLS);
for (const name of FAMILIES) {
  const get = () => {
    throw needsWasm(`fb.${name}`);
  };
  Object.defineProperty(SearchOnly.prototype, name, { get, configurable: true });
}

/** The library as far as it works without WebAssembly, under the type of the whole library. */
export const searchOnly = /* @__PURE__ */ new SearchOnly() as unknown as Fewbits;
