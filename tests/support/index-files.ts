// Index files of the golden folders, and a random choice among things.

import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Index files written by earlier builds and by other programs. */
export const indexFiles = ['before', 'hamming'].flatMap((name) => {
  const folder = new URL(`../golden/${name}/`, import.meta.url);
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files
    .filter((file) => file.endsWith('.index.safetensors'))
    .map((file) => [file, new Uint8Array(readFileSync(new URL(file, folder)))] as const);
});

/** A generator of pseudo-random integers from 0 to `n` - 1. */
export function choices(seed: number) {
  let state = seed;
  return (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}
