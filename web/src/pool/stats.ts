// The stats of a pool.

import type { Fit } from '../vectors/functions.js';
import { type IndexStats, statsOf } from '../vectors/results.js';
import type { ShardStats } from './shard.js';
import type { PoolState } from './state.js';

export interface PoolStats extends IndexStats {
  /** Stats of each worker, in order. */
  readonly workers: readonly ShardStats[];
}

/** Settings, sizes and state of the index, and memory of the workers. */
export async function poolStats(state: PoolState): Promise<PoolStats> {
  state.checkAll();
  const workers = await state.everywhere((remote) => remote.call('stats', []));
  const { empty, ids } = state;
  const stats = statsOf(empty, { size: ids.length - ids.removed, removed: ids.removed });
  const byteLength = workers.reduce((sum, worker) => sum + worker.byteLength, 0);
  return { ...stats, byteLength, workers, fit: stats.fit && joined(stats.fit, workers) };
}

/** Combines the fits of all workers, weighted by their number of vectors. */
function joined({ expected }: Fit, workers: readonly ShardStats[]): Fit {
  const count = workers.reduce((sum, { fit }) => sum + fit.count, 0);
  const seen = workers.reduce((sum, { fit }) => sum + fit.count * fit.seen, 0);
  return { expected, count, seen: count === 0 ? 0 : seen / count };
}
