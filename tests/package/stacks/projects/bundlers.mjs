// Bundlers: Vite, webpack, Rspack, Rollup, Parcel, esbuild, tsdown, and file tracers.

import { copyFileSync, cpSync, existsSync, mkdirSync } from 'node:fs';
import { ANSWER, IMPORTS } from '../lib.mjs';

export const html = (script) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>stack</title><div id="app"></div>
<script type="module" src="${script}"></script></html>
`;

const HERE = IMPORTS.replace('WORK', './work.mjs');

/** A page with indexes in the page and one in workers. */
export const PAGE = `${HERE}
globalThis.run = async () => ${ANSWER};
`;

/** The same for Node, which prints its answer. */
export const PROGRAM = `${HERE}
async function main() {
  console.log('answer ' + ${ANSWER});
}
main();
`;

export const NOTHING = 'nothing';
export const WASM = ['fewbits', 'vectors'].flatMap((name) => [
  `${name}.simd128.wasm`,
  `${name}.relaxed.wasm`,
]);

export function copyDist(project, to, names) {
  mkdirSync(project.path(to), { recursive: true });
  for (const name of names) {
    copyFileSync(
      project.path('node_modules/fewbits/dist', name),
      project.path(to, name.split('/').at(-1)),
    );
  }
}

const vite = (version, config, needs) => ({
  name: `Vite ${version.split('.')[0]}`,
  version,
  packages: { vite: version },
  needs,
  async run(project) {
    project.write({
      'index.html': html('/main.js'),
      'main.js': PAGE,
      'vite.config.js': `export default ${config};\n`,
    });
    const dev = await project.visit(
      await project.serve('npx', ['vite', '--port', 'PORT', '--strictPort']),
      {
        reload: true,
      },
    );
    project.first = undefined;
    await project.bin('vite', ['build']);
    const built = await project.visit((await project.files(project.path('dist'))).url);
    return { dev, built };
  },
});

const EXCLUDED = "{ optimizeDeps: { exclude: ['fewbits'] } }";

const webpackConfig = (target) => `export default {
  mode: 'production',
  target: '${target}',
  entry: './main.js',
  ${target === 'node' ? "output: { filename: 'main.cjs' }," : ''}
};
`;

const page = (folder = 'dist', script = './main.js') => ({
  [`${folder}/index.html`]: html(script),
});

export const stacks = [
  vite('8.4.0', '{}', NOTHING),
  vite(
    '7.1.12',
    EXCLUDED,
    "`optimizeDeps: { exclude: ['fewbits'] }` for the dev server; the build needs nothing",
  ),
  vite(
    '6.4.1',
    EXCLUDED,
    "`optimizeDeps: { exclude: ['fewbits'] }` for the dev server; the build needs nothing",
  ),
  {
    name: 'webpack 5, web',
    packages: { webpack: '5.113.0', 'webpack-cli': '6.0.1' },
    needs: NOTHING,
    async run(project) {
      project.write({ 'main.js': PAGE, 'webpack.config.js': webpackConfig('web'), ...page() });
      await project.bin('webpack', []);
      return { page: await project.visit((await project.files(project.path('dist'))).url) };
    },
  },
  {
    name: 'webpack 5, node',
    packages: { webpack: '5.113.0', 'webpack-cli': '6.0.1' },
    needs: NOTHING,
    async run(project) {
      project.write({ 'main.js': PROGRAM, 'webpack.config.js': webpackConfig('node') });
      await project.bin('webpack', []);
      await project.run('mv', ['node_modules', 'elsewhere']);
      return { node: await project.answer('node', ['dist/main.cjs']) };
    },
  },
  {
    name: 'Rspack, web',
    packages: { '@rspack/core': '2.3.4', '@rspack/cli': '2.2.8' },
    needs: NOTHING,
    async run(project) {
      project.write({ 'main.js': PAGE, 'rspack.config.mjs': webpackConfig('web'), ...page() });
      await project.bin('rspack', ['build']);
      return { page: await project.visit((await project.files(project.path('dist'))).url) };
    },
  },
  {
    name: 'Rollup',
    packages: {
      rollup: '4.68.8',
      '@rollup/plugin-node-resolve': '16.0.3',
      '@web/rollup-plugin-import-meta-assets': '2.3.0',
    },
    needs:
      '`@rollup/plugin-node-resolve` with `browser: true` and `@web/rollup-plugin-import-meta-assets`',
    async run(project) {
      project.write({
        'main.js': PAGE,
        'rollup.config.js': `import resolve from '@rollup/plugin-node-resolve';
