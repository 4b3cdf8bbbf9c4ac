// What callers give to a pool, checked.

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
/** More share the memory's bandwidth rather than add to it. */
const MAX_DEFAULT_WORKERS = 8;

/** How a pool runs, whatever index it holds. */
export interface PoolSettings<Worker> extends LoadOptions, StartOptions<Worker> {
  /** How many workers, 1 to 64. Default: as many as there are cores, but not above 8. */
  workers?: number | undefined;
  /** Starts a worker that runs `fewbits/pool/worker`, where a bundler does not find it by itself. */
  createWorker?: (() => Worker) | undefined;
}

export interface AddOptions {
  /**
   * Takes the vectors instead of copying them: the Float32Array is detached, even if adding fails
   * after that. Saves a copy of them all. What is a part of a larger buffer, shared, or memory of
   * WebAssembly is copied all the same, and stays. Default false.
   */
  transfer?: boolean | undefined;
  /** Stops adding; what was added is taken back, and the call is rejected with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface PoolSearchOptions extends SearchOptions {
  /**
   * While a worker is missing, searches the vectors of the others instead of failing; `missing` of
   * the result says how many were left out. Default false.
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

/** How many workers, and how long each may take to start. */
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

/** How many neighbours and candidates a search of `size` vectors is for. */
export function countsOf(plan: SearchPlan, size: number, settings: Settings) {
  return {
    k: checkK(plan.counts, size),
    count: checkCandidates(plan.counts, size, settings),
  };
}

/** A search whose options can no longer be changed by the caller. */
export interface SearchPlan {
  /** What says how many neighbours and candidates, once it is known of how many vectors. */
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
 * The values as an array of which the caller has no view; `x` is what checking made of what was
 * given. With `transfer` they are moved where that takes nothing else away.
 */
export function own<T extends Values>(x: T, given: unknown, transfer = false): T {
  if (!isShared(x, given)) return x;
  const { buffer } = x;
  try {
    if (transfer && isArrayBuffer(buffer) && x.byteLength === buffer.byteLength) {
      return structuredClone(x, { transfer: [buffer] });
    }
  } catch {
    // Memory of WebAssembly, and what Node keeps for itself, cannot be moved.
  }
  try {
    return x.slice() as T;
  } catch (cause) {
    throw new FewbitsError('OUT_OF_MEMORY', `no room for a copy of ${x.length} values`, { cause });
  }
}

/** Ids that the caller can no longer change, and a list of them. */
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
