// The store on a storage that stops or fails at each of its operations in turn. Browsers that are really
// killed are tested in tests/package. Long because both storages go through every failure.

import { load } from 'fewbits';
import * as reader from 'fewbits/reader';
import { load as loadSearch } from 'fewbits/search';
import { openStore } from 'fewbits/store';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../web/dist/core/crc32.js';
import { localLocks } from '../../web/dist/store/locks.js';
import type { Store } from '../../web/dist/store/store.js';
import { Disk, fine, locks, storeOn, type Tear } from '../support/disk.ts';

type State = Record<string, string>;

/** The contents of the store by name, without names whose only version is damaged, which must be reported. */
async function contents(store: Store): Promise<State> {
  const state: State = {};
  for (const { name } of await store.list()) {
    try {
      state[name] = new TextDecoder().decode(await store.read(name));
    } catch (error) {
      expect(error).toMatchObject({ code: 'CORRUPT_DATA' });
    }
  }
  return state;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

interface Step {
  readonly act: (store: Store) => Promise<unknown>;
  readonly after: State;
}

const save = (name: string, text: string) => (store: Store) => store.save(name, bytesOf(text));
const STEPS: readonly Step[] = [
  { act: save('a', 'the first of a'), after: { a: 'the first of a' } },
  { act: save('b', 'b'), after: { a: 'the first of a', b: 'b' } },
  { act: save('a', 'the second, longer'), after: { a: 'the second, longer', b: 'b' } },
  { act: save('a', ''), after: { a: '', b: 'b' } },
  { act: (store) => store.delete('b'), after: { a: '' } },
  { act: save('a', 'third'), after: { a: 'third' } },
  { act: (store) => store.delete('a'), after: {} },
  { act: save('a', 'the last of all'), after: { a: 'the last of all' } },
];

/** Runs the steps until one throws; returns the states that may be found afterwards. */
async function runSteps(store: Store): Promise<State[]> {
  let before: State = {};
  for (const { act, after } of STEPS) {
    try {
      await act(store);
    } catch {
      return [before, after];
    }
    before = after;
  }
  return [before];
}

describe.each<Tear>(['before', 'half', 'after', 'seal without its bytes'])('killed %s', (tear) => {
  it('at any operation: the last whole versions open, and nothing is left over', async () => {
    let kills = 0;
    for (let n = 0; ; n++) {
      const disk = new Disk();
      let count = 0;
      let killed = false;
      const allowed = await runSteps(
        storeOn(disk, () => {
          if (count++ < n) return null;
          killed = true;
          return tear;
        }),
      );
      // A reader before any cleanup, and a process that opens the store again.
      expect(allowed).toContainEqual(await contents(storeOn(disk)));
      const again = storeOn(disk);
      await again.tidy();
      const found = await contents(again);
      expect(allowed).toContainEqual(found);
      // A damaged first version has no earlier one, and is reported until it is saved again.
      if (tear !== 'seal without its bytes') {
        expect(disk.left.sort()).toEqual(Object.keys(found).sort());
      }
      // The steps then succeed as if nothing had happened, also without a cleanup first.
      expect(await runSteps(storeOn(disk))).toEqual([STEPS.at(-1)?.after]);
      expect(disk.left).toEqual(['a']);
      if (!killed) break;
      kills++;
    }
    expect(kills).toBeGreaterThan(40);
  });

  it('a second time while cleaning up', async () => {
    for (let n = 8; n < 60; n++) {
      const disk = new Disk();
      let count = 0;
      const allowed = await runSteps(storeOn(disk, () => (count++ < n ? null : tear)));
      for (let m = 0; m < 8; m++) {
        let more = 0;
        await storeOn(disk, () => (more++ < m ? null : tear))
          .tidy()
          .catch(() => {});
        expect(allowed).toContainEqual(await contents(storeOn(disk)));
      }
    }
  });
});

it('deleting, killed at any operation: what was read before it is there, or nothing', async () => {
  for (let n = 8; n < 60; n++) {
    for (let m = 0; m < 8; m++) {
      const disk = new Disk();
      let count = 0;
      await runSteps(storeOn(disk, () => (count++ < n ? null : 'after')));
      const { a, ...others } = await contents(storeOn(disk));
      let more = 0;
      await storeOn(disk, () => (more++ < m ? null : 'before'))
        .delete('a')
        .catch(() => {});
      const states = a === undefined ? [others] : [{ a, ...others }, others];
      expect(states).toContainEqual(await contents(storeOn(disk)));
    }
  }
});

it('a version that another tab replaces while it is read gives way to the new one', async () => {
  const disk = new Disk();
  await storeOn(disk).save('a', bytesOf('old and long enough'));
  const other = new Disk();
  await storeOn(other).save('a', bytesOf('new'));
  let count = 0;
  const reader = storeOn(disk, () => {
    if (count++ === 3) {
      disk.files.clear();
      for (const [key, file] of other.files) disk.files.set(key, file);
    }
    return null;
  });
  expect(await contents(reader)).toEqual({ a: 'new' });
});

it('any operation fails: the call throws and changes nothing, or does all of it', async () => {
  const full = new DOMException('no room', 'QuotaExceededError');
  for (let n = 0; ; n++) {
    const disk = new Disk();
    let count = 0;
    const store = storeOn(disk, () => (count++ === n ? full : null));
    let state: State = {};
    for (const { act, after } of STEPS) {
      const failed = await act(store).then(
        () => null,
        (error) => error,
      );
      if (failed) {
        expect(failed).toMatchObject({ name: 'FewbitsError', code: 'STORAGE_FULL' });
        expect(await contents(storeOn(disk))).toEqual(state);
        await act(store);
      }
      state = after;
      expect(await contents(storeOn(disk))).toEqual(state);
    }
    await storeOn(disk).tidy();
    expect(disk.left).toEqual(['a']);
    if (count <= n) break;
  }
});

describe('a storage that cannot be read for a moment', () => {
  const unreadable = new DOMException('not now', 'NotReadableError');

  /** The state after a save that ended before the old version was removed. */
  async function twoVersions(): Promise<Disk> {
    const disk = new Disk();
    await storeOn(disk).save('a', bytesOf('old'));
    const [[key, old]] = disk.files;
    await storeOn(disk).save('a', bytesOf('new, and saved'));
    disk.files.set(key, old);
    return disk;
  }

  it('loses nothing by it: what was saved last is neither removed nor passed over', async () => {
    for (let n = 0; ; n++) {
      const disk = await twoVersions();
      let count = 0;
      const store = storeOn(disk, () => (count++ === n ? unreadable : null));
      await store.tidy().catch(() => {});
      expect(await contents(storeOn(disk))).toEqual({ a: 'new, and saved' });
      const cleaning = count;
      count = Number.NEGATIVE_INFINITY;
      await store.tidy();
      expect(disk.left).toEqual(['a']);
      if (cleaning <= n) break;
    }
    for (let n = 1; n < 5; n++) {
      let count = 0;
      const store = storeOn(await twoVersions(), () => (count++ === n ? unreadable : null));
      expect(new TextDecoder().decode(await store.read('a'))).toBe('new, and saved');
    }
  });

  it('or for good: UNSUPPORTED, for the bytes may be whole', async () => {
    let count = 0;
    const disk = await twoVersions();
    const store = storeOn(disk, () => (count++ % 2 ? unreadable : null));
    await expect(store.read('a')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/could not read.*NotReadableError, not now/),
    });
    expect(disk.left).toEqual(['a', 'a']);
  });
});

