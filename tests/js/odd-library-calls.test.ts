// Odd values anywhere in a call give a FewbitsError or are accepted, never an error of the JavaScript engine.

import { load } from 'fewbits';
import { expect, it } from 'vitest';
import { libraryCalls, makeOddCalls, type PublicCall } from '../support/odd-calls.ts';

const COUNT = Number(process.env.FEWBITS_ODD_CALLS ?? 4000);
const SEED = Number(process.env.FEWBITS_SEED ?? 1);

/** Expects that all calls work unchanged, so that any refusal is due to an odd value. */
async function expectSound(calls: readonly PublicCall[]): Promise<void> {
  for (const { name, call, args } of calls) {
    const error = await Promise.resolve()
      .then(() => call(...(args() as never[])))
      .then(
        () => 'done',
        (cause) => `${cause.code}: ${cause.message}`,
      );
    expect({ name, error }).toEqual({ name, error: 'done' });
  }
}

it('of the loaded library', async () => {
  const calls = libraryCalls(await load({ variant: 'simd128' }));
  await expectSound(calls);
  const { surprises, refused } = await makeOddCalls(calls, COUNT, SEED);
  expect(surprises).toEqual([]);
  expect(refused).toBeGreaterThan(COUNT / 3);
}, 600_000);
