// Creates the state of a pool whose workers have just started.

import { FewbitsError } from '../core/errors.js';
import { Ids } from '../vectors/ids.js';
import type { NativeIndex } from '../vectors/native.js';
import { createEmpty, transformOf } from '../vectors/transform.js';
import { Places } from './places.js';
import type { Shards } from './shards.js';
import { PoolState } from './state.js';

/** A pool without vectors, with `count` workers that each have an index like `empty`. */
export function begin(shards: Shards, count: number, empty: NativeIndex): Promise<PoolState> {
  return starting(shards, empty, async () => {
    await shards.start(count, empty);
    return new PoolState(shards, empty, new Ids(), new Places(count));
  });
}

/** A pool without vectors, otherwise like this one. */
export function beginLike(state: PoolState): Promise<PoolState> {
  const { core, empty, shards } = state;
  const like = createEmpty(core, empty.settings, transformOf(empty));
  empty.codeAlike(like, state.ids.length);
  state.first.forget();
  return begin(shards.another(), shards.count, like);
}

/** Ends the workers when `work` fails. */
export async function starting<T>(
  shards: Shards,
  empty: NativeIndex,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    empty.dispose();
    shards.end(new FewbitsError('WORKER_FAILED', 'the pool did not start'));
    throw error;
  }
}
