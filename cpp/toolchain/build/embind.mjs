// Compares the declarations of C++ functions in web/src with those that Emscripten generates for the module:
// names, numbers of arguments, types.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { cleanEnvironment, Problem, root, say, windows } from '../setup/steps.mjs';

/** Emscripten runs TypeScript for types of its own runtime, which are not needed here. */
const NO_TSC = `#!/bin/sh
while [ $# -gt 0 ]; do
  if [ "$1" = --outFile ]; then echo 'declare namespace RuntimeExports {}' >"$2"; fi
  shift
done
`;

/** Finds where each `...Functions` of web/src is declared. */
function declarations() {
  const source = path.join(root, 'web/src');
  const found = [];
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    const names = readFileSync(file, 'utf8').matchAll(
      /^export (?:interface|type) (\w+Functions|WasmModule)\b/gm,
    );
    for (const [, name] of names) found.push({ name, file });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A program that TypeScript rejects exactly when the two differ, with the names in the message. */
function comparison(folder) {
  const all = declarations();
  const imports = all.map(({ name, file }) => {
    const from = path.relative(folder, file).replaceAll('\\', '/').replace(/\.ts$/, '.js');
    return `import type { ${name} } from '${from}';`;
  });
  return `import type { EmbindModule as Bound } from './embind.js';
${imports.join('\n')}

type Declared = ${all.map(({ name }) => name).join(' & ')};

type Both<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Same<A, B> = A extends (...args: infer P) => infer R
  ? B extends (...args: infer Q) => infer S
    ? [Both<P['length'], Q['length']>, Both<P, Q>, Both<R, S>]
    : never
  : never;
type All = [true, true, true];
/** Constants are looked up by name at run time. */
type Functions<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T];

/** Bound in C++ but not declared in TypeScript; the reverse; and those with a different signature. */
export const undeclared: never = 0 as never as Exclude<Functions<Bound>, keyof Declared>;
export const unbound: never = 0 as never as Exclude<Functions<Declared>, keyof Bound>;
export const different: never = 0 as never as {
  [K in Functions<Bound> & keyof Declared]: Same<Bound[K], Declared[K]> extends All ? never : K;
}[Functions<Bound> & keyof Declared];
`;
}

/** Generates the declarations. The output of Emscripten does not state that the module is exported. */
function describeModule(builds, folder, types) {
  const bin = path.join(folder, 'no-tsc');
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, 'tsc'), NO_TSC);
  chmodSync(path.join(bin, 'tsc'), 0o755);
  const { emscripten } = builds;
  const environment = cleanEnvironment(emscripten.env);
  const made = path.join(folder, 'embind-module.mjs');
  const objects = path.join(folder, 'CMakeFiles/fewbits_wasm.dir/cpp/bindings');
  const result = spawnSync(
    path.join(emscripten.root, 'em++'),
    [
      ...[
        '-O0',
        '-fno-rtti',
        '-lembind',
        '-sMALLOC=emmalloc',
        '-sMODULARIZE',
        '-sEXPORT_ES6',
        '--emit-tsd',
        types,
      ],
      // Objects of deleted sources may still be there.
      ...readdirSync(path.join(root, 'cpp/bindings'))
        .filter((name) => name.endsWith('.cpp'))
        .map((name) => path.join(objects, `${name}.o`)),
      ...[path.join(folder, 'libfewbits.a'), '-o', made],
    ],
    {
      encoding: 'utf8',
      env: { ...environment, PATH: [bin, environment.PATH].join(path.delimiter) },
    },
  );
  for (const file of [made, made.replace(/mjs$/, 'wasm')]) rmSync(file, { force: true });
  if (result.status !== 0) throw new Problem(`the module's types: ${result.stderr}`);
  const text = readFileSync(types, 'utf8')
    .replace('interface EmbindModule', 'export interface EmbindModule')
    .replace(/^(declare namespace RuntimeExports|export type MainModule|export default).*$/gm, '');
  writeFileSync(types, text);
}

const time = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Throws a Problem unless the declarations in TypeScript match the bindings in C++. */
export async function checkDeclarations(builds, preset, runTypeScript) {
  if (windows) return;
  const folder = builds.folder(preset);
  const types = path.join(folder, 'embind.d.ts');
  const known = path.join(folder, 'fewbits.wasm');
  if (time(types) < time(known)) describeModule(builds, folder, types);
  const check = path.join(folder, 'embind-check.ts');
  writeFileSync(check, comparison(folder));
  const project = path.join(folder, 'embind.json');
  writeFileSync(
    project,
    JSON.stringify({
      extends: path.join(root, 'web/tsconfig.json'),
      compilerOptions: {
        noEmit: true,
        rootDir: root,
        typeRoots: [path.join(root, 'node_modules/@types')],
      },
      include: [check],
    }),
  );
  const { code, output } = await runTypeScript(['-p', project]);
  if (code !== 0) {
    throw new Problem(`C++ binds other functions than web/src declares:\n${output}`);
  }
  say('web/src declares the functions that C++ binds');
}
