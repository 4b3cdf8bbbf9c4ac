// Builds the npm package: both WebAssembly builds, the glue that they share, and the compiled TypeScript.

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { systemNode } from '../setup/nodes.mjs';
import { Problem, root, run, say, seconds } from '../setup/steps.mjs';
import { bundle } from './bundle.mjs';
import { checkWasm } from './check.mjs';
import { checkDeclarations } from './embind.mjs';
import { synchronous } from './glue.mjs';
import { entrySizes, linesOf } from './sizes.mjs';

export const VARIANTS = ['simd128', 'relaxed'];
/** Builds of less than the whole package. */
const PARTS = ['vectors', 'search'];
const web = path.join(root, 'web');
const dist = path.join(web, 'dist');

/** Runs a program from node_modules with the machine's own Node. */
export function nodeProgram(script, args, options) {
  return run(systemNode().path, [path.join(root, 'node_modules', script), ...args], options);
}

/** Builds the package into web/dist; returns the result of checkWasm(). */
export async function buildPackage(builds) {
  const start = performance.now();
  say('WebAssembly and the package (a minute or two the first time) ...');
  for (const variant of VARIANTS)
    await builds.build(`wasm-${variant}`, [
      'fewbits',
      'fewbits_wasm',
      'fewbits_vectors',
      'fewbits_search',
    ]);
  const folders = Object.fromEntries(
    VARIANTS.map((variant) => [variant, builds.folder(`wasm-${variant}`)]),
  );
  const checks = checkWasm(folders);
  const failed = checks.filter(({ failure }) => failure);
  if (failed.length > 0) {
    throw new Problem(
      `what was built is not what it should be:\n${failed
        .map(({ name, failure }) => `  - ${name}: ${failure}`)
        .join('\n')}`,
    );
  }
  await compileTypeScript();
  await checkDeclarations(builds, 'wasm-simd128', (args) =>
    nodeProgram('typescript/bin/tsc', args, { quiet: true, check: false }),
  );
  mkdirSync(path.join(dist, 'wasm'), { recursive: true });
  const modules = VARIANTS.map((variant) =>
    readFileSync(path.join(folders[variant], 'fewbits.wasm')),
  );
  const glue = synchronous(readFileSync(path.join(folders.simd128, 'fewbits.mjs'), 'utf8'));
  const stamp = stampOf(Buffer.from(glue), ...modules);
  VARIANTS.forEach((variant, i) => {
    write(stamped(modules[i], stamp), path.join(dist, `fewbits.${variant}.wasm`));
  });
  const stampedGlue = `${glue}\nexport const stamp = ${JSON.stringify(stamp)};\n`;
  write(Buffer.from(stampedGlue), path.join(dist, 'wasm/fewbits.mjs'));
  for (const part of PARTS) writePart(folders, part);
  await bundle(dist);
  for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE']) {
    if (existsSync(path.join(root, name))) copy(path.join(root, name), path.join(web, name));
  }
  await tryOut();
  say(`WebAssembly and the package: done in ${seconds(start)}, ${checks.length} checks hold`);
  return checks;
}

/** Writes the builds of a part of the package, and the stamp by which its scripts recognize them. */
function writePart(folders, part) {
  const modules = VARIANTS.map((variant) =>
    readFileSync(path.join(folders[variant], `fewbits_${part}.wasm`)),
  );
  const stamp = stampOf(...modules).replace('(', `${part} (`);
  VARIANTS.forEach((variant, i) => {
    write(stamped(modules[i], stamp), path.join(dist, `${part}.${variant}.wasm`));
  });
  const script = `export const stamp = ${JSON.stringify(stamp)};\n`;
  write(Buffer.from(script), path.join(dist, `wasm/${part}.mjs`));
}

/** Version and build, by which the package distinguishes its own modules from others. */
function stampOf(...parts) {
  const { version } = JSON.parse(readFileSync(path.join(web, 'package.json'), 'utf8'));
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return `${version} (${hash.digest('hex').slice(0, 12)})`;
}

/** Adds a custom section with `stamp` at the end of a module. */
function stamped(wasm, stamp) {
  const name = 'fewbits';
  const contents = Buffer.from(`${String.fromCharCode(name.length)}${name}${stamp}`);
  return Buffer.concat([wasm, Buffer.from([0, contents.length]), contents]);
}

/** Writes only if the contents differ, so that a watching server does not reload unnecessarily. */
function write(bytes, to) {
  if (!existsSync(to) || !bytes.equals(readFileSync(to))) writeFileSync(to, bytes);
}

function copy(from, to) {
  write(readFileSync(from), to);
}

/** Instantiates all builds synchronously in the machine's Node. */
async function tryOut() {
  const { path: node, flags } = systemNode();
  const script = `import { readFileSync } from 'node:fs';
    const dist = ${JSON.stringify(pathToFileURL(`${dist}/`))};
    for (const [name, door] of [['fewbits', 'node.js'], ['vectors', 'vectors-node.js'],
                                ['search', 'search-node.js']]) {
      const { loadSync } = await import(dist + door);
      for (const variant of ${JSON.stringify(VARIANTS)}) {
        const file = new URL(name + '.' + variant + '.wasm', dist);
        const fewbits = loadSync(new WebAssembly.Module(readFileSync(file)));
        if (fewbits.variant !== variant) throw new Error(file + ' is ' + fewbits.variant);
      }
    }`;
  await run(node, [...flags, '--input-type=module', '--eval', script], { quiet: true });
}

async function compileTypeScript() {
  if (!existsSync(path.join(web, 'tsconfig.json'))) return;
  await nodeProgram('typescript/bin/tsc', ['-p', web]);
  // The command imports the package by its name, like its users: after the package.
  await nodeProgram('typescript/bin/tsc', ['-p', path.join(web, 'cli')]);
  removeStale();
  // Hand-written declarations.
  mkdirSync(path.join(dist, 'wasm'), { recursive: true });
  for (const name of ['fewbits.d.mts', 'vectors.d.mts', 'search.d.mts', 'module.d.ts']) {
    copy(path.join(web, 'src/wasm', name), path.join(dist, 'wasm', name));
  }
}

function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)));
}

/** The outputs of a source: `a.ts` gives a.js and a.d.ts, `a.mts` the same with an m. */
const madeOf = (source) => {
  const [, name, declared, m] = /^(.*?)(\.d)?\.(m?)ts$/.exec(source) ?? [];
  if (name === undefined) return [];
  // The glue has its own declarations.
  return declared && !m ? [source] : [`${name}.${m}js`, `${name}.d.${m}ts`];
};

/** Removes the outputs of deleted sources, which must not be published. */
function removeStale() {
  const made = new Set(files(path.join(web, 'src')).flatMap(madeOf));
  for (const name of files(path.join(web, 'cli'))) made.add(`cli/${name.replace(/ts$/, 'js')}`);
  for (const name of files(dist)) {
    const script = /(\.d\.m?ts|\.m?js)$/.test(name);
    if (script && !made.has(name)) rmSync(path.join(dist, name));
  }
}

/** Prints the sizes of what a visitor downloads. */
export async function printSizes() {
  say('sizes:');
  for (const line of linesOf(await entrySizes(dist))) say(`  ${line}`);
}

export const packageFolder = web;
export const built = () => existsSync(dist) && statSync(dist).isDirectory();
