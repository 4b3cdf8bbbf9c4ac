// Checks of the package as users and their tools see it: publint, are-the-types-wrong, and the compiler under
// the usual settings.

import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Consumer, install, root, run, tarball } from './consumer.ts';

const tool = (script: string, args: readonly string[], cwd = root) =>
  run(process.execPath, [path.join(root, 'node_modules', script), ...args], cwd);

let consumer: Consumer;
beforeAll(async () => {
  consumer = await install();
});
afterAll(() => consumer?.remove());

it('publint finds nothing', async () => {
  const { stdout, code } = await tool('publint/src/cli.js', [await tarball(), '--strict']);
  expect(stdout).toMatch(/All good!/);
  expect(code).toBe(0);
});

it('are-the-types-wrong finds nothing for an ES module package', async () => {
  const { stdout, code } = await tool('@arethetypeswrong/cli/dist/index.js', [
    await tarball(),
    '--profile=esm-only',
  ]);
  // The exit code counts only problems that the profile does not ignore.
  expect({ code, stdout }).toMatchObject({ code: 0 });
});

it('the tarball holds what is to be published and nothing else', async () => {
  const { stdout } = await run('tar', ['tzf', await tarball()], root);
  const files = stdout
    .trim()
    .split(/\r?\n/)
    .map((name) => name.replace(/^package\//, ''));
  const texts = ['README.md', 'CHANGELOG.md', 'LICENSE'].filter((name) =>
    existsSync(path.join(root, name)),
  );
  const builds = ['fewbits', 'vectors', 'search'].flatMap((name) => [
    `dist/${name}.simd128.wasm`,
    `dist/${name}.relaxed.wasm`,
  ]);
  const expected = ['package.json', ...texts, ...builds];
  expect(files).toEqual(expect.arrayContaining(expected));
  const others = files.filter((name) => !expected.includes(name));
  expect(others.filter((name) => !/^dist\/.*\.(m?js|d\.m?ts)$/.test(name))).toEqual([]);
});

describe('the compiler, strict and with libraries checked', () => {
  const projects = [
    { name: 'a page', lib: ['ES2022', 'DOM'], types: [] },
    { name: 'a worker', lib: ['ES2022', 'WebWorker'], types: [] },
    { name: 'Node', lib: ['ES2022'], types: ['node'] },
    { name: 'a page and Node, newest library', lib: ['ESNext', 'DOM'], types: ['node'] },
  ];
  const resolutions = [
    { moduleResolution: 'bundler', module: 'esnext' },
    { moduleResolution: 'nodenext', module: 'nodenext' },
  ];
  const cases = projects.flatMap((project) => resolutions.map((how) => ({ ...project, ...how })));

  type Case = (typeof cases)[number];
  const compile = async (compiler: string, how: Case) => {
    const { lib, types, module, moduleResolution } = how;
    const folder = consumer.path('types');
    const compilerOptions = {
      target: 'ES2022',
      lib,
      types,
      module,
      moduleResolution,
      typeRoots: [path.join(root, 'node_modules/@types')],
      strict: true,
      skipLibCheck: false,
      noEmit: true,
    };
    const config = { compilerOptions, files: ['use.ts'] };
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
    const { stdout } = await tool(`${compiler}/bin/tsc`, ['-p', folder]);
    expect(stdout).toBe('');
  };

  it.each(cases)('$name, $moduleResolution', (how) => compile('typescript', how));

  // As site/docs/bundlers.md states.
  it.each(
    cases.filter(({ name, module }) => /^(a page|Node)$/.test(name) && module === 'nodenext'),
  )('the least TypeScript, 5.7: $name', (how) => compile('typescript-least', how));
});
