// `fewbits/store` from the packed package in Chromium: in a page and in a worker, in both storages, killed at
// random times and at every single step. Long because each way in which a save may end is tried in each
// storage.
// in each storage.

import { rmSync } from 'node:fs';
import path from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, type Served, serve } from '../support/browser.ts';
import { removeFolder, temporaryFolder } from '../support/folders.ts';
import { browser, consumer, useInstalled } from './installed.ts';

const KILLS = Number(process.env.FEWBITS_KILLS ?? 12);

useInstalled();
let served: Served;
let context: BrowserContext;
let page: Page;
let problems: string[];

beforeAll(async () => {
  served = await serve(consumer.folder);
  context = await browser.newContext();
  problems = [];
  page = await open(context);
});
afterAll(async () => {
  await served?.close();
  expect(problems).toEqual([]);
});

async function open(within: BrowserContext, address = served.url): Promise<Page> {
  const opened = await within.newPage();
  opened.on('pageerror', (error) => problems.push(error.message));
  await opened.goto(`${address}store/`);
  await opened.waitForFunction('globalThis.actions');
  return opened;
}

interface Reopened {
  whole: number;
  left: number;
  taken: number;
}

type Where = 'page' | 'worker';
const act = <T = unknown>(where: Where, action: string, input = {}, on = page): Promise<T> => {
  const given = JSON.stringify(input);
  return on.evaluate(
    where === 'page' ? `actions.${action}(${given})` : `inWorker('${action}', ${given})`,
  );
};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const backends = ['opfs', 'indexeddb'] as const;
const everywhere = backends.flatMap((backend) =>
  (['page', 'worker'] as const).map((where) => ({ backend, where })),
);

describe.each(everywhere)('$backend in a $where', ({ backend, where }) => {
  const name = `${where}-use`;

  it('saves, replaces, lists, deletes', async () => {
    const names = ['../x', 'a', 'A', 'a.1', 'a.1.crswap', '日本', 'CON', ' ', '=', 'x'.repeat(200)];
    expect(await act(where, 'use', { backend, name })).toEqual({
      backend,
      name,
      progress: [2, 1],
      large: true,
      replaced: 3,
      aborted: 'Error: enough',
      notReplaced: 3,
      empty: 0,
      names: names.map((_, i) => i),
      list: [...names, 'large', 'empty'].sort(),
      metadata: { of: 'nothing' },
      size: 4 * Math.floor((1 + ((3 * 7919) % 11)) * 2 ** 18 + 3),
      deleted: [true, false],
      missing: 'FewbitsError INVALID_ARGUMENT',
      has: [true, false],
      taken: backend === 'opfs' ? 1 : 0,
    });
  });

  it('an index, as it would be saved to a file', async () => {
    expect(await act(where, 'index', { backend, name })).toEqual({
      same: true,
      ids: 'vector 0',
      progress: true,
      alone: true,
      read: 'vector 0',
      pool: true,
      changed: 'FewbitsError INVALID_ARGUMENT',
      disposed: 'FewbitsError DISPOSED',
      kept: true,
      none: 'FewbitsError CORRUPT_DATA',
    });
  });

  it('what a page saved, a worker reads, and the other way', async () => {
    await act(where, 'save', { backend, name, entry: 'shared', i: 5 });
    const other = where === 'page' ? 'worker' : 'page';
    expect(await act(other, 'read', { backend, name, entry: 'shared' })).toBe(5);
  });

  it.each(['stop', 'fail'])('every call into the storage: %s', async (how) => {
    const found = await act<{ calls: number; problems: unknown[] }>(where, 'faults', {
      backend,
      name: `${where}-faults-${how}`,
      how,
    });
    expect(found.problems).toEqual([]);
    expect(found.calls).toBeGreaterThan(20);
  });

  const errors = backend === 'opfs' && where === 'page' ? [false, true] : [false];
  it.each(errors)('no more room (said vaguely: %s): STORAGE_FULL, the old stays', async (vague) => {
    const within = await browser.newContext();
    try {
      const tab = await open(within);
      const origin = new URL(served.url).origin;
      const session = await within.newCDPSession(tab);
      await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 40 * 2 ** 20 });
      const unit = 1 << 20;
      expect(await act(where, 'overflow', { backend, name: 'quota', unit, vague }, tab)).toEqual({
        code: 'FewbitsError STORAGE_FULL',
        kept: 1,
        taken: 1,
        again: 'no error',
        whole: 2,
      });
    } finally {
      await within.close();
    }
  });
});

