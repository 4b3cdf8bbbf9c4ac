// The exports of all entries to the index alone besides `load`.

export * from './common-entry.js';
export type { LoadOptions } from './loader.js';
export { type FewbitsVectors, loadSync } from './vectors.js';
