// Locks for saving, reading and removing, across all tabs and workers or within this one.

export type LockMode = 'shared' | 'exclusive';

/** Locks by name. */
export interface Locks {
  /** Whether the locks also hold against other tabs and workers. */
  readonly everywhere: boolean;
  /** Waits for the lock and holds it while `act` runs; throws if `signal` is aborted before that. */
  run<T>(name: string, mode: LockMode, act: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Runs `act` with the exclusive lock, or not at all when the lock is taken. */
  attempt(name: string, act: () => Promise<void>): Promise<void>;
}

/** Locks of the browser, which are released however their owner ends. */
const webLocks = (manager: LockManager): Locks => ({
  everywhere: true,
  run: async (name, mode, act, signal) => manager.request(name, { mode, signal }, act),
  async attempt(name, act) {
    await manager.request(name, { ifAvailable: true }, async (lock) => {
      if (lock) await act();
    });
  },
});

/** Locks within this page or worker only, where every lock is exclusive. */
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

/** The best locks available: pages without a secure context have no Web Locks. */
export function platformLocks(): Locks {
  if (globalThis.navigator?.locks) return webLocks(navigator.locks);
  local ??= localLocks();
  return local;
}
