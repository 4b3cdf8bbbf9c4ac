// What a pool says about itself.

import type { IndexStats } from '../vectors/vector-index.js';
import type { ShardStats } from './shard.js';
import type { PoolState } from './state.js';

export interface PoolStats extends IndexStats {
  /** Of each worker in turn. */
  readonly workers: readonly ShardStats[];
}

/** Settings, sizes and state of the index, and memory of the workers. */
export async function poolStats(state: PoolState): Promise<PoolStats> {
  state.checkAll();
  const workers = await state.everywhere((remote) => remote.call('stats', []));
  const { empty, ids } = state;
  return {
    ...empty.settings,
    size: ids.length - ids.removed,
    removed: ids.removed,
    bytesPerVector: Object.values(empty.rowSizes).reduce((sum, bytes) => sum + bytes, 0),
    byteLength: workers.reduce((sum, { byteLength }) => sum + byteLength, 0),
    centred: empty.mean !== null,
    calibrated: empty.matrix !== null,
    segments: empty.segments.map(({ dims, bits }) => ({ dims, bits })),
    workers,
  };
}
