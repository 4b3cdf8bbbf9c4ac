// The one class of error, its codes, and other errors put into words.

/** The kind of error, for programs. The message explains it to people. */
export type FewbitsErrorCode =
  /** A wrong type, length, shape or option, found before any memory was touched. */
  | 'INVALID_ARGUMENT'
  /** NaN or an infinity where the format cannot hold one; the message names the index. */
  | 'NON_FINITE'
  /** Valid, but not something this build, engine or function can do. */
  | 'UNSUPPORTED'
  /** A file or byte stream that breaks its format's rules; the message says what and where. */
  | 'CORRUPT_DATA'
  /** No space in memory: in the WebAssembly heap or for an array. */
  | 'OUT_OF_MEMORY'
  /** The object was used after `dispose()`, or after WebAssembly failed under it. */
  | 'DISPOSED'
  /** The WebAssembly module could not be fetched, compiled or instantiated. */
  | 'LOAD_FAILED'
  /** A worker did not start, did not answer or ended before its work was done. */
  | 'WORKER_FAILED'
  /** No space on the disk, or in the quota that the browser gives to a site. */
  | 'STORAGE_FULL';

/**
 * The one class of error that fewbits throws. The library keeps working after it, except after a fault of
 * WebAssembly itself: the message then says so, and `load()` gives a new instance.
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

/** The reason of an error in words. Anything can be thrown, even values that cannot become text. */
export function reasonOf(cause: unknown): string {
  try {
    const message = (cause as Error | null | undefined)?.message;
    return typeof message === 'string' && message !== '' ? message : String(cause);
  } catch {
    return `a ${typeof cause} without words`;
  }
}

/** Runs `work` on what a caller passed as `name`; anything it throws becomes an INVALID_ARGUMENT. */
export function reading<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof FewbitsError) throw cause;
    throw invalid(`${name} cannot be read: ${reasonOf(cause)}`, cause);
  }
}
