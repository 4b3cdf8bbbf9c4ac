// The sizes of what a visitor downloads for each entry of the package: its scripts as a bundler outputs them,
// minified, and the WebAssembly that they load. `node cpp/toolchain/build/sizes.mjs` prints them, and with
// `--peers` those of other packages, which it installs in a temporary folder.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** Entries, their scripts for browsers, and the WebAssembly that they load by themselves. */
const ENTRIES = [
  ['fewbits', 'index.js', 'fewbits'],
  ['fewbits/vectors', 'vectors.js', 'vectors'],
  ['fewbits/search', 'search.js', 'search'],
  ['fewbits/reader', 'reader/index.js', null],
  ['fewbits/io', 'io/index.js', null],
  ['fewbits/store', 'store/index.js', null],
  ['fewbits/pool', 'pool/index.js', 'vectors'],
  ['fewbits/models', 'models/index.js', 'fewbits'],
];

/** The size of bytes, raw and compressed as servers do. */
export const sizeOf = (bytes) => ({
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes).length,
});

export const none = { raw: 0, gzip: 0, brotli: 0 };

/** Bundles one entry, minified: everything that it imports statically, but not what it imports on demand. */
export async function bundled(file, options = {}) {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    entryPoints: [file],
    outdir: 'out',
    bundle: true,
    splitting: true,
    metafile: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
    ...options,
  });
  const outputs = Object.entries(metafile.outputs);
  const kept = ({ kind }) => kind === 'import-statement';
  const later = new Set(
    outputs.flatMap(([, { imports }]) =>
      imports.filter((one) => !kept(one)).map((one) => one.path),
    ),
  );
  const names = new Set(
    outputs.flatMap(([name, { entryPoint }]) => (entryPoint && !later.has(name) ? [name] : [])),
  );
  // The set grows during the loop.
  for (const name of names) {
    for (const one of metafile.outputs[name]?.imports ?? []) if (kept(one)) names.add(one.path);
  }
  const isKept = ({ path: name }) => names.has(path.relative('', name).replaceAll(path.sep, '/'));
  return Buffer.concat(outputFiles.filter(isKept).map(({ contents }) => contents));
}

/** { [entry]: { js, wasm } }, each with the bytes raw, by gzip and by brotli. */
export async function entrySizes(dist = path.join(root, 'web/dist')) {
  const rows = {};
  // Compressing takes longer than bundling, and several entries load the same build.
  const builds = { null: none };
  for (const [entry, script, build] of ENTRIES) {
    const file = path.join(dist, script);
    if (!existsSync(file)) continue;
    builds[build] ??= sizeOf(readFileSync(path.join(dist, `${build}.simd128.wasm`)));
    rows[entry] = { js: sizeOf(await bundled(file)), wasm: builds[build] };
  }
  return rows;
}

/** The rows as lines of text. */
export function linesOf(rows) {
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)}`.padStart(8);
  const head = ['JS gzip', 'brotli', 'WASM gzip', 'brotli', 'both gzip', 'brotli'];
  return [
    `${'kB'.padEnd(22)}${head.map((name) => name.padStart(10)).join('')}`,
    ...Object.entries(rows).map(([name, { js, wasm }]) => {
      const cells = [js.gzip, js.brotli, wasm.gzip, wasm.brotli, js.gzip + wasm.gzip];
      cells.push(js.brotli + wasm.brotli);
      return `${name.padEnd(22)}${cells.map((bytes) => kilobytes(bytes).padStart(10)).join('')}`;
    }),
  ];
}

async function main({ peers }) {
  const rows = await entrySizes();
  if (peers) {
    const { peerSizes } = await import('./peer-sizes.mjs');
    Object.assign(rows, await peerSizes());
  }
  console.log(linesOf(rows).join('\n'));
}

// Without waiting: what it imports imports this.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main({ peers: process.argv.includes('--peers') });
}
