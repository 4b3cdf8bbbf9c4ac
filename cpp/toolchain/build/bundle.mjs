// The scripts of the package that are single files: its workers, which a Blob may import from a CDN and
// bundlers may copy unchanged, and the browser entries for a CDN.

import path from 'node:path';

/** The purpose of each, its entry point in dist, its output there, and its platform. */
const BUNDLES = [
  ['`fewbits/pool/worker` of browsers', 'pool/shard-worker.js', 'pool/shard-worker.js', 'browser'],
  [
    '`fewbits/pool/worker` of Node',
    'pool/shard-worker-node.mjs',
    'pool/shard-worker-node.mjs',
    'node',
  ],
  ['`fewbits/models/worker` of browsers', 'models/worker.js', 'models/worker.js', 'browser'],
  ['`fewbits/models/worker` of Node', 'models/worker-node.mjs', 'models/worker-node.mjs', 'node'],
  ['`fewbits` for a CDN', 'index.js', 'fewbits.min.js', 'browser'],
  ['`fewbits/vectors` for a CDN', 'vectors.js', 'vectors.min.js', 'browser'],
  ['`fewbits/search` for a CDN', 'search.js', 'search.min.js', 'browser'],
];

/** Bundles the output of TypeScript in `dist`; all of it must exist before. */
export async function bundle(dist) {
  const { build } = await import('esbuild');
  await Promise.all(
    BUNDLES.map(([what, entry, file, platform]) =>
      build({
        absWorkingDir: dist,
        entryPoints: [entry],
        outfile: path.join(dist, file),
        allowOverwrite: true,
        bundle: true,
        minify: true,
        format: 'esm',
        target: 'es2022',
        platform,
        external: platform === 'node' ? ['node:*'] : [],
        banner: { js: `// ${what}, in one file.` },
        legalComments: 'none',
        logLevel: 'warning',
      }),
    ),
  );
}
