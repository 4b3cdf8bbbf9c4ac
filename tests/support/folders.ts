// Temporary folders of the tests.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A new empty folder; remove it with `removeFolder`. */
export const temporaryFolder = (name = '') => mkdtempSync(path.join(tmpdir(), `fewbits-${name}`));

/**
 * Removes a folder into which processes that are just ending, such as a browser's, may still write.
 * (Node 20 tries a folder that filled again only as it is, whatever `maxRetries` says.)
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
