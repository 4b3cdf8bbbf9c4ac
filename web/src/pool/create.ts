import { FewbitsError } from '../core/errors.js';
import type { Fewbits } from '../load/fewbits.js';
import { insideOf, type LoadOptions } from '../load/load.js';
import { bytesOf, checkSettings, type IndexOptions } from '../vectors/arguments.js';
import { openFile } from '../vectors/file.js';
import { Ids } from '../vectors/ids.js';
import type { NativeIndex } from '../vectors/native.js';
import { checkCreate, checkOpen, checkWorkers, type PoolSettings } from './options.js';
import { Places } from './places.js';
import { VectorPool } from './pool.js';
import { createEmpty } from './shard.js';
import { importRows, Shards, type StartWorker } from './shards.js';
import { PoolState } from './state.js';

/** What differs between platforms. */
export interface Platform<Worker> {
  load(options: LoadOptions): Promise<Fewbits>;
  /** Adapts the worker that `create` makes, or else the one of the package. */
  start(create: (() => Worker) | undefined): ReturnType<StartWorker>;
  cores(): number;
}

/** createPool() on a platform. */
export async function create<Worker>(
  platform: Platform<Worker>,
  given: IndexOptions & PoolSettings<Worker>,
): Promise<VectorPool> {
  const o = checkCreate<Worker>(given);
  const { settings, mean } = checkSettings(o);
  const count = checkWorkers(o.workers, platform.cores());
  const { core, module } = insideOf(await platform.load({ variant: o.variant, wasm: o.wasm }));
  const empty = createEmpty(core, settings, { mean, learned: null });
  const shards = new Shards(() => platform.start(o.createWorker), module);
  return starting(shards, empty, async () => {
    await shards.start(count, empty);
    const places = new Places(count);
    return new VectorPool(new PoolState(shards, empty, new Ids(), places));
  });
}

/** openPool() on a platform. */
export async function open<Worker>(
  platform: Platform<Worker>,
  file: ArrayBuffer | ArrayBufferView,
  given: PoolSettings<Worker> | undefined,
): Promise<VectorPool> {
  const bytes = bytesOf('openPool', file);
  const o = checkOpen<Worker>(given);
  const count = checkWorkers(o.workers, platform.cores());
  const { core, module } = insideOf(await platform.load({ variant: o.variant, wasm: o.wasm }));
  const { index: empty, ids, arrays, sum } = openFile(core, bytes);
  const shards = new Shards(() => platform.start(o.createWorker), module);
  return starting(shards, empty, async () => {
    await shards.start(count, empty);
    const places = new Places(count);
    const parts = places.spread(ids.length);
    await shards.all(
      parts.map(({ shard }) => shard),
      (remote, _, i) =>
        importRows(remote, empty, arrays, parts[i].n, (row) => parts[i].first + row),
      async () => {},
    );
    places.append(parts);
    places.setSaved(sum);
    return new VectorPool(new PoolState(shards, empty, ids, places));
  });
}

/** Ends the workers when `work` fails. */
async function starting<T>(shards: Shards, empty: NativeIndex, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    empty.dispose();
    shards.end(new FewbitsError('LOAD_FAILED', 'the pool did not start'));
    throw error;
  }
}
