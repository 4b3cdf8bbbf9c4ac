// Calls that change the vectors of a pool. Each runs alone, and changes everything or, when it throws,
// nothing.

import { FewbitsError } from '../core/errors.js';
import { checkSample, isSparse } from '../vectors/arguments.js';
import type { Values } from '../vectors/functions.js';
import type { Id } from '../vectors/id.js';
import { checkRemoved, checkRows } from '../vectors/id-list.js';
import { gather, sortOut, taken, type Upserted } from '../vectors/rows.js';
import { createEmpty, transformOf } from '../vectors/transform.js';
import type { Part } from './places.js';
import type { PoolState } from './state.js';

/** Appends vectors, spread evenly over the workers. */
export async function addVectors(
  state: PoolState,
  x: Values,
  names: ArrayLike<unknown> | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  state.checkAll();
  signal?.throwIfAborted();
  const n = x.length / state.empty.width;
  state.ids.stage(n, names);
  await committed(state, n, () => append(state, x, n, signal));
}

/** Adapts what was learned to the first vectors, as an index does. */
async function settle(state: PoolState, x: Values): Promise<void> {
  const { empty, ids, first } = state;
  const some = first.farWith(empty, x, ids.length);
  if (some !== null) await centreAnew(state, some, x);
  else if (ids.length === 0 && empty.settleOn(x)) {
    await state.configure(transformOf(empty));
    state.empty.goOnFor(empty);
  }
}

/** Codes the first rows again with the mean of `some` subtracted, before x is added. */
async function centreAnew(state: PoolState, some: Float32Array, x: Values): Promise<void> {
  const { empty, places } = state;
  empty.check(x);
  const { width } = empty;
  const { values } = state.first;
  const putBack = async () => {
    for (let row = 0; row < values.length / width; row++) {
      const remote = state.shards.at(places.shardOf(row));
      const piece = values.slice(row * width, (row + 1) * width);
      const transfer = [piece.buffer];
      if (remote.ended) continue;
      await remote.call('add', [piece, places.localOf(row)], { transfer }).catch((cause) => {
        remote.fail(cause);
        throw cause;
      });
    }
  };
  const made = createEmpty(state.core, empty.settings, transformOf(empty));
  try {
    made.goOnFor(empty);
    made.settleOn(some);
    await state.configure(transformOf(made));
    state.empty.goOnFor(made);
  } finally {
    made.dispose();
    // Added again with the old transform if the workers could not be reconfigured.
    await putBack();
  }
}

/** Replaces the vectors with the given ids. */
export async function replaceVectors(
  state: PoolState,
  x: Values,
  names: ArrayLike<unknown>,
): Promise<void> {
  state.checkAll();
  const { width } = state.empty;
  const rows = checkRows(names, x.length / width, state.ids);
  if (rows.length === 0) return;
  state.empty.check(x);
  await exchange(state, x, rows);
  state.first.replace(x, rows);
}

/** Replaces the vectors whose ids exist and appends the others; ids must be distinct. */
export async function upsertVectors(
  state: PoolState,
  x: Values,
  given: ArrayLike<unknown>,
): Promise<Upserted> {
  state.checkAll();
  const { width } = state.empty;
  const { fresh, known, rows, names } = sortOut(state.ids, x.length / width, given);
  state.empty.check(x);
  state.ids.stage(fresh.length, names);
  await committed(state, fresh.length, async () => {
    const parts = await append(state, gather(x, width, fresh), fresh.length);
    if (known.length === 0) return parts;
    try {
      const others = gather(x, width, known);
      await exchange(state, others, rows);
      state.first.replace(others, rows);
    } catch (error) {
      state.first.forget();
      await state.shards.truncate(parts);
      throw error;
    }
    return parts;
  });
  return { added: fresh.length, replaced: known.length };
}

/** Runs `work`, which puts the rows of the staged ids into shards, and commits or cancels the ids. */
async function committed(
  state: PoolState,
  n: number,
  work: () => Promise<readonly Part[]>,
): Promise<void> {
  const { ids, places } = state;
  try {
    places.reserve(n);
    const parts = await work();
    state.check();
    places.append(parts);
  } catch (error) {
    ids.cancel();
    throw error;
  }
  ids.commit();
}

/** Puts `n` new vectors into the shards; their places are not recorded yet. */
async function append(
  state: PoolState,
  x: Values,
  n: number,
  signal?: AbortSignal,
): Promise<readonly Part[]> {
  await settle(state, x);
  if (n === 0) return [];
  const parts = state.places.spread(n);
  try {
    await state.shards.add(x, state.empty.width, parts, signal);
  } catch (error) {
    // A worker counts from the start of its own part, so the position is computed here.
    const code = error instanceof FewbitsError && error.code;
    if (code === 'NON_FINITE' || code === 'INVALID_ARGUMENT') state.empty.check(x);
    throw error;
  }
  state.first.note(state.empty, x, state.ids.length);
  return parts;
}

/** Replaces row rows[i] by vector i. */
async function exchange(state: PoolState, x: Values, rows: readonly number[]): Promise<void> {
  const { places, ids } = state;
  const { width } = state.empty;
  const shards = [...new Set(rows.map((row) => places.shardOf(row)))];
  await state.shards.all(
    shards,
    (remote, shard) => {
      const those = rows.flatMap((row, i) => (places.shardOf(row) === shard ? [i] : []));
      const piece = taken(x, width, those);
      const locals = those.map((i) => places.localOf(rows[i]));
      const transfer = [piece.buffer as ArrayBuffer];
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

/** Removes the vectors whose ids exist; returns their number. */
export async function removeVectors(state: PoolState, given: ArrayLike<unknown>): Promise<number> {
  state.checkAll();
  const { places, ids } = state;
  const rows = checkRemoved(given as ArrayLike<Id>, ids);
  if (rows.length === 0) return 0;
  ids.reserveRemoved();
  state.first.forget();
  const shards = [...new Set(rows.map((row) => places.shardOf(row)))];
  const results = await Promise.allSettled(
    shards.map((shard) => {
      const those = rows.filter((row) => places.shardOf(row) === shard);
      const locals = those.map((row) => places.localOf(row));
      return state.shards.at(shard).call('removeMany', [locals]);
    }),
  );
  state.check();
  // A worker that ended meanwhile has lost its rows, and restart() does not restore removed ones. If the call
  // failed in all workers, nothing was removed.
  const [first] = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  if (first !== undefined && results.every(({ status }) => status === 'rejected')) {
    throw first.reason;
  }
  for (const row of rows) {
    ids.remove(row);
    places.remove(row);
  }
  if (isSparse(ids)) await state.compact();
  return rows.length;
}

/** Learns from a sample in one worker, and gives the result to all. */
export async function calibrate(
  state: PoolState,
  x: Float32Array,
  method: 'axes' | 'mean',
): Promise<void> {
  state.checkAll();
  checkSample(x, state.ids.length);
  const transfer = [x.buffer as ArrayBuffer];
  const { empty } = state;
  await state.configure(await state.shards.at(0).call('learn', [x, method], { transfer }));
  state.empty.goOnFor(empty);
  state.empty.unsettle();
}
