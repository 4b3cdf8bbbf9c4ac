// Temporary folders of the tests.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

/** A new empty folder; remove it with `removeFolder`. */
export const temporaryFolder = (name = '') => mkdtempSync(path.join(tmpdir(), `fewbits-${name}`));

/**
 * Removes a folder in which ending processes, such as a browser's, may still write. (Node 20 does not retry
 * if a folder filled up again, whatever `maxRetries` says.)
 */
export function removeFolder(folder: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
}

/** A folder that exists while the tests of a file run. */
export function useFolder() {
  const folder = temporaryFolder();
  afterAll(() => removeFolder(folder));
  const at = (name: string) => path.join(folder, name);
  return {
    folder,
    /** The path of a file in it. */
    at,
    /** Writes a file and returns its path. */
    write(name: string, contents: Uint8Array | string): string {
      writeFileSync(at(name), contents);
      return at(name);
    },
  };
}
