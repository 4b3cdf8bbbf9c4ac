// Abort signals that stop a call.

import { describe } from './describe.js';
import { invalid } from './errors.js';

/**
 * Checks the signal in the options of a call; signals of any realm are accepted. If it is already aborted,
 * its reason is thrown as it is, before any work begins.
 */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (!isSignal(signal)) {
    throw invalid(
      `signal must be an AbortSignal, got ${describe(signal)}; of an AbortController pass its .signal`,
    );
  }
  if (signal.aborted) throw signal.reason;
  return signal;
}

/** The result of `work`, rejected with the signal's reason as soon as it is aborted. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const done = () => signal.removeEventListener('abort', abort);
    work.then(resolve, reject).finally(done);
  });
}

function isSignal(x: unknown): x is AbortSignal {
  try {
    const { aborted, addEventListener, removeEventListener } = x as AbortSignal;
    return (
      typeof aborted === 'boolean' &&
      typeof addEventListener === 'function' &&
      typeof removeEventListener === 'function'
    );
  } catch {
    return false;
  }
}
