// Bundles that drop something of the package: the address of the script, modules imported only for their
// effect, compiling of WebAssembly.

import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { removeFolder, temporaryFolder } from '../support/folders.ts';
import { esbuildBuild, viteBuild, webpackBuild } from './bundlers.ts';
import { run } from './consumer.ts';
import { expectRight } from './expected.ts';
import { browser, consumer, useInstalled } from './installed.ts';
import { runServed } from './pages.ts';

useInstalled();

interface Found {
  own: 'passed' | { name: string; code: string; message: string };
  vectors: Found['own'];
  relaxed: { code: string; message: string };
  given: Parameters<typeof expectRight>[0];
  simd128: boolean;
}

const file = () => consumer.path('node_modules/fewbits/dist/fewbits.simd128.wasm');

/** Runs a function of a bundle of bundled/ with the value of the expression `wasm` in the program. */
async function runBundle<T = Found>(name: string, before: string, wasm: string): Promise<T> {
  const program = `${before}
    require('./${name}');
    const bytes = require('node:fs').readFileSync(${JSON.stringify(file())});
    globalThis.main(${wasm}).then((found) => console.log(JSON.stringify(found)));`;
  writeFileSync(consumer.path('run.cjs'), program);
  const { stdout, stderr } = await run(process.execPath, ['run.cjs'], consumer.folder);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('bundles of CommonJS, which have no address', () => {
  it.each(['node', 'browser'] as const)('for %s', async (platform) => {
    const { warnings } = await build({
      absWorkingDir: consumer.folder,
      entryPoints: ['bundled/main.js'],
      bundle: true,
      format: 'cjs',
      platform,
      outfile: `${platform}.cjs`,
      logLevel: 'silent',
    });
    expect(warnings.map(({ id }) => id)).toEqual(warnings.map(() => 'empty-import-meta'));
    const { own, vectors, given, simd128 } = await runBundle(`${platform}.cjs`, '', 'bytes');
    for (const failed of [own, vectors]) {
      expect(failed).toMatchObject({
        name: 'FewbitsError',
        code: 'LOAD_FAILED',
        message: expect.stringMatching(/import\.meta\.url.*wasm: bytes/),
      });
    }
    expectRight({ default: given.default, simd128: given.simd128 }, false);
    expect(simd128).toBe(true);
  });

  it.each(['node', 'browser'] as const)('pools for %s ask for createWorker', async (platform) => {
    await build({
      absWorkingDir: consumer.folder,
      entryPoints: ['bundled/pools.js'],
      bundle: true,
      format: 'cjs',
      platform,
      outfile: 'pools.cjs',
      logLevel: 'silent',
    });
    const failures = await runBundle<string[]>('pools.cjs', '', 'bytes');
    expect(failures.length).toBe(2);
    for (const failure of failures) {
      expect(failure).toMatch(/^WORKER_FAILED .*import\.meta\.url is empty.*pass createWorker$/);
    }
  });

  it('what is no address does no harm either', async () => {
    for (const url of ['/var/task/index.js', 'worker.js', 'blob:null/1', '']) {
      await build({
        absWorkingDir: consumer.folder,
        entryPoints: ['bundled/main.js'],
        bundle: true,
        format: 'cjs',
        platform: 'node',
        define: { 'import.meta.url': JSON.stringify(url) },
        outfile: 'defined.cjs',
      });
      const { own, given } = await runBundle('defined.cjs', '', 'bytes');
      expect(own).toMatchObject({ name: 'FewbitsError', code: 'LOAD_FAILED' });
      expect(given.default.variant).toBe('simd128');
    }
  });
});

/**
 * Makes imports of .wasm files modules that are compiled before the program begins, as in Cloudflare Workers.
 */
const compiled: Plugin = {
  name: 'compiled',
  setup({ onLoad }) {
    onLoad({ filter: /\.wasm$/ }, ({ path }) => ({
      contents: `export default globalThis.compiled(${JSON.stringify(path)});`,
    }));
  },
};

it("the condition 'workerd' imports the module, where nothing may be compiled", async () => {
  await build({
    absWorkingDir: consumer.folder,
    entryPoints: ['bundled/main.js'],
    bundle: true,
    format: 'cjs',
    platform: 'neutral',
    conditions: ['workerd', 'worker', 'browser'],
    plugins: [compiled],
    outfile: 'workerd.cjs',
    logLevel: 'silent',
  });
  expect(readFileSync(consumer.path('workerd.cjs'), 'utf8')).not.toContain('relaxed.wasm"');
  const before = `
    const { Module } = WebAssembly;
    const refuse = () => { throw new WebAssembly.CompileError('Wasm code generation disallowed by embedder'); };
    globalThis.compiled = (path) => new Module(require('node:fs').readFileSync(path));
    const functions = ['exports', 'imports', 'customSections'].map((name) => [name, Module[name]]);
    WebAssembly.Module = Object.assign(refuse, Object.fromEntries(functions));
    WebAssembly.compile = WebAssembly.compileStreaming = async () => refuse();`;
  const found = await runBundle('workerd.cjs', before, 'new Module(bytes)');
  const { own, vectors, relaxed, given } = found;
  expect([own, vectors]).toEqual(['passed', 'passed']);
  expect(relaxed).toMatchObject({ code: 'UNSUPPORTED' });
  expectRight({ default: given.default, simd128: given.simd128 }, false);
});

it('webpack for Node emits what it needs, its workers too', async () => {
  const { default: webpack } = await import('webpack');
  const built = consumer.path('webpack-node');
  const stats = await new Promise<import('webpack').Stats | undefined>((resolve, reject) => {
    const options = {
      mode: 'production' as const,
      target: 'node',
      context: consumer.folder,
      entry: './bundled/program.mjs',
      output: { path: built, filename: 'main.cjs' },
    };
    webpack(options, (error, result) => (error ? reject(error) : resolve(result)));
  });
  expect(stats?.toString({ all: false, errors: true, warnings: true })).toBe('');
  // In another folder, without the package.
  const moved = temporaryFolder();
  try {
    cpSync(built, moved, { recursive: true });
    const { stdout, stderr } = await run(process.execPath, ['main.cjs'], moved);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      whole: ['east', 'north'],
      alone: ['east', 'north'],
      pool: ['east', 'north'],
    });
  } finally {
    removeFolder(moved);
  }
});

