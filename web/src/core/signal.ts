// Signals that stop a call.

import { describe } from './describe.js';
import { invalid } from './errors.js';

/**
 * The signal in a call's options, of whatever realm. Throws its reason, whatever that is, when it is
 * aborted already: before anything was begun.
 */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (!isSignal(signal)) throw invalid(`signal must be an AbortSignal, got ${describe(signal)}`);
  if (signal.aborted) throw signal.reason;
  return signal;
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
