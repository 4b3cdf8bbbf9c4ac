// Enumerators and limits of C++, looked up by name: cpp/bindings/numbers.cpp.

import type { Core } from './core.js';
import { FewbitsError } from './errors.js';

/** The number behind a name, such as 'linear_kMaxInner'. */
export function number(core: Core, name: string): number {
  const value = core.functions<Readonly<Record<string, unknown>>>()[name];
  if (typeof value !== 'number') {
    throw new FewbitsError(
      'LOAD_FAILED',
      `this WebAssembly build has no ${name}: it is of another version`,
    );
  }
  return value;
}

/** The numbers of the names of an enumeration, such as 'uniform_scheme'. */
export function numbers<T extends string>(
  core: Core,
  enumeration: string,
  names: readonly T[],
): Readonly<Record<T, number>> {
  const entries = names.map((name) => [name, number(core, `${enumeration}_${name}`)]);
  return Object.fromEntries(entries) as Record<T, number>;
}
