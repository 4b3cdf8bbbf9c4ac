// WebAssembly memory held by objects, released when they are disposed of or garbage-collected.

/** Runs `release` without throwing: an error in a finalization callback would end the process. */
function quietly(release: () => void): void {
  try {
    release();
  } catch {
    // The instance has failed: its memory is freed as a whole.
  }
}

const registry = new FinalizationRegistry<() => void>(quietly);

/** Calls `release` once `owner` is collected, unless `giveBack(owner, ...)` is called first. */
export function own(owner: object, release: () => void): void {
  registry.register(owner, release, owner);
}

/** Calls `release` now. A failed instance does not make this throw, as nothing is left to release. */
export function giveBack(owner: object, release: () => void): void {
  registry.unregister(owner);
  quietly(release);
}
