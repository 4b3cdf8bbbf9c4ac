// Fitting to values that are passed window by window, as many times as the search needs.

import { type Core, check, type Outcome } from '../../core/core.js';
import { FewbitsError } from '../../core/errors.js';
import { CHUNK, withWindows } from '../../core/windows.js';
import type { DistributionalFunctions, Formula } from './functions.js';
import type { Numbers } from './names.js';
import type { Plan } from './plan.js';
import type { DistributionalCodebook } from './types.js';

/** Runs `work` with an object of C++, which is destroyed afterwards. */
export function withObject<T>(
  create: () => number,
  destroy: (object: number) => void,
  work: (object: number) => T,
): T {
  const object = create();
  if (object === 0) throw new FewbitsError('OUT_OF_MEMORY', 'WebAssembly memory is full');
  try {
    return work(object);
  } finally {
    destroy(object);
  }
}

/** Passes all of x, window by window, for each pass that is asked for. */
function stream(
  core: Core,
  x: Float32Array,
  window: number,
  nextPass: () => boolean,
  accumulate: (at: number, n: number) => Outcome,
): void {
  while (nextPass()) {
    withWindows(core.memory, x, window, (at, _, n) => check(accumulate(at, n), 'x'));
  }
}

/** The largest number of whole blocks that fits a window, and at least one. */
const windowOf = (block: number | null) =>
  block === null ? CHUNK : Math.max(1, Math.floor(CHUNK / block)) * block;

/** Fits the parameters of the formula that the plan leaves open. */
export function fitFormula(core: Core, numbers: Numbers, x: Float32Array, plan: Plan): Formula {
  const wasm = core.functions<DistributionalFunctions>();
  return withObject(wasm.distributional_fit_create, wasm.distributional_fit_destroy, (object) => {
    const begun = wasm.distributional_fit_begin(object, {
      distribution: numbers.distribution(plan.method, plan.dist),
      order: plan.p,
      n: plan.n,
      levels: numbers.levels[plan.levels],
      beta: plan.beta ?? 0,
      has_zero: plan.zero !== null,
      zero: plan.zero ?? 0,
      reference: plan.reference,
      block: plan.block ?? 0,
    });
    check(begun, 'options');
    stream(
      core,
      x,
      windowOf(plan.block),
      () => wasm.distributional_fit_next_pass(object),
      (at, n) => wasm.distributional_fit_accumulate(object, at, n),
    );
    check(wasm.distributional_fit_status(object), 'x');
    return wasm.distributional_fit_formula(object);
  });
}

/** Fits the codebook of n levels with the least squared error on x. */
export function fitKmeans(core: Core, x: Float32Array, n: number): DistributionalCodebook {
  const wasm = core.functions<DistributionalFunctions>();
  const { memory } = core;
  return withObject(
    wasm.distributional_kmeans_create,
    wasm.distributional_kmeans_destroy,
    (object) => {
      check(wasm.distributional_kmeans_begin(object, n), 'options');
      stream(
        core,
        x,
        CHUNK,
        () => wasm.distributional_kmeans_next_pass(object),
        (at, count) => wasm.distributional_kmeans_accumulate(object, at, count),
      );
      check(wasm.distributional_kmeans_status(object), 'x');
      return memory.withScratch([4 * n, 4 * n], (thresholds, levels) => {
        check(wasm.distributional_kmeans_codebook(object, thresholds, levels), 'x');
        return {
          thresholds: memory.f32(thresholds, n - 1).slice(),
          levels: memory.f32(levels, n).slice(),
        };
      });
    },
  );
}
