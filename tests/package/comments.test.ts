// Each function that a user can call has a comment in the declarations.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { root } from './consumer.ts';

const dist = path.join(root, 'web/dist');
const text = (file: string) => readFileSync(path.join(dist, file), 'utf8');

/** The names that a declaration file exports, each with the file that declares it. */
function exported(file: string, names = new Map<string, string>(), typesOnly = false) {
  const target = (from: string) =>
    path.posix.join(path.posix.dirname(file), from).replace(/\.js$/, '.d.ts');
  for (const [, type, from] of text(file).matchAll(/^export (type )?\* from '(.*?)';/gm)) {
    exported(target(from), names, type !== undefined);
  }
  for (const [, list, from] of text(file).matchAll(
    /^export (?:type )?\{(.*?)\} from '(.*?)';/gms,
  )) {
    for (const name of list.split(','))
      names.set(name.replace(/\btype\b/, '').trim(), target(from));
  }
  for (const [, kind, name] of text(file).matchAll(
    /^export (?:declare )?(function|class|interface|const|type) (\w+)/gm,
  )) {
    if (!typesOnly || kind !== 'function') names.set(name, file);
  }
  return names;
}

/** Functions and methods of a declaration that no comment precedes. */
function uncommented(name: string, file: string): string[] {
  const lines = text(file).split(/\r?\n/);
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

it.each([
  'index.d.ts',
  'io/index.d.ts',
  'models/index.d.ts',
  'pool/index.d.ts',
  'worker/index.d.ts',
  'store/index.d.ts',
])('%s', (entry) => {
  const names = exported(entry);
  names.delete('');
  expect(names.size).toBeGreaterThan(5);
  const bare = [...names].flatMap(([name, file]) => uncommented(name, file));
  expect(bare).toEqual([]);
});
