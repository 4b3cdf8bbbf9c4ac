// Actions that the tests let a page or a worker perform on a store. Long because each action is a scene of
// its own.

import { load } from '../node_modules/fewbits/dist/index.js';
import { openPool } from '../node_modules/fewbits/dist/pool/index.js';
import * as reader from '../node_modules/fewbits/dist/reader/index.js';
import { openStore } from '../node_modules/fewbits/dist/store/index.js';
import { load as loadAlone } from '../node_modules/fewbits/dist/vectors.js';

/** Bytes whose length and contents depend on `i`; the first four are `i`. */
export function pattern(i, unit = 1 << 20) {
  const length = 4 * Math.floor((1 + ((i * 7919) % 11)) * (unit / 4) + (i % 5));
  const words = new Uint32Array(length / 4);
  let state = i + 1;
  for (let at = 0; at < words.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[at] = state;
  }
  words[0] = i;
  return new Uint8Array(words.buffer);
}

function same(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The number of the pattern that these bytes are exactly; throws if they are none. */
function patternOf(bytes, unit) {
  const i = new DataView(bytes.buffer).getUint32(0, true);
  if (!same(bytes, pattern(i, unit))) throw new Error(`not the pattern ${i}`);
  return i;
}

const codeOf = async (promise) => {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    return error.code ? `${error.name} ${error.code}` : `${error.name}: ${error.message}`;
  }
};

const database = (name) =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(`fewbits/${name}`);
    // The database does not exist yet.
    request.onupgradeneeded = () => request.transaction.abort();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** The number of versions that a store keeps in the browser's storage, counted without the package. */
async function taken(backend, name) {
  if (backend === 'opfs') {
    const root = await navigator.storage.getDirectory();
    const folder = await (await root.getDirectoryHandle('fewbits')).getDirectoryHandle(name);
    let files = 0;
    for await (const _ of folder.keys()) files++;
    return files;
  }
  const open = await database(name);
  try {
    const chunks = open.transaction('chunks').objectStore('chunks').getAllKeys();
    await new Promise((resolve) => {
      chunks.onsuccess = resolve;
    });
    return new Set(chunks.result.map(([entry, number]) => `${entry}.${number}`)).size;
  } finally {
    open.close();
  }
}

/** Throws, or hangs forever, at the n-th call into the browser's storage. */
function inject(n, how) {
  const undo = [];
  const control = { count: 0, hit: false, undo: () => undo.map((restore) => restore()) };
  const wrap = (type, names) => {
    for (const name of names) {
      const original = type?.prototype[name];
      if (!original) continue;
      type.prototype[name] = function (...args) {
        const dead = control.hit && how === 'stop';
        if (!dead && control.count++ !== n) return original.apply(this, args);
        control.hit = true;
        throw new DOMException('no room', how === 'stop' ? 'AbortError' : 'QuotaExceededError');
      };
      undo.push(() => {
        type.prototype[name] = original;
      });
    }
  };
  wrap(globalThis.FileSystemDirectoryHandle, ['getFileHandle', 'removeEntry', 'values']);
  wrap(globalThis.FileSystemFileHandle, ['createWritable', 'createSyncAccessHandle', 'getFile']);
  wrap(globalThis.FileSystemWritableFileStream, ['write', 'close']);
  wrap(globalThis.FileSystemSyncAccessHandle, ['write', 'flush']);
  wrap(globalThis.IDBDatabase, ['transaction']);
  wrap(globalThis.IDBObjectStore, ['add', 'delete', 'get', 'getAll', 'count', 'openKeyCursor']);
  return control;
}

