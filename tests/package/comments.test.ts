// Doc comments in the declarations: each function that a user can call has one.

import { expect, it } from 'vitest';
import { declarations, ENTRIES, exported } from '../support/declarations.ts';

/** The functions and methods of a declaration that have no comment. */
function uncommented(name: string, file: string): string[] {
  const lines = declarations(file).split(/\r?\n/);
  const start = lines.findIndex((line) =>
    new RegExp(
      `^export (declare )?(abstract )?(function|class|interface|const|type) ${name}\\b`,
    ).test(line),
  );
  const bare: string[] = [];
  const look = (at: number, what: string) => {
    if (!lines[at - 1]?.trim().endsWith('*/')) bare.push(`${file}: ${what}`);
  };
  if (/function|: \(.*=>/.test(lines[start] ?? '')) look(start, name);
  if (!/(class|interface) /.test(lines[start] ?? '')) return bare;
  for (let at = start + 1; at < lines.length && lines[at] !== '}'; ++at) {
    const method = /^ {4}(?:static |get )?(\w+)(?:<.*?>)?\(/.exec(lines[at]);
    if (method && method[1] !== 'constructor') look(at, `${name}.${method[1]}`);
  }
  return bare;
}

it.each(ENTRIES)('%s', (entry) => {
  const names = exported(entry);
  expect(names.size).toBeGreaterThan(5);
  const bare = [...names].flatMap(([name, file]) => uncommented(name, file));
  expect(bare).toEqual([]);
});
