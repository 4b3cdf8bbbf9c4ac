// Arguments of pool calls, checked.

import { describe, invalid, kindOf, options } from '../core/arguments.js';
import { FewbitsError, reasonOf } from '../core/errors.js';
import { isArrayBuffer } from '../core/kinds.js';
import { checkSignal } from '../core/signal.js';
import type { LoadOptions } from '../load/loader.js';
import {
  checkCandidates,
  checkK,
  INDEX_OPTIONS,
  type IndexOptions,
  SEARCH_OPTIONS,
  type SearchOptions,
} from '../vectors/arguments.js';
import { copyOfFilter } from '../vectors/filter.js';
import type { Settings, Values } from '../vectors/functions.js';
import { checkId } from '../vectors/id.js';
import { isShared } from '../vectors/input.js';
import { checkStartTimeout, checkWorkers, type StartOptions } from '../worker/start.js';

const MAX_WORKERS = 64;
/** The most workers by default: more share the memory bandwidth without adding to it. */
const MAX_DEFAULT_WORKERS = 8;

/** Settings of a pool, besides those of its index. */
export interface PoolSettings<Worker> extends LoadOptions, StartOptions<Worker> {
  /** The number of workers, 1 to 64. Default: the number of cores, at most 8. */
  workers?: number | undefined;
  /** Starts a worker that runs `fewbits/pool/worker`, for bundlers that do not find it by themselves. */
  createWorker?: (() => Worker) | undefined;
}

export interface AddOptions {
  /**
   * Transfer the vectors instead of copying them: the Float32Array is detached, even if adding then fails.
   * This saves a copy. A part of a larger buffer, shared memory and WebAssembly memory are still copied and
   * not detached. Default false.
   */
  transfer?: boolean | undefined;
  /** Aborts the call: vectors added so far are removed, and the call is rejected with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface PoolSearchOptions extends SearchOptions {
  /**
   * While a worker is missing, search the vectors of the others instead of failing; `missing` in the result
   * is the number of vectors left out. Default false.
   */
  partial?: boolean | undefined;
  /** Rejects the call with the signal's reason, at once. */
  signal?: AbortSignal | undefined;
}

const POOL_OPTIONS = ['variant', 'wasm', 'workers', 'createWorker', 'startTimeout'];

export function checkCreate<Worker>(given: unknown): IndexOptions & PoolSettings<Worker> {
  return options('options', given, [...INDEX_OPTIONS, ...POOL_OPTIONS]);
}

export function checkOpen<Worker>(given: unknown): PoolSettings<Worker> {
  return options('options', given, POOL_OPTIONS);
}

/** The number of workers, and the time that each may take to start. */
export function checkStart<Worker>(o: PoolSettings<Worker>, cores: number) {
  return {
    count: checkWorkers(o.workers, Math.min(cores, MAX_DEFAULT_WORKERS), MAX_WORKERS),
    startTimeout: checkStartTimeout(o.startTimeout),
  };
}

export function checkAdd(given: unknown): AddOptions {
  const o = options<AddOptions>('options', given, ['transfer', 'signal']);
  return { transfer: flag('transfer', o.transfer), signal: checkSignal(o.signal) };
}

function flag(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw invalid(`${name} must be true or false, got ${describe(value)}`);
}

/** The number of neighbours and candidates of a search over `size` vectors. */
export function countsOf(plan: SearchPlan, size: number, settings: Settings) {
  return {
    k: checkK(plan.counts, size),
    count: checkCandidates(plan.counts, size, settings),
  };
}

/** A search whose options the caller can no longer change. */
export interface SearchPlan {
  /** The options for the numbers of neighbours and candidates, which depend on the number of vectors. */
  readonly counts: Pick<SearchOptions, 'k' | 'rescore'>;
  readonly filter: SearchOptions['filter'];
  readonly partial: boolean;
  readonly signal: AbortSignal | undefined;
}

export function checkSearch(given: unknown): SearchPlan {
  const o = options<PoolSearchOptions>('options', given, [...SEARCH_OPTIONS, 'partial', 'signal']);
  return {
    counts: { k: o.k, rescore: o.rescore },
    filter: copyOfFilter(o.filter),
    partial: flag('partial', o.partial),
    signal: checkSignal(o.signal),
  };
}

/**
 * The values in memory that the caller cannot access; `x` is the result of checking `given`. With `transfer`
 * they are transferred if that takes nothing else with them.
 */
export function own<T extends Values>(x: T, given: unknown, transfer = false): T {
  if (!isShared(x, given)) return x;
  const { buffer } = x;
  try {
    if (transfer && isArrayBuffer(buffer) && x.byteLength === buffer.byteLength) {
      return structuredClone(x, { transfer: [buffer] });
    }
  } catch {
    // WebAssembly memory and Node's internal buffers cannot be transferred.
  }
  try {
    return x.slice() as T;
  } catch (cause) {
    throw new FewbitsError('OUT_OF_MEMORY', `no room for a copy of ${x.length} values`, { cause });
  }
}

/** A list of ids that the caller can no longer change. */
export function copied(ids: unknown): ArrayLike<unknown> {
  if (typeof ids !== 'object' || ids === null) {
    throw invalid(`ids must be a list of ids, got ${describe(ids)}`);
  }
  try {
    if (kindOf(ids) !== undefined) return (ids as BigInt64Array).slice();
    return Array.from(ids as ArrayLike<unknown>, (id, i) => checkId(`ids[${i}]`, id));
  } catch (cause) {
    if (cause instanceof FewbitsError) throw cause;
    throw invalid(`ids cannot be read: ${reasonOf(cause)}`, cause);
  }
}
