// The rules of CONTRIBUTING.md that a program can check: what a file may import, how it opens, how long it
// and its functions are.

import path from 'node:path';
import { expect, it } from 'vitest';
import {
  constantsOf,
  filesBelow,
  functionsOf,
  headOf,
  importsOf,
  textOf,
} from '../support/sources.ts';

/**
 * The folders of web/src in layers, lowest first. A file imports from its own folder and from lower layers;
 * folders of the same layer do not import each other.
 */
const FLOORS = [
  ['wasm'],
  ['core'],
  ['families'],
  ['io'],
  ['vectors'],
  ['reader'],
  ['search'],
  ['load'],
  [
    'index.ts',
    'node.ts',
    'workerd.ts',
    'vectors.ts',
    'vectors-node.ts',
    'vectors-workerd.ts',
    'search.ts',
    'search-node.ts',
    'search-workerd.ts',
    'store',
  ],
  ['worker'],
  ['pool', 'models'],
];

const floorOf = (room: string) => FLOORS.findIndex((rooms) => rooms.includes(room));
const scripts = filesBelow('web/src', ['.ts']);

it.each([
  ['a sibling', './b.js', 'web/src/io/a.ts', 'io'],
  ['a door', '../index.js', 'web/src/io/a.ts', 'index.ts'],
])('a room is told from a path: %s', (_, name, from, room) => {
  expect(roomOf(path.posix.join(path.posix.dirname(from), name))).toBe(room);
});

function roomOf(file: string): string {
  const [first] = file.slice('web/src/'.length).split('/');
  return first.replace(/\.js$/, '.ts');
}

it('a module of the package imports its own room and those on lower floors', () => {
  const upward: string[] = [];
  let arrows = 0;
  for (const file of scripts) {
    const room = roomOf(file);
    expect(floorOf(room), `${file} is in a room that has a floor`).toBeGreaterThanOrEqual(0);
    for (const name of importsOf(file)) {
      if (!name.startsWith('.') || name.endsWith('.wasm')) continue;
      const target = roomOf(path.posix.join(path.posix.dirname(file), name));
      if (target === room) continue;
      arrows++;
      if (!(floorOf(target) >= 0 && floorOf(target) < floorOf(room))) {
        upward.push(`${file} imports ${name}`);
      }
    }
  }
  expect(arrows).toBeGreaterThan(50);
  expect(upward).toEqual([]);
});

it('the site and the command import only what the package exports', () => {
  const { exports } = JSON.parse(textOf('web/package.json'));
  const entries = new Set(Object.keys(exports).map((name) => `fewbits${name.slice(1)}`));
  const inside: string[] = [];
  let uses = 0;
  for (const file of [...filesBelow('site', ['.ts', '.js']), ...filesBelow('web/cli', ['.ts'])]) {
    for (const name of importsOf(file)) {
      if (name.startsWith('fewbits')) uses++;
      const into = path.posix.join(path.posix.dirname(file), name);
      const relative = name.startsWith('.') && /^(web\/src|cpp|tests)\//.test(into);
      if (relative || (/^fewbits\b/.test(name) && !entries.has(name.replace(/\?.*/, '')))) {
        inside.push(`${file} imports ${name}`);
      }
    }
  }
  expect(uses).toBeGreaterThan(10);
  expect(inside).toEqual([]);
});

const ENDINGS = [
  '.ts',
  '.mts',
  '.js',
  '.mjs',
  '.cpp',
  '.h',
  '.css',
  '.cmake',
  '.py',
  'CMakeLists.txt',
];
/** Programs that the site prints in full, below a text that explains them. */
const PRINTED = 'site/pages/transformers-js/recipe/';
const sources = ['web', 'site', 'cpp', 'tests']
  .flatMap((folder) => filesBelow(folder, ENDINGS))
  .filter((file) => !file.startsWith(PRINTED));

it('every source file opens with a sentence of what it is for', () => {
  const without = sources.filter((file) => !/^\S.{15,}?[.:]( |$)/.test(headOf(file)));
  expect(sources.length).toBeGreaterThan(300);
  expect(without).toEqual([]);
});

it('a file above 300 lines says why in its head', () => {
  const long = sources
    .map((file) => ({ file, lines: textOf(file).split('\n').length - 1 }))
    .filter(({ lines }) => lines > 300)
    .filter(({ file }) => !/\blong because\b|\babove 300 lines\b/i.test(headOf(file)))
    .map(({ file, lines }) => `${file}: ${lines}`);
  expect(long).toEqual([]);
});

it('no function has more than 60 lines', () => {
  const measured = sources.filter((file) => file.endsWith('.ts') || /^cpp\/.*\.mjs$/.test(file));
  const long = measured.flatMap((file) =>
    functionsOf(file)
      .filter(({ lines }) => lines > 60)
      .map(({ line, lines }) => `${file}:${line}: ${lines} lines`),
  );
  expect(measured.length).toBeGreaterThan(150);
  expect(long).toEqual([]);
});

it('a constant that a module of the product writes out is in CONSTANT_CASE', () => {
  const constants = sources
    .filter((file) => /^(web|site|cpp)\/.*\.m?[tj]s$/.test(file))
    .flatMap((file) => constantsOf(file).map((name) => ({ file, name })));
  expect(constants.length).toBeGreaterThan(150);
  const others = constants
    .filter(({ name }) => !/^[A-Z][A-Z0-9_]*$/.test(name))
    .map(({ file, name }) => `${file}: ${name}`);
  expect(others).toEqual([]);
});

it('the map in CONTRIBUTING has every room', () => {
  const map = textOf('CONTRIBUTING.md');
  const rooms = [...new Set(scripts.map((file) => roomOf(file)))].filter((room) => room !== 'wasm');
  expect(rooms.length).toBeGreaterThan(8);
  expect(rooms.filter((room) => !map.includes(room))).toEqual([]);
});