export const actions = {
  /** Uses every function of a store; results are compared with the expected ones. */
  async use({ backend, name }) {
    const store = await openStore({ name, backend });
    const found = { backend: store.backend, name: store.name };
    const large = pattern(6);
    const progress = [];
    await store.save('large', large, {
      onProgress: ({ bytesDone, bytes }) => progress.push(bytesDone / bytes),
      metadata: { made: 'here', text: 'ä"\\' },
    });
    found.progress = [progress.length, progress.at(-1)];
    found.large = same(await store.read('large'), large);
    await store.save('large', pattern(3));
    found.replaced = patternOf(await store.read('large'));
    const controller = new AbortController();
    const pieces = (function* () {
      for (let i = 0; i < 30; i++) yield pattern(i);
    })();
    setTimeout(() => controller.abort(new Error('enough')), 20);
    found.aborted = await codeOf(store.save('large', pieces, { signal: controller.signal }));
    found.notReplaced = patternOf(await store.read('large'));
    await store.save('empty', new Uint8Array(0), { metadata: { of: 'nothing' } });
    found.empty = (await store.read('empty')).length;
    const names = ['../x', 'a', 'A', 'a.1', 'a.1.crswap', '日本', 'CON', ' ', '=', 'x'.repeat(200)];
    for (const [i, entry] of names.entries()) await store.save(entry, Uint8Array.of(i));
    found.names = [];
    for (const entry of names) found.names.push((await store.read(entry))[0]);
    found.list = (await store.list()).map((one) => one.name).sort();
    found.metadata = (await store.list()).find((one) => one.name === 'empty').metadata;
    found.size = await store.size('large');
    found.deleted = [await store.delete('large'), await store.delete('large')];
    found.missing = await codeOf(store.read('large'));
    for (const entry of names) await store.delete(entry);
    found.has = [await store.has('empty'), await store.has('a')];
    found.taken = await taken(backend, name);
    return found;
  },

  async index({ backend, name }) {
    const fb = await load();
    const store = await openStore({ name, backend });
    const index = fb.createIndex({ dims: 96, bits: 4, refine: 8 });
    const n = 40_000;
    const x = Float32Array.from({ length: n * 96 }, (_, i) => Math.sin(i * i * 0.37 + i));
    const ids = Array.from({ length: n }, (_, i) => `vector ${i}`);
    index.add(x, ids);
    const progress = [];
    await store.save('index', index, {
      onProgress: ({ bytesDone, bytes }) => progress.push(bytesDone / bytes),
    });
    const again = await store.openIndex(fb, 'index');
    const file = index.save();
    const found = {
      same: same(await store.read('index'), file) && same(again.save(), file),
      ids: again.search(x.subarray(0, 96), { k: 3 }).ids[0],
      progress: progress.length > 1 && progress.at(-1) === 1,
    };
    // The index-only build opens and saves it, and the reader opens the result.
    const alone = await store.openIndex(await loadAlone(), 'index');
    await store.save('alone', alone);
    alone.dispose();
    found.alone = same(await store.read('alone'), file);
    const read = await store.openIndex(reader, 'alone');
    found.read = read.search(x.subarray(0, 96), { k: 3 }).ids[0];
    const pool = await openPool(file, { workers: 2 });
    await store.save('pool', pool);
    found.pool = same(await store.read('pool'), file);
    pool.dispose();
    // The index is changed while it is being saved: the old file stays.
    let changed = false;
    const changing = store.save('index', index, {
      onProgress: () => {
        if (!changed) index.remove('vector 7');
        changed = true;
      },
    });
    found.changed = await codeOf(changing);
    index.dispose();
    found.disposed = await codeOf(store.save('index', index));
    found.kept = same(await store.read('index'), file);
    await store.save('text', new TextEncoder().encode('no index'));
    found.none = await codeOf(store.openIndex(fb, 'text'));
    await store.save('index', index).catch(() => {});
    again.dispose();
    return found;
  },

  async read({ backend, name, entry }) {
    const store = await openStore({ name, backend });
    return patternOf(await store.read(entry));
  },

  async save({ backend, name, entry, i, unit }) {
    const store = await openStore({ name, backend });
    await store.save(entry, pattern(i, unit));
    return store.backend;
  },

  /** Saves one pattern after the other until it is ended, and reports the completed ones. */
  async saveOn({ backend, name, from, unit }) {
    const store = await openStore({ name, backend });
    const done = new BroadcastChannel(name);
    done.postMessage(from - 1);
    for (let i = from; ; i++) {
      await store.save('a', pattern(i, unit));
      done.postMessage(i);
    }
  },

  /** After a kill: the number of versions stored before and after opening, and the newest complete one. */
  async reopen({ backend, name, unit }) {
    const left = await taken(backend, name).catch(() => 0);
    const store = await openStore({ name, backend });
    const whole = (await store.has('a')) ? patternOf(await store.read('a'), unit) : -1;
    return { whole, left, taken: await taken(backend, name) };
  },

  /** For every n: the storage fails at the n-th call, permanently or once. */
  async faults({ backend, name, how }) {
    const unit = 1 << 12;
    const problems = [];
    for (let n = 0; ; n++) {
      const clean = await openStore({ name, backend });
      await clean.save('a', pattern(1, unit));
      await clean.save('b', pattern(2, unit));
      const store = await openStore({ name, backend });
      const control = inject(n, how);
      const outcomes = [];
      for (const act of [
        () => store.save('a', pattern(3, unit)),
        () => store.delete('b'),
        () => store.save('c', pattern(4, unit)),
      ]) {
        outcomes.push(await codeOf(act()));
      }
      control.undo();
      const expected = outcomes.map((outcome) => outcome === 'no error');
      // Another store on the same data: a save or removal that threw may have no effect, one that succeeded
      // must show.
      const again = await openStore({ name, backend });
      const value = async (entry) =>
        (await again.has(entry)) ? patternOf(await again.read(entry), unit) : -1;
      const found = [await value('a'), await value('b'), await value('c')];
      const right = [expected[0] ? 3 : 1, expected[1] ? -1 : 2, expected[2] ? 4 : -1];
      if (how === 'stop' && control.hit) {
        // Everything except the last step may have been done, whose result came too late to be reported.
        for (const [at, done] of [3, -1, 4].entries()) {
          if (!expected[at] && found[at] === done) right[at] = done;
        }
      }
      const live = found.filter((one) => one >= 0).length;
      const rooms = await taken(backend, name);
      if (found.join() !== right.join() || rooms !== live) {
        problems.push({ n, outcomes, found, right, rooms });
      }
      for (const { name: entry } of await again.list()) await again.delete(entry);
      if (!control.hit) return { calls: n, problems };
    }
  },

  /** Saves, and reads what others saved, for `rounds` rounds. */
  async compete({ backend, name, first, rounds, unit }) {
    const store = await openStore({ name, backend });
    const read = [];
    for (let i = 0; i < rounds; i++) {
      await store.save('a', pattern(first + i, unit));
      read.push(patternOf(await store.read('a'), unit));
    }
    return read;
  },

  /** Saves more than fits; with `vague`, streams report only that they were cut off. */
  async overflow({ backend, name, unit, vague }) {
    const { write } = FileSystemWritableFileStream.prototype;
    FileSystemWritableFileStream.prototype.write = async function (...args) {
      try {
        await write.apply(this, args);
      } catch (error) {
        throw vague ? new DOMException('cut', 'AbortError') : error;
      }
    };
    const store = await openStore({ name, backend });
    await store.save('a', pattern(1, unit));
    const pieces = (function* () {
      for (let i = 0; i < 64; i++) yield pattern(i, unit);
    })();
    return {
      code: await codeOf(store.save('a', pieces)),
      kept: patternOf(await store.read('a'), unit),
      taken: await taken(backend, name),
      again: await codeOf(store.save('a', pattern(2, unit))),
      whole: patternOf(await store.read('a'), unit),
    };
  },

  /**
   * A full disk, which an access handle reports only by the count it returns: too small, or 2^32 - 8 in
   * Chromium.
   */
  async short({ name, count }) {
    const { prototype } = FileSystemSyncAccessHandle;
    const { write } = prototype;
    const store = await openStore({ name, backend: 'opfs' });
    const unit = 1 << 20;
    await store.save('a', pattern(1, unit));
    let calls = 0;
    prototype.write = function (bytes, options) {
      return ++calls === 2 ? count : write.call(this, bytes, options);
    };
    const pieces = (function* () {
      for (let i = 0; i < 12; i++) yield pattern(i, unit);
    })();
    const error = await store.save('a', pieces).catch((cause) => cause);
    prototype.write = write;
    return {
      code: `${error.name} ${error.code}`,
      message: error.message,
      kept: patternOf(await store.read('a'), unit),
      taken: await taken('opfs', name),
      again: await codeOf(store.save('a', pattern(2, unit))),
    };
  },

  /** Writes pieces of a megabyte from the same memory, so that there is little garbage to collect. */
  async large({ name, backend, mebibytes }) {
    const store = await openStore({ name, backend });
    const piece = new Uint8Array(1 << 20);
    const pieces = (function* () {
      for (let i = 0; i < mebibytes; i++) {
        piece.fill(i);
        yield piece;
      }
    })();
    const code = await codeOf(store.save('large', pieces));
    const size = code === 'no error' ? await store.size('large') : 0;
    await store.delete('large');
    return { code, size };
  },

  /**
   * After a single failure of OPFS, opening fails instead of choosing another storage. IndexedDB is opened
   * again, as that usually works.
   */
  async passing({ name }) {
    const fail = (type, method, act) => {
      const real = type.prototype[method];
      type.prototype[method] = () => {
        type.prototype[method] = real;
        return act();
      };
    };
    fail(FileSystemDirectoryHandle, 'getDirectoryHandle', async () => {
      throw new DOMException('not now', 'NotReadableError');
    });
    const opfs = await codeOf(openStore({ name }));
    fail(IDBFactory, 'open', () => {
      const request = { error: new DOMException('not now', 'UnknownError') };
      queueMicrotask(() => request.onerror());
      return request;
    });
    const indexeddb = await codeOf(openStore({ name, backend: 'indexeddb' }));
    return { opfs, indexeddb, later: (await openStore({ name })).backend };
  },

  async choose() {
    const store = await openStore();
    const opfs = await codeOf(openStore({ backend: 'opfs' }));
    return { name: store.name, backend: store.backend, opfs, locks: 'locks' in navigator };
  },
};
