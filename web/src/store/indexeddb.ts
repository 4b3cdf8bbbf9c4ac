// The store in IndexedDB, the database that browsers keep for a site.

import type { Backend, Seal, Version, Writer } from './backend.js';

// A version is its chunks, [name, number, i], and its seal, [name, number]. Each chunk is written in its own
// transaction, so that a long save blocks nobody and keeps only one chunk in memory; the seal is the last
// one.

const CHUNKS = 'chunks';
const SEALS = 'seals';
type StoreName = typeof CHUNKS | typeof SEALS;

/** Makes sure that a version is on the disk before older ones are removed. */
const ON_DISK: IDBTransactionOptions = { durability: 'strict' };

interface SealRecord extends Seal {
  readonly chunks: number;
}

export async function openIndexedDb(store: string): Promise<Backend> {
  const name = `fewbits/${store}`;
  // Opened once now, so that a browser that refuses does so before anything else.
  (await openDatabase(name)).close();

  return {
    kind: 'indexeddb',
    versions: (wanted) => withDatabase(name, (database) => readVersions(database, wanted)),
    async create(wanted, number) {
      return createWriter(await openDatabase(name), [wanted, number]);
    },
    read: (version, each) =>
      withDatabase(name, (database) =>
        transact(database, [CHUNKS, SEALS], 'readonly', async (chunks, seals) => {
          const key = keyOf(version);
          const seal: SealRecord | undefined = await settled(seals.get(key));
          for (let i = 0; i < (seal?.chunks ?? 1); i++) {
            const chunk: Uint8Array | undefined = await settled(chunks.get([...key, i]));
            if (!chunk) break;
            each(chunk);
          }
        }),
      ),
    remove: (version) =>
      withDatabase(name, (database) =>
        transact(database, [CHUNKS, SEALS], 'readwrite', async (chunks, seals) => {
          const key = keyOf(version);
          chunks.delete(below(key));
          await settled(seals.delete(key));
        }),
      ),
  };
}

type Key = [name: string, number: number];
const keyOf = ({ name, number }: Version): Key => [name, number];

/** Keys that begin with `key`: an empty array sorts after every number and string. */
const below = (key: readonly IDBValidKey[]) => IDBKeyRange.bound([...key], [...key, []]);

function createWriter(database: IDBDatabase, key: Key): Writer {
  let count = 0;
  return {
    write: (bytes) =>
      transact(
        database,
        [CHUNKS],
        'readwrite',
        async (chunks) => {
          // A view would be stored with its whole buffer.
          const chunk = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
          // Not put(): another version with the same number must be an error.
          await settled(chunks.add(chunk, [...key, count]));
          count++;
        },
        ON_DISK,
      ),
    async seal(seal) {
      await transact(
        database,
        [CHUNKS, SEALS],
        'readwrite',
        async (chunks, seals) => {
          const there = await settled(chunks.count(below(key)));
          if (there !== count) throw new Error(`${count - there} chunks were removed meanwhile`);
          const record: SealRecord = { ...seal, chunks: count };
          await settled(seals.add(record, key));
        },
        ON_DISK,
      );
      database.close();
    },
    async abort() {
      database.close();
    },
  };
}

function readVersions(database: IDBDatabase, name: string | undefined): Promise<Version[]> {
  return transact(database, [CHUNKS, SEALS], 'readonly', async (chunks, seals) => {
    const range = name === undefined ? undefined : below([name]);
    const keys = (await settled(seals.getAllKeys(range))) as Key[];
    const records: SealRecord[] = await settled(seals.getAll(range));
    const found: Version[] = keys.map(([name, number], i) => {
      const { byteLength, checksum, metadata } = records[i];
      return { name, number, seal: { byteLength, checksum, metadata } };
    });
    const sealed = new Set(keys.map((key) => JSON.stringify(key)));
    const request = chunks.openKeyCursor(range);
    for (let cursor = await settled(request); cursor; cursor = await settled(request)) {
      const [name, number] = cursor.key as [string, number, number];
      if (!sealed.has(JSON.stringify([name, number]))) found.push({ name, number, seal: null });
      // Skips to the first chunk of the next version.
      cursor.continue([name, number, []]);
    }
    return found;
  });
}

/**
 * Opens the database, with retries: Chromium reports UnknownError while it repairs what a killed browser
 * left.
 */
async function openDatabase(name: string): Promise<IDBDatabase> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openOnce(name);
    } catch (error) {
      if (attempt === 3 || (error as DOMException | null)?.name !== 'UnknownError') throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function openOnce(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(CHUNKS);
      request.result.createObjectStore(SEALS);
    };
    request.onsuccess = () => {
      const database = request.result;
      // Others can delete the database without waiting for a save.
      database.onversionchange = () => database.close();
      resolve(database);
    };
    request.onerror = () => reject(request.error);
  });
}

/** Opens a connection only while it is needed, as an open one would block others. */
async function withDatabase<T>(
  name: string,
  act: (database: IDBDatabase) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(name);
  try {
    return await act(database);
  } finally {
    database.close();
  }
}

/** The result of a request. In a transaction the next request must follow without any other await. */
function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Runs `act` in a transaction and waits for its end: afterwards either all of it is stored, or nothing. */
async function transact<T>(
  database: IDBDatabase,
  names: readonly StoreName[],
  mode: IDBTransactionMode,
  act: (...stores: IDBObjectStore[]) => Promise<T>,
  options?: IDBTransactionOptions,
): Promise<T> {
  const transaction = database.transaction(names, mode, options);
  const ended = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    // Quota errors may arrive at the end, without a failed request.
    transaction.onabort = () => reject(transaction.error ?? new Error('transaction aborted'));
  });
  ended.catch(() => {});
  let result: T;
  try {
    result = await act(...names.map((name) => transaction.objectStore(name)));
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // The transaction had already ended.
    }
    // The error of the transaction says more than those of its requests.
    await ended.catch(() => {});
    throw transaction.error ?? error;
  }
  await ended;
  return result;
}
