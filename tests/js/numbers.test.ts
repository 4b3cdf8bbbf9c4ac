// Enums and limits that cross from C++ by name.

import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'fewbits';
import { expect, it } from 'vitest';
// What the package keeps to itself.
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
  // ggml's types cross by their numbers in GGUF, a table of the format's own.
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
