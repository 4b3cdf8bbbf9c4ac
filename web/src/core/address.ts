// Whether a script knows its own address: bundles of CommonJS, snapshots and edge functions leave
// `import.meta.url` empty, or put something there that is not an address.

/** Whether addresses can be resolved against `base`, the `import.meta.url` of a script. */
export function isBase(base: unknown): boolean {
  try {
    return new URL('./x', base as string).href !== '';
  } catch {
    return false;
  }
}
