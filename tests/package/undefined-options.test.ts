// Optional properties: each one of every exported type takes `undefined`, under exactOptionalPropertyTypes
// too.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declarations, exported } from '../support/declarations.ts';
import { type Consumer, install, root, run } from './consumer.ts';

let consumer: Consumer;
beforeAll(async () => {
  consumer = await install();
});
afterAll(() => consumer?.remove());

type Entry = string | { readonly [condition: string]: Entry };

/** The declarations that an entry of the package resolves to under these conditions. */
function typesOf(entry: Entry, conditions: readonly string[]): string | undefined {
  if (typeof entry === 'string') return /\.d\.ts$/.test(entry) ? entry : undefined;
  for (const [condition, value] of Object.entries(entry)) {
    const found = conditions.includes(condition) ? typesOf(value, conditions) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** A line that compiles if an exported name refuses `undefined` nowhere. */
function lineFor(module: string, name: string, file: string): string | undefined {
  const declared = new RegExp(
    `^(?:export )?(?:declare )?(?:abstract )?(function|class|interface|const|type) ${name}\\b(<[^{]*?>(?= =| \\{| extends))?`,
    'm',
  ).exec(declarations(file));
  if (!declared) throw new Error(`${file} does not declare ${name}`);
  const [, kind, parameters] = declared;
  const given = parameters ? `<${parameters.split(/,(?![^<]*>\w)/).map(() => 'any')}>` : '';
  const of = `import('${module}').${name}`;
  const type = /function|const/.test(kind) ? `typeof ${of}` : `${of}${given}`;
  const lines = [`takesUndefined<Refusing<${type}, '${module}: ${name}'>>();`];
  if (kind === 'class') {
    lines.push(
      `takesUndefined<Refusing<ConstructorParameters<typeof ${of}>[number], '${module}: new ${name}'>>();`,
    );
  }
  return lines.join('\n');
}

async function compile(lines: readonly string[], how: object): Promise<string> {
  const folder = consumer.path('types');
  const head =
    "import type { Refusing } from './refusing.ts';\nimport { takesUndefined } from './refusing.ts';\n";
  writeFileSync(path.join(folder, 'options.ts'), `${head}${lines.join('\n')}\n`);
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2022', 'DOM'],
    types: ['node'],
    typeRoots: [path.join(root, 'node_modules/@types')],
    strict: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    ...how,
  };
  const config = { compilerOptions, files: ['options.ts'] };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  return (await run(process.execPath, [tsc, '-p', folder], root)).stdout;
}

describe.each([
  { conditions: ['types', 'default'], moduleResolution: 'bundler', module: 'esnext' },
  { conditions: ['node', 'types', 'default'], moduleResolution: 'nodenext', module: 'nodenext' },
])('$moduleResolution', ({ conditions, ...how }) => {
  it('takes undefined for whatever can be left out', async () => {
    const { exports } = JSON.parse(readFileSync(path.join(root, 'web/package.json'), 'utf8'));
    const lines: string[] = [];
    for (const [entry, value] of Object.entries<Entry>(exports)) {
      const types = typesOf(value, conditions);
      if (!types) continue;
      for (const [name, file] of exported(types.replace('./dist/', ''))) {
        lines.push(lineFor(`fewbits${entry.slice(1)}`, name, file));
      }
    }
    expect(lines.length).toBeGreaterThan(150);
    expect(lines.filter((line) => /Options\b/.test(line)).length).toBeGreaterThan(25);
    expect(await compile(lines, how)).toBe('');
  });

  it('tells what refuses it, wherever it stands', async () => {
    const flawed = [
      ['{ a?: number; b: 1 }', 'a'],
      ['{ readonly a?: 1 | null }', 'a'],
      ['{ inner: { b?: string } }', 'inner.b'],
      ['(options?: { c?: number }) => void', '().c'],
      ['{ method(list: { d?: 1 }[]): void }', 'method()[].d'],
    ];
    const found = await compile(
      flawed.map(([type]) => `takesUndefined<Refusing<${type}, 'X'>>();`),
      how,
    );
    const told = [...found.matchAll(/'"X\.?(.*?)"'/g)].map(([, place]) => place);
    expect(told).toEqual(flawed.map(([, place]) => place));
    const fine = ['{ a?: number | undefined }', '(options?: { c?: unknown }) => void', '{ a: 1 }'];
    expect(
      await compile(
        fine.map((type) => `takesUndefined<Refusing<${type}, 'X'>>();`),
        how,
      ),
    ).toBe('');
  });
});