it('bytes that the storage gives back changed are CORRUPT_DATA', async () => {
  const disk = new Disk();
  const store = storeOn(disk);
  await store.save('a', bytesOf('some bytes'));
  const [file] = disk.files.values();
  for (let i = 0; i < file.bytes.length; i++) {
    file.bytes[i] ^= 1;
    await expect(store.read('a')).rejects.toMatchObject({ code: 'CORRUPT_DATA' });
    file.bytes[i] ^= 1;
  }
  file.bytes.pop();
  await expect(store.read('a')).rejects.toMatchObject({ code: 'CORRUPT_DATA' });
});

describe.each([
  { name: 'tabs with locks of the browser', shared: true },
  { name: 'tabs without', shared: false },
])('$name', ({ shared }) => {
  it('saving, reading and deleting at once see whole versions only', async () => {
    for (let round = 0; round < 40; round++) {
      const disk = new Disk();
      const common = locks();
      const tabs = [0, 1, 2].map(() => storeOn(disk, fine, shared ? common : localLocks()));
      const written = new Set<string>();
      const work = tabs.map(async (store, tab) => {
        for (let i = 0; i < 5; i++) {
          const text = `${tab} wrote ${i} ${'and so on '.repeat((tab * 5 + i * 3) % 7)}`;
          written.add(text);
          await store.save('a', bytesOf(text));
          // Without locks, the version may be replaced again and again while it is looked up.
          const read = await store.read('a').catch((error) => error);
          if (shared || !(read instanceof Error)) {
            expect(written).toContain(new TextDecoder().decode(read));
          } else {
            expect(['INVALID_ARGUMENT', 'CORRUPT_DATA']).toContain(read.code);
          }
        }
      });
      await Promise.all(work);
      const last = storeOn(disk);
      await last.tidy();
      expect(written).toContain((await contents(last)).a);
      expect(disk.left).toEqual(['a']);
    }
  });
});

