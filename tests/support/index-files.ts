// Index files of the golden folders, and what chooses among things by chance.

import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Index files that earlier builds, and other programs, wrote. */
export const indexFiles = ['before', 'hamming'].flatMap((name) => {
  const folder = new URL(`../golden/${name}/`, import.meta.url);
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files
    .filter((file) => file.endsWith('.index.safetensors'))
    .map((file) => [file, new Uint8Array(readFileSync(new URL(file, folder)))] as const);
});

/** Numbers from 0 up to `n`, without a pattern. */
export function choices(seed: number) {
  let state = seed;
  return (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}