/** File tracers, such as those of Vercel and Nitro, detect addresses in constants, but not in functions. */
it('in Node every file of the package has its address in a constant at the top level', () => {
  const found: Record<string, string[]> = {};
  for (const door of ['node.js', 'vectors-node.js', 'pool/node.js', 'models/node.js']) {
    const script = consumer.path('node_modules/fewbits/dist', door);
    const text = readFileSync(script, 'utf8');
    const constants = text.matchAll(
      /^const \w+ =[^;]*? new URL\('(\.[^']+)', import\.meta\.url\)/gm,
    );
    found[door] = Array.from(constants, ([, file]) => file);
    expect(text.match(/new URL\(['"`]\./g)?.length, door).toBe(found[door].length);
    for (const file of found[door]) {
      expect(existsSync(path.join(path.dirname(script), file)), file).toBe(true);
    }
  }
  expect(found).toEqual({
    'node.js': ['./fewbits.simd128.wasm', './fewbits.relaxed.wasm'],
    'vectors-node.js': ['./vectors.simd128.wasm', './vectors.relaxed.wasm'],
    'pool/node.js': ['./shard-worker-node.mjs'],
    'models/node.js': ['./worker-node.mjs'],
  });
});

describe("a worker file of the application's own is kept in production", () => {
  // Ids, and the float16 values 1 and -2.
  const right = ['east', 'north', 'west', 0x00, 0x3c, 0x00, 0xc0];
  const expectRun = async (folder: string, at = '') =>
    expect(await runServed(browser, folder, at)).toEqual(right);

  it('Vite', async () => expectRun(await viteBuild(consumer, 'own-worker'), 'own-worker/'));

  it('webpack', async () => expectRun(await webpackBuild(consumer, 'own-worker')));

  it('esbuild', async () => {
    const entries = ['main', 'worker', 'converter'].map((name) => `own-worker/${name}.js`);
    await expectRun(await esbuildBuild(consumer, 'own-worker', entries));
  });
});
