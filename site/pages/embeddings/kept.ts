/** What is kept in the browser: one index, in IndexedDB. */
export interface Kept {
  /** As VectorIndex.save() gives it. */
  readonly file: Blob;
  readonly name: string;
  /** Whether words embed a query, as for the built-in set. */
  readonly text: boolean;
}

const STORE = 'indexes';
const KEY = 'kept';

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('fewbits-embeddings', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Runs `act` in one transaction and waits until that is complete: all of it or nothing. */
async function transact<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await openDatabase();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? request.error);
    });
  } finally {
    database.close();
  }
}

/** In place of what was kept before. */
export async function keep(kept: Kept): Promise<void> {
  await transact('readwrite', (store) => store.put(kept, KEY));
}

export const kept = (): Promise<Kept | undefined> =>
  transact('readonly', (store) => store.get(KEY) as IDBRequest<Kept | undefined>);

export async function forget(): Promise<void> {
  await transact('readwrite', (store) => store.delete(KEY));
}
