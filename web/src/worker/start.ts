// Starting of workers: how many, from which script, and how long it may take.

import { describe, integer, invalid } from '../core/arguments.js';
import { FewbitsError, reasonOf } from '../core/errors.js';
import { openChannel } from './channel.js';
import { Remote, type RemoteOptions } from './remote.js';

/** Options for starting workers. */
export interface StartOptions<Worker> {
  /** Starts a worker, for bundlers that do not find its script by themselves. */
  createWorker?: (() => Worker) | undefined;
  /**
   * Milliseconds that a worker may take to start, from 1, or Infinity; after that it has failed. Default
   * 30,000.
   */
  startTimeout?: number | undefined;
}

/** A function that creates workers, and the address of their script for messages. */
export interface Source {
  readonly create: () => unknown;
  readonly address: string;
}

const TIMEOUT = 30_000;

/** Checks the time that a worker may take to start. */
export function checkStartTimeout(given: number | undefined): number {
  const timeout = given ?? TIMEOUT;
  if (typeof timeout !== 'number' || !(timeout >= 1)) {
    throw invalid(
      `startTimeout must be a number of milliseconds from 1, or Infinity, got ${describe(given)}`,
    );
  }
  return timeout;
}

/** Checks the number of workers; `usual` by default. */
export function checkWorkers(given: number | undefined, usual: number, most: number): number {
  return integer('workers', given ?? usual, 1, most);
}

/** The caller's way of creating workers, or else the package's own. */
export function sourceOf(createWorker: (() => unknown) | undefined, own: Source): Source {
  if (createWorker === undefined) return own;
  if (typeof createWorker !== 'function') {
    throw invalid(
      `createWorker must be a function that makes a worker, got ${describe(createWorker)}`,
    );
  }
  return { create: () => createWorker(), address: `createWorker is ${textOf(createWorker)}` };
}

/** The source of a function, which usually contains the address of the script. */
function textOf(create: () => unknown): string {
  try {
    const text = String(create).replace(/\s+/g, ' ');
    return text.length > 120 ? `${text.slice(0, 120)}...` : text;
  } catch {
    return 'a function without a text';
  }
}

/**
 * Starts a worker.
 *
 * @throws FewbitsError WORKER_FAILED when none can be created; whether it runs shows when it is called
 */
export function startRemote<T extends object>(
  source: Source,
  options: Omit<RemoteOptions, 'address'>,
): Remote<T> {
  const { address } = source;
  try {
    return new Remote(openChannel(source.create()), { ...options, address });
  } catch (cause) {
    const at = address === '' ? '' : ` (${address})`;
    const message = `${options.name} could not be made: ${reasonOf(cause)}${at}`;
    throw new FewbitsError('WORKER_FAILED', message, { cause });
  }
}
