// Calls that change the vectors of a pool. Each has its turn alone, and changes all or, when it throws, nothing.

import { FewbitsError } from '../core/errors.js';
import { checkRows, checkSample, isSparse } from '../vectors/arguments.js';
import type { Id } from '../vectors/id.js';
import type { PoolState } from './state.js';

/** Appends vectors, spread evenly over the workers. */
export async function addVectors(
  state: PoolState,
  x: Float32Array,
  names: ArrayLike<unknown> | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  state.checkAll();
  signal?.throwIfAborted();
  const { dims } = state.empty.settings;
  const n = x.length / dims;
  const { ids } = state;
  ids.stage(n, names);
  if (n === 0) return;
  const parts = state.places.spread(n);
  await state.shards.add(x, dims, parts, signal).catch((error) => {
    ids.cancel();
    // A worker refused what it was given, and counts from there: one index says what is wrong.
    const code = error instanceof FewbitsError && error.code;
    if (code === 'NON_FINITE' || code === 'INVALID_ARGUMENT') state.empty.check(x);
    throw error;
  });
  state.check();
  state.places.append(parts);
  ids.commit();
}

/** Puts other vectors in place of those with the given ids. */
export async function replaceVectors(
  state: PoolState,
  x: Float32Array,
  names: ArrayLike<unknown>,
): Promise<void> {
  state.checkAll();
  const { dims } = state.empty.settings;
  const rows = checkRows(names, x.length / dims, state.ids);
  if (rows.length === 0) return;
  state.empty.check(x);
  const { places, ids } = state;
  const shards = [...new Set(rows.map((row) => places.shardOf(row)))];
  await state.shards.all(
    shards,
    (remote, shard) => {
      const those = rows.flatMap((row, i) => (places.shardOf(row) === shard ? [i] : []));
      const piece = new Float32Array(those.length * dims);
      those.forEach((i, to) => {
        piece.set(x.subarray(i * dims, (i + 1) * dims), to * dims);
      });
      const locals = those.map((i) => places.localOf(rows[i]));
      const transfer = [piece.buffer];
      return remote.call('replace', [piece, locals, shards.length > 1], { transfer });
    },
    (remote, shard) => {
      const all = [...places.rowsOf(shard)];
      const removed = all.flatMap((row, local) => (ids.isRemoved(row) ? [local] : []));
      return remote.call('undo', [all.length, removed]);
    },
  );
  for (const row of rows) places.setChanged(row);
}

/** Removes a vector; false when there is none of that id. */
export async function removeVector(state: PoolState, id: Id): Promise<boolean> {
  state.checkAll();
  const row = state.ids.row(id);
  if (row === undefined) return false;
  const { places } = state;
  await state.shards.at(places.shardOf(row)).call('remove', [places.localOf(row)]);
  state.check();
  state.ids.remove(row);
  places.remove(row);
  if (isSparse(state.ids)) await state.compact();
  return true;
}

/** Learns from a sample in a worker, and gives all of them what was learned. */
export async function calibrate(
  state: PoolState,
  x: Float32Array,
  method: 'axes' | 'mean',
): Promise<void> {
  state.checkAll();
  checkSample(x, state.ids.length);
  const transfer = [x.buffer as ArrayBuffer];
  await state.configure(await state.shards.at(0).call('learn', [x, method], { transfer }));
}
