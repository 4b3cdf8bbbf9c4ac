// Creation and opening of pools, on any platform.

import { insideOf, type LoadOptions } from '../load/loader.js';
import type { FewbitsVectors } from '../load/vectors.js';
import { bytesOf, checkSettings, type IndexOptions } from '../vectors/arguments.js';
import { openFile } from '../vectors/file.js';
import { createEmpty } from '../vectors/transform.js';
import { type Source, sourceOf, startRemote } from '../worker/start.js';
import { begin, starting } from './begin.js';
import { checkCreate, checkOpen, checkStart, type PoolSettings } from './options.js';
import { Places } from './places.js';
import { VectorPool } from './pool.js';
import { RUNS } from './serve.js';
import { importRows, Shards, type StartShard } from './shards.js';
import { PoolState } from './state.js';

/** The parts that differ between platforms. */
export interface Platform {
  load(options: LoadOptions): Promise<FewbitsVectors>;
  /** The package's own worker script. */
  readonly own: Source;
  cores(): number;
}

/** The function that starts a worker, and the number of workers. */
function starter<Worker>(
  platform: Platform,
  o: PoolSettings<Worker>,
): { count: number; start: StartShard } {
  const { count, startTimeout } = checkStart(o, platform.cores());
  const source = sourceOf(o.createWorker, platform.own);
  const start: StartShard = (name) =>
    startRemote(source, { name, runs: RUNS, startTimeout, strict: true, stable: true });
  return { count, start };
}

/** Creates a pool on a platform. */
export async function create<Worker>(
  platform: Platform,
  given: IndexOptions & PoolSettings<Worker>,
): Promise<VectorPool> {
  const o = checkCreate<Worker>(given);
  const { settings, mean } = checkSettings(o);
  const { count, start } = starter(platform, o);
  const { core, module } = insideOf(await platform.load({ variant: o.variant, wasm: o.wasm }));
  const empty = createEmpty(core, settings, { mean, learned: null });
  const shards = new Shards(start, module);
  return new VectorPool(await begin(shards, count, empty));
}

/** Opens a pool on a platform. */
export async function open<Worker>(
  platform: Platform,
  file: ArrayBuffer | ArrayBufferView,
  given: PoolSettings<Worker> | undefined,
): Promise<VectorPool> {
  const bytes = bytesOf('openPool', file);
  const o = checkOpen<Worker>(given);
  const { count, start } = starter(platform, o);
  const { core, module } = insideOf(await platform.load({ variant: o.variant, wasm: o.wasm }));
  const { index: empty, ids, arrays, sum } = openFile(core, bytes);
  const shards = new Shards(start, module);
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
