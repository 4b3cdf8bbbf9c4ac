// The exports of all index-only entries besides `load`.

export * from './common-entry.js';
export type { LoadOptions } from './loader.js';
export { type FewbitsVectors, loadSync } from './vectors.js';
