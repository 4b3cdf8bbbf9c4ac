// What a visitor downloads with other packages, measured as that of this one: for `sizes.mjs --peers`, which
// installs them, pinned, in a temporary folder. Outside of tests.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { npm } from '../setup/npm.mjs';
import { cleanEnvironment } from '../setup/steps.mjs';
import { bundled, none, sizeOf } from './sizes.mjs';

/** Package and version, what a program imports, and the WebAssembly that it fetches, unless scripts hold it. */
const PEERS = [
  ['hnswlib-wasm', '0.8.2', 'hnswlib-wasm', null],
  ['edgevec', '0.9.0', 'edgevec', 'edgevec/edgevec_bg.wasm'],
  [
    'onnxruntime-web',
    '1.30.0',
    'onnxruntime-web/wasm',
    'onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
  ],
];

/** As entrySizes(), of the peers. */
export async function peerSizes() {
  const folder = mkdtempSync(path.join(tmpdir(), 'fewbits-peers-'));
  try {
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    const packages = PEERS.map(([name, version]) => `${name}@${version}`);
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    await npm(['install', ...quiet, ...packages], { cwd: folder, env: cleanEnvironment() });
    const rows = {};
    for (const [name, version, entry, wasm] of PEERS) {
      const program = path.join(folder, `${name}.js`);
      writeFileSync(program, `export * from '${entry}';\n`);
      // What is imported when it is needed is: their WebAssembly is started so.
      const js = sizeOf(await bundled(program, { splitting: false, external: ['node:*'] }));
      const file = wasm && path.join(folder, 'node_modules', wasm);
      rows[`${name} ${version}`] = { js, wasm: file ? sizeOf(readFileSync(file)) : none };
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
