// The exports of `fewbits/pool` on every platform.

export { FewbitsError, type FewbitsErrorCode } from '../core/errors.js';
export type { IndexOptions, SearchOptions } from '../vectors/arguments.js';
export type { Metric } from '../vectors/functions.js';
export type { Id } from '../vectors/id.js';
export type { PackedBits, TensorLike, VectorsInput } from '../vectors/input.js';
export type { IndexStats, SearchResult } from '../vectors/results.js';
export type { AddOptions, PoolSearchOptions } from './options.js';
export type { VectorPool } from './pool.js';
export type { Restarted } from './restart.js';
export type { PoolSearchResult } from './search.js';
export type { ShardStats } from './shard.js';
export type { PoolStats } from './stats.js';