import { importMetaAssets } from '@web/rollup-plugin-import-meta-assets';
export default {
  input: 'main.js',
  output: { dir: 'dist', format: 'es' },
  plugins: [resolve({ browser: true }), importMetaAssets()],
};
`,
        ...page(),
      });
      await project.bin('rollup', ['-c']);
      return { page: await project.visit((await project.files(project.path('dist'))).url) };
    },
  },
  {
    name: 'Parcel',
    packages: { parcel: '2.16.4' },
    more: { '@parcel/resolver-default': { packageExports: true } },
    needs: '`"@parcel/resolver-default": { "packageExports": true }` in package.json',
    async run(project) {
      project.write({ 'index.html': html('./main.js'), 'main.js': PAGE });
      await project.bin('parcel', ['build', 'index.html', '--no-cache']);
      return { page: await project.visit((await project.files(project.path('dist'))).url) };
    },
  },
  {
    name: 'esbuild, browser',
    packages: { esbuild: '0.28.2' },
    needs: 'copy `dist/*.wasm` and `dist/pool/shard-worker.js` beside the output',
    async run(project) {
      project.write({ 'main.js': PAGE, ...page() });
      await project.bin('esbuild', [
        'main.js',
        '--bundle',
        '--format=esm',
        '--outdir=dist',
        '--minify',
      ]);
      copyDist(project, 'dist', [...WASM, 'pool/shard-worker.js']);
      return { page: await project.visit((await project.files(project.path('dist'))).url) };
    },
  },
  {
    name: 'esbuild, node (ES modules)',
    packages: { esbuild: '0.28.2' },
    needs: 'copy `dist/*.wasm` and `dist/pool/shard-worker-node.mjs` beside the output',
    async run(project) {
      project.write({ 'main.js': PROGRAM });
      const args = [
        'main.js',
        '--bundle',
        '--format=esm',
        '--platform=node',
        '--outfile=dist/main.mjs',
      ];
      await project.bin('esbuild', args);
      copyDist(project, 'dist', [...WASM, 'pool/shard-worker-node.mjs']);
      await project.run('mv', ['node_modules', 'elsewhere']);
      return { node: await project.answer('node', ['dist/main.mjs']) };
    },
  },
  {
    name: 'esbuild, node (CommonJS)',
    packages: { esbuild: '0.28.2' },
    needs:
      'the `binary` loader, `--target=node20`, `load({ wasm: bytes })`; `createWorker` for pools',
    async run(project) {
      project.write({
        'main.js': `import { load } from 'fewbits';
import bytes from 'fewbits/fewbits.simd128.wasm';
import { search } from './work.mjs';

search(load, { wasm: bytes }).then((answer) => console.log('answer ' + answer));
`,
      });
      const args = [
        'main.js',
        '--bundle',
        '--format=cjs',
        '--platform=node',
        '--outfile=dist/main.cjs',
      ];
      await project.bin('esbuild', [...args, '--loader:.wasm=binary', '--target=node20']);
      await project.run('mv', ['node_modules', 'elsewhere']);
      return { node: await project.answer('node', ['dist/main.cjs']) };
    },
  },
  {
    name: 'tsdown',
    packages: { tsdown: '0.23.7', typescript: '5.9.3' },
    needs: 'nothing: a dependency stays outside of the bundle',
    async run(project) {
      project.write({ 'main.ts': PROGRAM });
      await project.bin('tsdown', ['main.ts', '--format', 'esm']);
      const file = ['dist/main.js', 'dist/main.mjs'].find((name) => existsSync(project.path(name)));
      return { node: await project.answer('node', [file]) };
    },
  },
  {
    name: '@vercel/nft (Vercel, Nitro)',
    packages: { '@vercel/nft': '1.11.5' },
    needs: NOTHING,
    async run(project) {
      project.write({
        'main.mjs': PROGRAM,
        'trace.mjs': `import { cpSync } from 'node:fs';
import { nodeFileTrace } from '@vercel/nft';
const { fileList } = await nodeFileTrace(['main.mjs']);
for (const file of fileList) cpSync(file, 'traced/' + file);
`,
      });
      await project.run('node', ['trace.mjs']);
      cpSync(project.path('package.json'), project.path('traced/package.json'));
      await project.run('mv', ['node_modules', 'elsewhere']);
      return { node: await project.answer('node', ['traced/main.mjs']) };
    },
  },
];
