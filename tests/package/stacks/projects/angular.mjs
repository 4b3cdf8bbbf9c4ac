// Angular, which copies the files that its bundler leaves out.

import { ANSWER, IMPORTS } from '../lib.mjs';

const VERSION = '22.2.6';
const packages = Object.fromEntries(
  ['core', 'common', 'compiler', 'compiler-cli', 'platform-browser'].map((name) => [
    `@angular/${name}`,
    VERSION,
  ]),
);

const copied = (glob, input) => ({ glob, input: `node_modules/fewbits/dist${input}`, output: '/' });

const BUILD = {
  builder: '@angular/build:application',
  options: {
    browser: 'src/main.ts',
    index: 'src/index.html',
    tsConfig: 'tsconfig.json',
    outputPath: 'dist',
    assets: [copied('*.wasm', ''), copied('shard-worker.js', '/pool')],
  },
  configurations: { development: { optimization: false } },
};

const SERVE = {
  builder: '@angular/build:dev-server',
  options: { buildTarget: 'stack:build:development' },
};

const FILES = {
  'angular.json': {
    version: 1,
    projects: {
      stack: {
        projectType: 'application',
        root: '',
        sourceRoot: 'src',
        architect: { build: BUILD, serve: SERVE },
      },
    },
  },
  'tsconfig.json': {
    compilerOptions: {
      ...{ target: 'ES2022', module: 'preserve', moduleResolution: 'bundler', strict: true },
      ...{ allowJs: true, experimentalDecorators: true, importHelpers: true, noEmit: false },
      lib: ['ES2022', 'DOM'],
    },
    files: ['src/main.ts'],
  },
  'src/index.html':
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>stack</title><base href="/"></head><body><app-root></app-root></body></html>\n',
  'src/main.ts': `import { Component, provideZonelessChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
${IMPORTS.replace('WORK', '../work.mjs')}
@Component({ selector: 'app-root', template: '<p>search</p>' })
class Root {
  constructor() {
    Object.assign(globalThis, { run: async () => ${ANSWER} });
  }
}

bootstrapApplication(Root, { providers: [provideZonelessChangeDetection()] });
`,
  'work.d.mts':
    'export function search(load: unknown): Promise<string>;\nexport function searchPool(create: unknown): Promise<string>;\nexport function searchAlone(load: unknown, open: unknown): Promise<string>;\n',
};

const STACK = {
  version: VERSION,
  packages: {
    ...packages,
    '@angular/build': '22.2.7',
    '@angular/cli': '22.2.7',
    ...{ rxjs: '7.8.2', tslib: '2.9.1', typescript: '6.0.3' },
  },
};

export const stacks = [
  {
    name: 'Angular, build',
    ...STACK,
    needs:
      '`assets` of angular.json: `*.wasm` of `node_modules/fewbits/dist`, `shard-worker.js` of its `pool`, to `/`',
    async run(project) {
      project.write(FILES);
      await project.bin('ng', ['build']);
      return { page: await project.visit((await project.files(project.path('dist/browser'))).url) };
    },
  },
  {
    name: 'Angular, serve',
    ...STACK,
    needs: 'the same `assets`',
    async run(project) {
      project.write(FILES);
      const url = await project.serve('npx', [
        'ng',
        'serve',
        '--port',
        'PORT',
        '--host',
        'localhost',
      ]);
      return { page: await project.visit(url, { reload: true }) };
    },
  },
];
