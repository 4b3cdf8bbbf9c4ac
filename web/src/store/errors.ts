// Errors of browsers about their storage, converted to those of the library.

import { FewbitsError, reasonOf } from '../core/errors.js';

/** The error for a failure to read or write `where`; `bytes` is the expected size of the whole version. */
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

/**
 * The browser's report on free space. It is not reliable: in some settings it states 10 GiB whatever there
 * is.
 */
async function reported(): Promise<string> {
  try {
    const { usage, quota } = await navigator.storage.estimate();
    return `the browser reports ${usage} of ${quota} bytes in use for this site`;
  } catch {
    return 'the browser does not say how much there is';
  }
}