describe('what is passed', () => {
  const disk = new Disk();
  const store = storeOn(disk);
  const invalid = (message: RegExp) => ({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(message),
  });

  it('names and options are checked before anything is touched', async () => {
    for (const name of ['', 7, null, '\ud800', 'X'.repeat(67)]) {
      await expect(store.save(name as string, bytesOf('x'))).rejects.toMatchObject(invalid(/name/));
      await expect(store.read(name as string)).rejects.toMatchObject(invalid(/name/));
      await expect(store.delete(name as string)).rejects.toMatchObject(invalid(/name/));
    }
    for (const source of [null, 'text', 5, [1, 2], {}]) {
      await expect(store.save('x', source as never)).rejects.toMatchObject(
        invalid(/save takes|a piece must be/),
      );
    }
    await expect(store.save('x', bytesOf('x'), { chunk: 1 } as never)).rejects.toMatchObject(
      invalid(/no option 'chunk'/),
    );
    await expect(
      store.save('x', bytesOf('x'), { metadata: { dims: 5 } as never }),
    ).rejects.toMatchObject(invalid(/'dims' must be a string/));
    await expect(store.openIndex({} as never, 'x')).rejects.toMatchObject(invalid(/load\(\)/));
    expect(disk.files.size).toBe(0);
  });

  it('an index is opened by whatever opens indexes', async () => {
    const fb = await load();
    using index = fb.createIndex({ dims: 3 });
    index.add([1, 0, 0, 0, 1, 0, 0, 0, 1], ['x', 'y', 'z']);
    await store.save('places', index.save());
    const expected = index.search([0.1, 1, 0.2]);
    for (const opener of [fb, await loadSearch(), reader]) {
      const opened = await store.openIndex(opener as typeof fb, 'places');
      expect(opened.search([0.1, 1, 0.2])).toEqual(expected);
      opened.dispose();
    }
    await store.delete('places');
  });

  it('a name that is not there is told with those that are', async () => {
    await store.save('x', bytesOf('xx'), { metadata: { of: 'x' } });
    await expect(store.read('y')).rejects.toMatchObject(invalid(/nothing is saved as 'y'.*'x'/));
    await expect(store.size('y')).rejects.toMatchObject(invalid(/nothing is saved/));
    expect([await store.has('x'), await store.has('y')]).toEqual([true, false]);
    expect(await store.size('x')).toBe(2);
    expect(await store.delete('y')).toBe(false);
    expect(await store.list()).toEqual([{ name: 'x', byteLength: 2, metadata: { of: 'x' } }]);
  });

  it('bytes, Blobs and iterables; progress; pieces larger and smaller than a chunk', async () => {
    const text = 'fourteen bytes';
    const bytes = bytesOf(text);
    const sources = [
      bytes,
      bytes.buffer,
      new DataView(bytes.buffer),
      new Blob([bytes]),
      [bytes.subarray(0, 1), bytes.subarray(1, 1), bytes.subarray(1)],
      (async function* () {
        for (const byte of bytes) yield Uint8Array.of(byte);
      })(),
    ];
    for (const source of sources) {
      const done: number[] = [];
      await store.save('x', source, { onProgress: ({ bytesDone }) => done.push(bytesDone) });
      expect(await contents(store)).toEqual({ x: text });
      expect(done).toEqual([4, 8, 12, 14]);
    }
    const totals: unknown[] = [];
    await store.save('x', bytes, { onProgress: ({ bytes: total }) => totals.push(total) });
    expect(new Set(totals)).toEqual(new Set([14]));
  });

  it('a source that throws and a signal leave what was there', async () => {
    const reason = new Error('enough');
    const broken = (async function* () {
      yield bytesOf('some bytes');
      throw reason;
    })();
    await expect(store.save('x', broken)).rejects.toBe(reason);
    for (const at of [0, 4, 8]) {
      const controller = new AbortController();
      if (at === 0) controller.abort(reason);
      const onProgress = ({ bytesDone }: { bytesDone: number }) => {
        if (bytesDone === at) controller.abort(reason);
      };
      const { signal } = controller;
      const saving = store.save('x', bytesOf('other bytes'), { signal, onProgress });
      await expect(saving).rejects.toBe(reason);
    }
    expect(await contents(store)).toEqual({ x: 'fourteen bytes' });
    expect(disk.left).toEqual(['x']);
  });
});

it('CRC-32 is that of zip', () => {
  // The check value from the catalogue of CRCs.
  expect(crc32(0, bytesOf('123456789'))).toBe(0xcbf43926);
  expect(crc32(crc32(0, bytesOf('12345')), bytesOf('6789'))).toBe(0xcbf43926);
});

it('in Node, which has no such storage: UNSUPPORTED, and bad options are told first', async () => {
  await expect(openStore({ name: 'notes' })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  await expect(openStore({ backend: 'opfs' })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(/opfs/),
  });
  await expect(openStore({ backend: 'files' as never })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
  await expect(openStore({ name: '' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});
