// The exports that all loading entries share: errors, and everything about indexes.

export type { FloatArray } from '../core/arguments.js';
export type { Variant } from '../core/core.js';
export { FewbitsError, type FewbitsErrorCode } from '../core/errors.js';
export type { CalibrateOptions, IndexOptions, SearchOptions } from '../vectors/arguments.js';
export type { Vectors } from '../vectors/create.js';
export type { Metric, Segment, Settings } from '../vectors/functions.js';
export type { Id } from '../vectors/id.js';
export type { PackedBits, TensorLike, VectorsInput } from '../vectors/input.js';
export { type MergeOptions, mergeResults, type ResultList } from '../vectors/merge.js';
export type { Candidates, IndexStats, SearchResult } from '../vectors/results.js';
export type { Upserted } from '../vectors/rows.js';
export type { VectorIndex } from '../vectors/vector-index.js';
export type { WasmSource } from './compile.js';
export { type Support, support } from './support.js';
