// The rules of the house that a program can check: what a file may import.

import path from 'node:path';
import { expect, it } from 'vitest';
import { filesBelow, importsOf, textOf } from '../support/sources.ts';

/** The rooms of web/src by floor. A file imports its own room and what stands below; rooms of a floor are strangers. */
const FLOORS = [
  ['wasm'],
  ['core'],
  ['families'],
  ['io'],
  ['vectors'],
  ['load'],
  ['index.ts', 'node.ts', 'store'],
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
  for (const file of filesBelow('site', ['.ts', '.js'])) {
    for (const name of importsOf(file)) {
      if (name.startsWith('fewbits')) uses++;
      const into = path.posix.join(path.posix.dirname(file), name);
      const relative = name.startsWith('.') && /^(web|cpp|tests)\//.test(into);
      if (relative || (/^fewbits\b/.test(name) && !entries.has(name.replace(/\?.*/, '')))) {
        inside.push(`${file} imports ${name}`);
      }
    }
  }
  expect(uses).toBeGreaterThan(10);
  expect(inside).toEqual([]);
});
