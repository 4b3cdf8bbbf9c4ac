// The messages between a page and its worker: calls, results, progress and cancellation.

import { FewbitsError, type FewbitsErrorCode, reasonOf } from '../core/errors.js';
import { isFault } from '../core/guard.js';

/** A message to a worker: a call, or the cancellation of one. */
export type Request = CallRequest | { readonly abort: number };

export interface CallRequest {
  readonly call: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** An error in a message: its class is lost, but not its code and name. */
export interface SentError {
  readonly code?: FewbitsErrorCode | undefined;
  readonly name: string;
  readonly message: string;
  /** Whether WebAssembly has failed in the worker, which cannot be used any more. */
  readonly fault?: boolean;
}

/** The first message of a worker: what it runs, and the lock that it holds while it lives. */
export interface Hello {
  readonly ready: string;
  readonly lock?: string | undefined;
}

/** A message of a worker about a call. */
export type Answer = { readonly call: number } & (
  | { readonly value: unknown }
  | { readonly error: SentError }
  | { readonly progress: readonly [fraction: number, text: string] }
);

export function sendError(error: unknown): SentError {
  if (error instanceof FewbitsError) {
    const { code, name, message } = error;
    return { code, name, message, fault: isFault(error) };
  }
  if (!(error instanceof Error)) return { name: 'Error', message: reasonOf(error) };
  return { name: error.name, message: error.message };
}

/** The error that was sent; a FewbitsError or an AbortError of the DOM has its class again. */
export function reviveError({ code, name, message }: SentError): Error {
  if (code !== undefined) return new FewbitsError(code, message);
  if (name === 'AbortError') return new DOMException(message, name);
  const error = new Error(message);
  error.name = name;
  return error;
}

/** The transferable buffers of arrays in a value, each once. */
export function buffersOf(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (value instanceof ArrayBuffer) {
    found.add(value);
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) buffersOf(part, found);
  }
  return found;
}
