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
  /** No room: in the WASM heap, for an array, or in the storage of the browser. */
  | 'OUT_OF_MEMORY'
  /** The object was used after `dispose()`. */
  | 'DISPOSED'
  /** The WebAssembly module could not be fetched, compiled or instantiated, or a worker failed. */
  | 'LOAD_FAILED';

/** The one class of error that fewbits throws. After any of them the library keeps working. */
export class FewbitsError extends Error {
  override readonly name = 'FewbitsError';
  readonly code: FewbitsErrorCode;

  constructor(code: FewbitsErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
