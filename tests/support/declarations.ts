// The names that the declarations of the package export, the files that declare them, and their optional
// properties.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './sources.ts';

/** The entries of the package that a page may import. */
export const ENTRIES = [
  'index.d.ts',
  'io/index.d.ts',
  'models/index.d.ts',
  'pool/index.d.ts',
  'worker/index.d.ts',
  'store/index.d.ts',
] as const;

const dist = path.join(root, 'web/dist');

/** The text of a file of web/dist. */
export const declarations = (file: string): string => readFileSync(path.join(dist, file), 'utf8');

/** The names that a declaration file exports, each with the file that declares it. */
export function exported(
  file: string,
  names = new Map<string, string>(),
  typesOnly = false,
): Map<string, string> {
  const text = declarations(file);
  const target = (from: string) =>
    path.posix.join(path.posix.dirname(file), from).replace(/\.js$/, '.d.ts');
  for (const [, type, from] of text.matchAll(/^export (type )?\* from '(.*?)';/gm)) {
    exported(target(from), names, type !== undefined);
  }
  for (const [, list, from] of text.matchAll(/^export (?:type )?\{(.*?)\} from '(.*?)';/gms)) {
    for (const item of list.split(',')) {
      const name = item.replace(/\btype\b/, '').trim();
      if (name) names.set(name, exported(target(from)).get(name) ?? target(from));
    }
  }
  for (const [, kind, name] of text.matchAll(
    /^export (?:declare )?(function|class|interface|const|type) (\w+)/gm,
  )) {
    if (!typesOnly || kind !== 'function') names.set(name, file);
  }
  return names;
}

/** The interfaces that the package exports, each with the names of its optional properties. */
export function optionalProperties(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const entry of ENTRIES) {
    for (const [name, file] of exported(entry)) {
      const [, body] =
        new RegExp(
          `^export interface ${name}(?:<.*?>)?(?: extends .*?)? \\{\n(.*?)^\\}`,
          'ms',
        ).exec(declarations(file)) ?? [];
      const own = [...(body ?? '').matchAll(/^ {4}(?:readonly )?(\w+)\?:/gm)];
      if (own.length > 0) found.set(name, [...own.map(([, property]) => property)]);
    }
  }
  return found;
}
