// The exports of the entries that search an index, besides `load`.

export type { Variant } from '../core/core.js';
export { FewbitsError, type FewbitsErrorCode } from '../core/errors.js';
export type { Search } from '../search/create.js';
export type { SearchIndex } from '../search/search-index.js';
export type { SearchOptions } from '../vectors/arguments.js';
export type { Metric } from '../vectors/functions.js';
export type { Id } from '../vectors/id.js';
export type { PackedBits, TensorLike, VectorsInput } from '../vectors/input.js';
export type { Candidates, IndexStats, SearchResult } from '../vectors/results.js';
export type { WasmSource } from './compile.js';
export type { LoadOptions } from './loader.js';
export { type FewbitsSearch, loadSync } from './search.js';
export { type Support, support } from './support.js';
