// Who may save, read and remove at a time, in all tabs and workers or in this one.

export type LockMode = 'shared' | 'exclusive';

/** Keeps those who use the same names apart. */
export interface Locks {
  /** Whether other tabs and workers are kept apart too. */
  readonly everywhere: boolean;
  /** Waits for the lock and holds it while `act` runs; not once `signal` was aborted before that. */
  run<T>(name: string, mode: LockMode, act: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Runs `act` with the exclusive lock, or not at all when another has it. */
  attempt(name: string, act: () => Promise<void>): Promise<void>;
}

/** Of the browser: whoever ends, in whatever way, lets go of them. */
const webLocks = (manager: LockManager): Locks => ({
  everywhere: true,
  run: async (name, mode, act, signal) => manager.request(name, { mode, signal }, act),
  async attempt(name, act) {
    await manager.request(name, { ifAvailable: true }, async (lock) => {
      if (lock) await act();
    });
  },
});

/** Of this page or worker alone, one at a time. */
export function localLocks(): Locks {
  const last = new Map<string, Promise<unknown>>();
  const run: Locks['run'] = async (name, _mode, act, signal) => {
    const before = last.get(name);
    const turn = (async () => {
      await before?.catch(() => {});
      signal?.throwIfAborted();
      return act();
    })();
    last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (last.get(name) === turn) last.delete(name);
    }
  };
  return {
    everywhere: false,
    run,
    async attempt(name, act) {
      if (!last.has(name)) await run(name, 'exclusive', act);
    },
  };
}

let local: Locks | undefined;

/** The best locks that there are here: pages without a secure context have no Web Locks. */
export function platformLocks(): Locks {
  if (globalThis.navigator?.locks) return webLocks(navigator.locks);
  local ??= localLocks();
  return local;
}
