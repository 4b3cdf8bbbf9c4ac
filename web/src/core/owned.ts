// What objects hold in WebAssembly memory, given back when they are disposed of or collected.

/** A collector's callback has nobody to throw to: an error there would end the process. */
function quietly(release: () => void): void {
  try {
    release();
  } catch {
    // The instance has failed: its memory goes as a whole.
  }
}

const registry = new FinalizationRegistry<() => void>(quietly);

/** Calls `release` once `owner` is collected, unless `giveBack(owner, ...)` is called before that. */
export function own(owner: object, release: () => void): void {
  registry.register(owner, release, owner);
}

/** Calls `release` now. An instance that has failed does not make it throw: there is nothing to give back. */
export function giveBack(owner: object, release: () => void): void {
  registry.unregister(owner);
  quietly(release);
}
