// The one class of error, its codes, and what other errors are in words.

/** What went wrong, for a program. The message says it for a person. */
export type FewbitsErrorCode =
  /** A wrong type, length, shape or option, found before any memory was touched. */
  | 'INVALID_ARGUMENT'
  /** NaN or an infinity where the format cannot hold one; the message names the index. */
  | 'NON_FINITE'
  /** Valid, but not something this build, engine or function can do. */
  | 'UNSUPPORTED'
  /** A file or byte stream that breaks its format's rules; the message says what and where. */
  | 'CORRUPT_DATA'
  /** No room in memory: in the WASM heap or for an array. */
  | 'OUT_OF_MEMORY'
  /** The object was used after `dispose()`, or after WebAssembly failed under it. */
  | 'DISPOSED'
  /** The WebAssembly module could not be fetched, compiled or instantiated. */
  | 'LOAD_FAILED'
  /** A worker did not start, did not answer or ended before its work was done. */
  | 'WORKER_FAILED'
  /** No room on the disk, or in what the browser grants to a site. */
  | 'STORAGE_FULL';

/**
 * The one class of error that fewbits throws. After any of them the library keeps working, except after
 * a fault of WebAssembly itself: the message says so, and `load()` gives a new instance.
 */
export class FewbitsError extends Error {
  override readonly name = 'FewbitsError';
  readonly code: FewbitsErrorCode;

  constructor(code: FewbitsErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

export function invalid(message: string, cause?: unknown): FewbitsError {
  return new FewbitsError('INVALID_ARGUMENT', message, cause === undefined ? undefined : { cause });
}

/** What was thrown, in words. Anything can be thrown, also what has no words. */
export function reasonOf(cause: unknown): string {
  try {
    const message = (cause as Error | null | undefined)?.message;
    return typeof message === 'string' && message !== '' ? message : String(cause);
  } catch {
    return `a ${typeof cause} without words`;
  }
}

/** Does `work` with what a caller gave as `name`; what that throws is an INVALID_ARGUMENT. */
export function reading<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof FewbitsError) throw cause;
    throw invalid(`${name} cannot be read: ${reasonOf(cause)}`, cause);
  }
}