it.each([
  [2 ** 32 - 8, /of \d+ bytes 0 were written/],
  [7, /of \d+ bytes 7 were written/],
])('a write that counts %s is a full disk', async (count, message) => {
  expect(await act('worker', 'short', { name: `short-${count}`, count })).toEqual({
    code: 'FewbitsError STORAGE_FULL',
    message: expect.stringMatching(message),
    kept: 1,
    taken: 1,
    again: 'no error',
  });
});

/** More than a page may hold in Blobs: 500 MiB failed. */
it('a page saves 720 MiB, piece by piece', async () => {
  const profile = temporaryFolder();
  const own = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM,
  });
  try {
    const tab = await open(own);
    const given = { name: 'large', backend: 'opfs', mebibytes: 720 };
    expect(await act('page', 'large', given, tab)).toEqual({
      code: 'no error',
      size: 720 * 2 ** 20,
    });
  } finally {
    await own.close();
    removeFolder(profile);
  }
});

it.each(['page', 'worker'] as const)('without a wish it is OPFS in a %s', async (where) => {
  const chosen = { name: 'default', backend: 'opfs', opfs: 'no error', locks: true };
  expect(await act(where, 'choose')).toEqual(chosen);
});

it.each(['page', 'worker'] as const)('an error that passes, in a %s', async (where) => {
  expect(await act(where, 'passing', { name: `${where}-passing` })).toEqual({
    opfs: 'FewbitsError UNSUPPORTED',
    indexeddb: 'no error',
    later: 'opfs',
  });
});

it('in pages that are not secure it is IndexedDB, without Web Locks', async () => {
  const args = ['--host-resolver-rules=MAP insecure.test 127.0.0.1'];
  const own = await launch({ args });
  try {
    const within = await own.newContext();
    const address = served.url.replace('127.0.0.1', 'insecure.test');
    const [one, two] = [await open(within, address), await open(within, address)];
    const unsupported = 'FewbitsError UNSUPPORTED';
    const chosen = { name: 'default', backend: 'indexeddb', opfs: unsupported, locks: false };
    expect(await act('page', 'choose', {}, one)).toEqual(chosen);
    expect(await act('worker', 'choose', {}, one)).toEqual(chosen);
    const name = 'insecure';
    const input = { name, rounds: 8, unit: 1 << 18 };
    const reads = await Promise.all([
      act<number[]>('page', 'compete', { ...input, first: 100 }, one),
      act<number[]>('worker', 'compete', { ...input, first: 200 }, one),
      act<number[]>('page', 'compete', { ...input, first: 300 }, two),
    ]);
    for (const read of reads) expect(read.length).toBe(8);
    const last = { backend: 'indexeddb', name, unit: 1 << 18 };
    const { whole, taken } = await act<Reopened>('page', 'reopen', last, two);
    expect(whole % 100).toBeLessThan(8);
    expect(taken).toBe(1);
  } finally {
    await own.close();
  }
});

