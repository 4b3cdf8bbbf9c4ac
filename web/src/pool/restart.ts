import { invalid } from '../core/arguments.js';
import { openFile } from '../vectors/file.js';
import type { Id } from '../vectors/ids.js';
import type { RowArrays } from '../vectors/native.js';
import type { Remote } from './remote.js';
import { importRows } from './shards.js';
import type { PoolState } from './state.js';

/** What restart() brought back. */
export interface Restarted {
  /** How many vectors. */
  readonly restored: number;
  /** Ids of the vectors that are in no file: they are no longer in the pool. */
  readonly lost: readonly Id[];
}

/** Starts workers in place of those that failed; when it throws, the pool is as it was. */
export async function restart(state: PoolState, file: Uint8Array | undefined): Promise<Restarted> {
  const dead = state.shards.lost;
  if (dead.length === 0) return { restored: 0, lost: [] };
  const { places, ids } = state;
  const arrays = file === undefined ? null : savedArrays(state, file);
  const lost: number[] = [];
  const fresh: Remote[] = [];
  let restored = 0;
  try {
    for (const shard of dead) {
      const remote = await state.shards.launch(shard, state.shards.count, state.empty);
      fresh.push(remote);
      state.check();
      const found: number[] = [];
      for (const row of places.rowsOf(shard)) {
        if (ids.isRemoved(row)) continue;
        if (arrays !== null && places.savedRow(row) >= 0) found.push(places.savedRow(row));
        else lost.push(row);
      }
      if (arrays !== null) {
        await importRows(remote, state.empty, arrays, found.length, (i) => found[i]);
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
  // Brings the numbers of rows here in line with those of the new workers, which have no gaps.
  await state.compact();
  return { restored, lost: names };
}

/** The rows of the file, which must be that which `places` know of. */
function savedArrays(state: PoolState, file: Uint8Array): RowArrays {
  const { index, arrays, sum } = openFile(state.core, file);
  index.dispose();
  if (sum !== state.saved) {
    throw invalid('restart() takes the file that this pool saved last, or was opened from');
  }
  return arrays;
}
