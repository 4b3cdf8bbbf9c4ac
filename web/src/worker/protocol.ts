// What a page and its worker say to each other: calls, their answers, progress, cancelling.

import { FewbitsError, type FewbitsErrorCode, reasonOf } from '../core/errors.js';
import { isFault } from '../core/guard.js';

/** What a worker is asked: to do something, or to stop doing it. */
export type Request = CallRequest | { readonly abort: number };

export interface CallRequest {
  readonly call: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** An error on its way: classes are lost, codes and names are not. */
export interface SentError {
  readonly code?: FewbitsErrorCode | undefined;
  readonly name: string;
  readonly message: string;
  /** Whether WebAssembly has failed in the worker, which is of no more use then. */
  readonly fault?: boolean;
}

/** What a worker says first: what it runs, and the lock that it holds while it lives. */
export interface Hello {
  readonly ready: string;
  readonly lock?: string | undefined;
}

/** What a worker says about a call. */
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

/** The error that was sent, of its class where that is one of ours or the DOM's for aborting. */
export function reviveError({ code, name, message }: SentError): Error {
  if (code !== undefined) return new FewbitsError(code, message);
  if (name === 'AbortError') return new DOMException(message, name);
  const error = new Error(message);
  error.name = name;
  return error;
}

/** The buffers of arrays in a value, each once, that can be moved instead of copied. */
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