describe.each(backends)('ended while saving to %s', (backend) => {
  const unit = 1 << 20;

  let halfway = 0;

  /** Opens the store until the killed processes have released it; they may still complete a save. */
  async function reopened(name: string, on = page): Promise<Reopened> {
    let whole = -1;
    for (let i = 0; ; i++) {
      const found = await act<Reopened>('page', 'reopen', { backend, name, unit }, on);
      if (i === 0 && found.left > 1) halfway++;
      expect(found.whole).toBeGreaterThanOrEqual(whole);
      whole = found.whole;
      if ((found.taken <= 1 && i > 0) || i === 50) return found;
      await pause(50);
    }
  }

  /** Listens in `on` to completed saves. */
  const listen = (on: Page, name: string) =>
    on.evaluate(`globalThis.done = undefined;
      globalThis.channel?.close();
      globalThis.channel = new BroadcastChannel('${name}');
      channel.onmessage = ({ data }) => { globalThis.done = data; };`);

  /** Waits for a random time from the start of the first save, every third time from its end. */
  async function pauseWithin(on: Page, from: number, kill: number, most: number): Promise<void> {
    const wanted = kill % 3 ? from - 1 : from;
    await on.waitForFunction(`globalThis.done >= ${wanted}`, undefined, { polling: 20 });
    await pause(Math.random() * most);
  }

  const lastDone = (on: Page) => on.evaluate<number>('done');

  /**
   * Expects that the store opens with the last reported save, or a later one that had not been reported yet.
   */
  async function check(name: string, done: number, last: number): Promise<number> {
    const { whole, taken } = await reopened(name);
    expect(whole).toBeGreaterThanOrEqual(Math.max(done, last));
    expect(taken).toBeLessThanOrEqual(1);
    return whole;
  }

  async function killWorker(name: string, kill: number, last: number): Promise<number> {
    await listen(page, name);
    const input = JSON.stringify({ backend, name, from: last + 1, unit });
    await page.evaluate(`void inWorker('saveOn', ${input}, 'saver')`);
    await pauseWithin(page, last + 1, kill, 400);
    await page.evaluate(`terminate('saver')`);
    return check(name, await lastDone(page), last);
  }

  it(`a worker, ${KILLS} times`, async () => {
    const name = `${backend}-killed-worker`;
    let last = -1;
    for (let kill = 0; kill < KILLS; kill++) last = await killWorker(name, kill, last);
    expect(last).toBeGreaterThan(0);
  });

  it(`a page, ${KILLS} times`, async () => {
    const name = `${backend}-killed-page`;
    let last = -1;
    for (let kill = 0; kill < KILLS; kill++) {
      await listen(page, name);
      const tab = await open(context);
      const input = JSON.stringify({ backend, name, from: last + 1, unit });
      await tab.evaluate(`void actions.saveOn(${input})`);
      await pauseWithin(page, last + 1, kill, 400);
      if (kill % 2) await tab.close();
      else {
        await tab.goto('about:blank');
        await tab.close();
      }
      last = await check(name, await lastDone(page), last);
    }
    expect(last).toBeGreaterThan(0);
  });

  it('the whole browser, 4 times', async () => {
    const name = `${backend}-killed-browser`;
    const profile = temporaryFolder('profile-');
    const executablePath = process.env.CHROMIUM;
    // The killed process may hold on to the profile for a moment longer.
    const start = () =>
      patient(() => {
        rmSync(path.join(profile, 'SingletonLock'), { force: true });
        return chromium.launchPersistentContext(profile, { executablePath });
      });
    try {
      let last = -1;
      for (let kill = 0; kill < 4; kill++) {
        const own = await start();
        const tab = await open(own);
        const before = await reopened(name, tab);
        expect(before.whole).toBeGreaterThanOrEqual(last);
        expect(before.taken).toBeLessThanOrEqual(1);
        await listen(tab, name);
        const input = JSON.stringify({ backend, name, from: before.whole + 1, unit });
        const where = kill % 2 ? `actions.saveOn(${input})` : `inWorker('saveOn', ${input})`;
        await tab.evaluate(`void ${where}`);
        await pauseWithin(tab, before.whole + 1, kill, 700);
        last = Math.max(before.whole, await lastDone(tab));
        const gone = new Promise((resolve) => own.once('close', resolve));
        await killProcesses(own);
        await gone;
      }
      const own = await start();
      const { whole, taken } = await reopened(name, await open(own));
      expect(whole).toBeGreaterThanOrEqual(last);
      expect(taken).toBeLessThanOrEqual(1);
      expect(whole).toBeGreaterThan(0);
      await own.close();
    } finally {
      removeFolder(profile);
    }
  });

  it('many of them in the middle of a save', async () => {
    // By chance, few of them may have been in the middle.
    let last = -1;
    for (let kill = 0; halfway <= KILLS / 2 && kill < 10 * KILLS; kill++) {
      last = await killWorker(`${backend}-killed-more`, kill, last);
    }
    expect(halfway).toBeGreaterThan(KILLS / 2);
  });

  it('two tabs and their workers saving and reading at once', async () => {
    const name = `${backend}-two-tabs`;
    const other = await open(context);
    const compete = (where: Where, on: Page, first: number) =>
      act<number[]>(where, 'compete', { backend, name, first, rounds: 6, unit: 1 << 18 }, on);
    const reads = await Promise.all([
      compete('page', page, 100),
      compete('worker', page, 200),
      compete('page', other, 300),
      compete('worker', other, 400),
    ]);
    for (const read of reads) expect(read.length).toBe(6);
    // A read after one's own save gives that save, or a later one of another saver.
    reads.forEach((read, saver) => {
      read.forEach((i, round) => {
        if (Math.floor(i / 100) === saver + 1) expect(i % 100).toBe(round);
      });
    });
    const { whole, taken } = await act<Reopened>('page', 'reopen', {
      backend,
      name,
      unit: 1 << 18,
    });
    expect([105, 205, 305, 405]).toContain(whole);
    expect(taken).toBe(1);
    await other.close();
  });
});

/** Retries `act` for some seconds while it throws. */
async function patient<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (attempt === 5) throw error;
      await pause(1000);
    }
  }
}

/** Kills every process of the browser. */
async function killProcesses(own: BrowserContext): Promise<void> {
  const session = await own.browser()?.newBrowserCDPSession();
  if (!session) throw new Error('the browser has no session of its own');
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  for (const { id } of processInfo) {
    try {
      process.kill(id, 'SIGKILL');
    } catch {
      // It ended with the others.
    }
  }
}
