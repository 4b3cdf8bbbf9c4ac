// Restart of workers that failed, from a saved file.

import { invalid } from '../core/arguments.js';
import { openFile } from '../vectors/file.js';
import type { Id } from '../vectors/id.js';
import type { RowArrays } from '../vectors/native-search.js';
import { importRows, type RemoteShard } from './shards.js';
import type { PoolState } from './state.js';

/** The result of restart(). */
export interface Restarted {
  /** The number of vectors restored. */
  readonly restored: number;
  /** Ids of the vectors that are not in the file: they are no longer in the pool. */
  readonly lost: readonly Id[];
}

/** Starts workers in place of those that failed; when it throws, the pool is unchanged. */
export async function restart(state: PoolState, file: Uint8Array | undefined): Promise<Restarted> {
  const dead = state.shards.lost;
  if (dead.length === 0) return { restored: 0, lost: [] };
  const { places, ids } = state;
  const saved = file === undefined ? null : openSaved(state, file);
  const lost: number[] = [];
  const fresh: RemoteShard[] = [];
  let restored = 0;
  try {
    for (const shard of dead) {
      const remote = await state.shards.launch(shard, state.shards.count, state.empty);
      fresh.push(remote);
      state.check();
      const found: number[] = [];
      for (const row of places.rowsOf(shard)) {
        if (ids.isRemoved(row)) continue;
        const at = saved?.rowOf(row);
        if (at !== undefined) found.push(at);
        else lost.push(row);
      }
      if (saved !== null) {
        await importRows(remote, state.empty, saved.arrays, found.length, (i) => found[i]);
      }
      restored += found.length;
    }
    state.check();
  } catch (error) {
    for (const remote of fresh) remote.fail(error);
    throw error;
  }
  const names = lost.map((row) => ids.at(row));
  for (const row of lost) {
    ids.remove(row);
    places.remove(row);
  }
  dead.forEach((shard, i) => {
    state.shards.put(shard, fresh[i]);
  });
  // Renumbers the rows here like those of the new workers, which have no gaps.
  state.first.forget();
  await state.compact();
  return { restored, lost: names };
}

interface Saved {
  readonly arrays: RowArrays;
  /** The row of the file that contains this row of the pool unchanged. */
  rowOf(row: number): number | undefined;
}

/** The rows of a file, which must be one that `places` knows. */
function openSaved({ core, places, ids }: PoolState, bytes: Uint8Array): Saved {
  const { index, arrays, sum, ids: names } = openFile(core, bytes);
  index.dispose();
  const file = places.fileOf(sum);
  if (file === undefined) {
    throw invalid('restart() takes a file that this pool saved, or was opened from');
  }
  return {
    arrays,
    rowOf: (row) => (places.isIn(row, file) ? names.row(ids.at(row)) : undefined),
  };
}
