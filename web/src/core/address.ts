// Detection of scripts that do not know their own address: CommonJS bundles, snapshots and edge functions
// leave `import.meta.url` empty or put something else there.

/** Whether addresses can be resolved against `base`, the `import.meta.url` of a script. */
export function isBase(base: unknown): boolean {
  try {
    return new URL('./x', base as string).href !== '';
  } catch {
    return false;
  }
}
