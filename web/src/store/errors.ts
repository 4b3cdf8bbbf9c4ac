// What a browser's errors about its storage mean, in the library's own.

import { FewbitsError, reasonOf } from '../core/errors.js';

/** The error for what was thrown while `where` was read or written; `bytes` is what was to be there. */
export async function storageError(
  where: string,
  what: 'read' | 'write',
  cause: unknown,
  bytes?: number,
): Promise<FewbitsError> {
  if (cause instanceof FewbitsError) return cause;
  const name = (cause as Error | null | undefined)?.name;
  if (name === 'QuotaExceededError') {
    const asked = bytes === undefined ? '' : ` for ${bytes} bytes`;
    return new FewbitsError(
      'STORAGE_FULL',
      `no room left in ${where}${asked}: ${reasonOf(cause)}; ${await reported()}. Delete what is no ` +
        'longer needed, here or on the disk, and save again; what was saved before is still there',
      { cause },
    );
  }
  const words = name === undefined ? reasonOf(cause) : `${name}, ${reasonOf(cause)}`;
  return new FewbitsError('UNSUPPORTED', `could not ${what} ${where}: ${words}`, { cause });
}

/** What the browser says of room. It is no promise: in some settings it names 10 GiB whatever there is. */
async function reported(): Promise<string> {
  try {
    const { usage, quota } = await navigator.storage.estimate();
    return `the browser reports ${usage} of ${quota} bytes in use for this site`;
  } catch {
    return 'the browser does not say how much there is';
  }
}
