// Enumerations and limits that have the same name and value in C++ and TypeScript.

import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'fewbits';
import { expect, it } from 'vitest';
// Modules that the package does not export.
import { number } from '../../web/dist/core/numbers.js';
import { STATUS } from '../../web/dist/core/status.js';
import { insideOf } from '../../web/dist/load/load.js';

const { core } = insideOf(await load());
const root = new URL('../../', import.meta.url);

it('C++ has the statuses under the same numbers', () => {
  for (const [name, value] of Object.entries(STATUS)) {
    expect(number(core, `status_${name}`), name).toBe(value);
  }
});

it('every enumerator and limit that crosses is in the table of names', () => {
  const table = readFileSync(new URL('cpp/bindings/numbers.cpp', root), 'utf8');
  const named = [...table.matchAll(/FEWBITS_NUMBER\("(\w+)", ([\w:]+), (\w+)\)/g)];
  expect(named.length).toBeGreaterThan(40);
  const headers = readdirSync(new URL('cpp/include/fewbits/', root))
    .map((file) => readFileSync(new URL(`cpp/include/fewbits/${file}`, root), 'utf8'))
    .join('\n');
  // ggml's types use their numbers in GGUF, which have a table of their own.
  const enumerations = [...headers.matchAll(/enum class (\w+) : int \{([^#}]*)\}/g)];
  expect(enumerations.length).toBeGreaterThan(9);
  for (const [, enumeration, body] of enumerations) {
    for (const [, name] of body.matchAll(/(\w+) = \d+/g)) {
      const row = named.find(([, , scope, one]) => scope.endsWith(enumeration) && one === name);
      expect(row, `${enumeration}::${name}`).toBeDefined();
    }
  }
  for (const [, prefix, , name] of named) {
    expect(number(core, `${prefix}_${name}`), `${prefix}_${name}`).toBeTypeOf('number');
  }
});

it('a name that this build does not have is said', () => {
  expect(() => number(core, 'uniform_scheme_none')).toThrow(/of another version/);
});
