// The state that the calls of a pool share: workers, ids and places.

import type { Core } from '../core/core.js';
import { FewbitsError } from '../core/errors.js';
import { FirstRows } from '../vectors/first-rows.js';
import type { Id } from '../vectors/id.js';
import { Ids } from '../vectors/ids.js';
import type { NativeIndex } from '../vectors/native.js';
import { createEmpty, type Transform, transformOf } from '../vectors/transform.js';
import type { Places } from './places.js';
import type { RemoteShard, Shards } from './shards.js';

export const disposed = () => new FewbitsError('DISPOSED', 'the pool has been disposed of');

/** The parts of a pool. Calls that change it run alone. */
export class PoolState {
  readonly core: Core;
  readonly shards: Shards;
  readonly places: Places;
  ids: Ids;
  /** An index without rows, like those of the workers. */
  empty: NativeIndex;
  /** The first rows, as in an index. */
  readonly first = new FirstRows();
  /** Ends the turn of each save that is running. */
  readonly saves = new Set<() => void>();
  #disposed = false;

  constructor(shards: Shards, empty: NativeIndex, ids: Ids, places: Places) {
    this.core = empty.core;
    this.shards = shards;
    this.empty = empty;
    this.ids = ids;
    this.places = places;
  }

  /** The ids in the order of insertion. */
  *names(): Generator<Id, void, void> {
    for (let row = 0; row < this.ids.length; row++) {
      if (!this.ids.isRemoved(row)) yield this.ids.at(row);
      this.check();
    }
  }

  get isDisposed(): boolean {
    return this.#disposed;
  }

  dispose(): void {
    this.#disposed = true;
    this.shards.end(disposed());
    for (const finish of this.saves) finish();
    this.empty.dispose();
    this.ids = new Ids();
  }

  /** Throws if disposed of. */
  check(): void {
    if (this.#disposed) throw disposed();
  }

  /** Throws if disposed of, or if a worker is missing. */
  checkAll(): void {
    this.check();
    this.shards.checkAll();
  }

  /** Runs `work` with every worker. */
  everywhere<T>(
    work: (remote: RemoteShard, shard: number) => Promise<T>,
    undo: (remote: RemoteShard) => Promise<unknown> = async () => {},
  ): Promise<T[]> {
    const all = Array.from({ length: this.shards.count }, (_, shard) => shard);
    return this.shards.all(all, work, undo);
  }

  /** Drops removed rows. */
  async compact(): Promise<void> {
    if (this.ids.removed === 0) return;
    // A worker that fails now has lost its rows, but the list of its rows stays valid.
    await Promise.all(
      Array.from({ length: this.shards.count }, async (_, shard) => {
        const remote = this.shards.at(shard);
        if (!remote.ended) await remote.call('compact', []).catch((cause) => remote.fail(cause));
      }),
    );
    this.check();
    this.places.compact((row) => this.ids.isRemoved(row));
    this.ids.compact(this.ids.length);
  }

  /**
   * Gives another transform to every worker and to the index without rows here, or, when it throws, to none.
   */
  async configure(transform: Transform): Promise<void> {
    const { settings } = this.empty;
    const before = transformOf(this.empty);
    const empty = createEmpty(this.core, settings, transform);
    try {
      const give = (remote: RemoteShard, to: Transform) => remote.call('configure', [settings, to]);
      await this.everywhere(
        (remote) => give(remote, transform),
        (remote) => give(remote, before),
      );
      this.check();
    } catch (error) {
      empty.dispose();
      throw error;
    }
    this.empty.dispose();
    this.empty = empty;
    this.places.forgetFiles();
  }
}
