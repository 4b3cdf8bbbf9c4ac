// Work off the main thread: calls to a page's worker, and the test for a cancelled call.

export { type CallOptions, Client, serve, type Work } from 'fewbits/rpc';

export const isAbort = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'AbortError';
