// The entry of the store: named bytes in the storage of a browser.

import { oneOf, options } from '../core/arguments.js';
import { FewbitsError, reasonOf } from '../core/errors.js';
import type { Backend } from './backend.js';
import { openIndexedDb } from './indexeddb.js';
import { platformLocks } from './locks.js';
import { checkName } from './names.js';
import { canWriteOpfs, hasStreams, openOpfs } from './opfs.js';
import { Store } from './store.js';

export { FewbitsError, type FewbitsErrorCode } from '../core/errors.js';
export type { Chunks } from '../io/pieces.js';
export type { Saveable, StoreSource } from './pieces.js';
export type { IndexOpener, SaveOptions, SaveProgress, Store, StoreEntry } from './store.js';

const BACKENDS = ['opfs', 'indexeddb'] as const;

export interface StoreOptions {
  /** The name of the store; stores with different names are independent. Default 'default'. */
  name?: string | undefined;
  /**
   * OPFS is the browser's file system for a site, IndexedDB its database; each has its own stores. Default
   * OPFS where pages and workers can write to it (Chromium, Firefox, Safari since 26), else IndexedDB.
   * `'opfs'` also works in workers of older Safaris, but not in their pages.
   */
  backend?: 'opfs' | 'indexeddb' | undefined;
}

/**
 * Opens a store of named bytes in this browser for this site, in a page or a worker, and removes the remains
 * of interrupted saves.
 *
 * The browser may delete all of a site's data when space runs out, unless `navigator.storage.persist()`
 * returned true.
 *
 * @throws FewbitsError UNSUPPORTED where there is no such storage, or the user forbids it: in Node write
 *   `index.save()` to a file
 */
export async function openStore(storeOptions?: StoreOptions): Promise<Store> {
  const o = options<StoreOptions>('options', storeOptions, ['name', 'backend']);
  const name = checkName('name', o.name ?? 'default');
  const wanted = o.backend === undefined ? undefined : oneOf('backend', o.backend, BACKENDS);
  const store = new Store(name, await openBackend(name, wanted), platformLocks());
  await store.tidy();
  return store;
}

async function openBackend(name: string, wanted: Backend['kind'] | undefined): Promise<Backend> {
  const refused: string[] = [];
  let cause: unknown;
  const attempt = async (kind: Backend['kind'], there: boolean, open: typeof openOpfs) => {
    if (wanted !== undefined && wanted !== kind) return undefined;
    if (!there) {
      refused.push(`there is no ${kind} that can be written here`);
      return undefined;
    }
    try {
      return await open(name);
    } catch (error) {
      cause = error;
      refused.push(`${kind} was refused: ${reasonOf(error)}`);
      return undefined;
    }
  };
  // The default must be the same in a page and its workers, so that they find the same data.
  const opfs = wanted === 'opfs' ? canWriteOpfs() : hasStreams();
  const backend =
    (await attempt('opfs', opfs, openOpfs)) ??
    (await attempt('indexeddb', typeof indexedDB !== 'undefined', openIndexedDb));
  if (backend) return backend;
  throw new FewbitsError('UNSUPPORTED', `openStore: ${refused.join('; ')}`, { cause });
}
