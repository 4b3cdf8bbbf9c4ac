// What the bytes of a build are for: `node cpp/toolchain/build/bytes.mjs [fewbits | vectors | search]` prints them by
// family and by cause, from the map that the linker leaves beside a module. They are those before wasm-opt, which
// takes a few percent off all alike, and before compression.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sizeOf } from './sizes.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** The modules by the name of their files in web/dist, and the maps of the linker. */
const MAPS = {
  fewbits: 'fewbits.map',
  vectors: 'fewbits_vectors.map',
  search: 'fewbits_search.map',
};

/** Causes in the order of columns. */
const CAUSES = ['simd', 'scalar', 'other code', 'tables'];

/** A line of the map about what one object file brings: [address, offset, size, file, symbol]. */
const CHUNK = /^\s*\S+\s+[0-9a-f]+\s+([0-9a-f]+)\s+(\S+\.o\)?|<internal>):\((.+)\)$/;

/** Which family a symbol is of, by its namespace, or what else brought it. */
function familyOf(file, symbol) {
  if (/libembind|N10emscripten|embind_init|_GLOBAL__sub_I/.test(file + symbol)) return 'Embind';
  if (/libc\+?\+?[-\w]*\.a|libcompiler_rt|emmalloc|libstandalonewasm/.test(file)) {
    return 'C library, allocator';
  }
  if (/\/bindings\/allocator|\/bindings\/reserve/.test(file)) return 'C library, allocator';
  const [, length, rest] = /N?K?7fewbits(\d+)(\w+)/.exec(symbol) ?? [];
  if (length !== undefined) {
    const name = rest.slice(0, Number(length));
    if (name === 'bindings' || file.includes('/bindings/')) return 'bindings';
    return name === 'sorting' || /^[A-Z]/.test(name) || !isNamespace(name) ? 'base' : name;
  }
  if (file.includes('/bindings/')) return 'bindings';
  return file === '<internal>' ? 'strings and start' : 'base';
}

/** Families are namespaces of headers in cpp/include/fewbits. */
const isNamespace = (name) =>
  existsSync(path.join(root, `cpp/include/fewbits/${name}.h`)) ||
  existsSync(path.join(root, `cpp/src/${name}`));

function causeOf(file, symbol) {
  if (/^\.(rodata|data)/.test(symbol)) return 'tables';
  if (/4simd/.test(symbol) || /simd\.cpp/.test(file)) return 'simd';
  return /6scalar/.test(symbol) || /scalar\.cpp/.test(file) ? 'scalar' : 'other code';
}

/** Map(family -> { [cause]: bytes }) of the text of a linker's map. */
export function bytesOf(map) {
  const families = new Map();
  for (const line of map.split('\n')) {
    const [, size, file, symbol] = CHUNK.exec(line) ?? [];
    if (size === undefined) continue;
    // Zeros in memory are not in the file.
    if (symbol.startsWith('.bss')) continue;
    const family = familyOf(file, symbol);
    const causes = families.get(family) ?? Object.fromEntries(CAUSES.map((name) => [name, 0]));
    causes[causeOf(file, symbol)] += Number.parseInt(size, 16);
    families.set(family, causes);
  }
  return families;
}

const sum = (causes) => CAUSES.reduce((all, name) => all + causes[name], 0);

/** The table as lines of text, the largest family first. */
export function linesOf(families) {
  const rows = [...families].sort(([, a], [, b]) => sum(b) - sum(a));
  const total = Object.fromEntries(
    CAUSES.map((name) => [name, rows.reduce((all, [, causes]) => all + causes[name], 0)]),
  );
  const cell = (text) => String(text).padStart(12);
  const line = (name, causes) =>
    [name.padEnd(22), ...CAUSES.map((cause) => cell(causes[cause])), cell(sum(causes))].join('');
  return [
    ['bytes'.padEnd(22), ...CAUSES.map(cell), cell('all')].join(''),
    ...rows.map(([name, causes]) => line(name, causes)),
    line('all', total),
  ];
}

function main([name = 'fewbits', variant = 'simd128']) {
  const map = path.join(root, `build/wasm-${variant}`, MAPS[name] ?? '');
  if (MAPS[name] === undefined || !existsSync(map)) {
    console.error(
      MAPS[name] === undefined
        ? `a build is one of ${Object.keys(MAPS).join(', ')}, got ${name}`
        : `${map} is not there: npm run build`,
    );
    process.exit(1);
  }
  console.log(linesOf(bytesOf(readFileSync(map, 'utf8'))).join('\n'));
  const { raw, gzip, brotli } = sizeOf(
    readFileSync(path.join(root, `web/dist/${name}.${variant}.wasm`)),
  );
  console.log(`${name}.${variant}.wasm: ${raw} bytes, ${gzip} by gzip, ${brotli} by brotli`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
