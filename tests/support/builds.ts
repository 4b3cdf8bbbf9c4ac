// The library in each build, and helpers for its errors and for arrays.

import { type Fewbits, FewbitsError, load, support, type Variant } from 'fewbits';
import { type FewbitsVectors, load as loadVectors } from 'fewbits/vectors';
import { expect } from 'vitest';

/** The builds that the engine runs. */
export const variants: readonly Variant[] = support().relaxedSimdExact
  ? ['simd128', 'relaxed']
  : ['simd128'];

/** The library, once for each build that the engine runs. */
export const builds = (): Promise<Fewbits[]> =>
  Promise.all(variants.map((variant) => load({ variant })));

/** The libraries that create indexes, `fewbits` and `fewbits/vectors`, in each build that the engine runs. */
export const indexBuilds: readonly [string, () => Promise<FewbitsVectors>][] = variants.flatMap(
  (variant): [string, () => Promise<FewbitsVectors>][] => [
    [variant, () => load({ variant })],
    [`fewbits/vectors ${variant}`, () => loadVectors({ variant })],
  ],
);

/** Expects that `work` throws a FewbitsError with this code and a matching message. */
export function expectError(code: string, message: RegExp, work: () => unknown): void {
  let error: unknown;
  try {
    work();
  } catch (cause) {
    error = cause;
  }
  expect(error).toBeInstanceOf(FewbitsError);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
}

/** The FewbitsError that a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<FewbitsError> {
  const error = await promise.then(
    () => undefined,
    (cause) => cause,
  );
  expect(error).toMatchObject({ name: 'FewbitsError' });
  return error;
}

/** The code of the FewbitsError that `work` throws, or 'passed'; other errors are thrown on. */
export function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FewbitsError) return error.code;
    throw error;
  }
  return 'passed';
}

/** `n` pseudo-random numbers from -`size` to `size`. */
export function noise(n: number, size = 1, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * size;
  });
}

/** Expects the same numbers, fast for long arrays too: a failure shows only the first difference. */
export function expectSame(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; ++i) {
    if (!Object.is(actual[i], expected[i])) {
      expect({ at: i, value: actual[i] }).toEqual({ at: i, value: expected[i] });
    }
  }
}
