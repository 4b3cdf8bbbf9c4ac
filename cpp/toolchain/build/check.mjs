// Checks of the compiled WebAssembly against what the build promises.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { demangled, functionsOf, membersOf, totals } from './wasm.mjs';

/**
 * Kernels that must contain certain instructions, which make them fast, per variant. Names are those of C++;
 * in any case every function in a namespace `simd` must contain vector instructions, and none in a namespace
 * `scalar` may.
 */
export const REQUIRED = [
  {
    kernel: 'fewbits::linear::simd::multiply',
    simd128: ['i32x4.dot_i16x8_s'],
    relaxed: ['i32x4.dot_i16x8_s'],
  },
  {
    kernel: 'fewbits::linear::simd::multiply_f32',
    simd128: ['f32x4.mul', 'f32x4.add'],
    relaxed: ['f32x4.relaxed_madd'],
  },
  {
    kernel: 'fewbits::uniform::simd::encode_blocks',
    simd128: ['i8x16.narrow_i16x8'],
    relaxed: ['i8x16.narrow_i16x8'],
  },
  {
    kernel: 'fewbits::vectors::simd::dot_scan',
    simd128: ['i32x4.dot_i16x8_s'],
    relaxed: ['i32x4.relaxed_dot_i8x16_i7x16_add_s', 'i16x8.relaxed_dot_i8x16_i7x16_s'],
  },
  {
    kernel: 'fewbits::vectors::simd::dot_scan4',
    simd128: ['i32x4.dot_i16x8_s'],
    relaxed: ['i32x4.relaxed_dot_i8x16_i7x16_add_s', 'i16x8.relaxed_dot_i8x16_i7x16_s'],
  },
  {
    kernel: 'fewbits::vectors::simd::lut_scan',
    simd128: ['i8x16.swizzle'],
    relaxed: ['i8x16.relaxed_swizzle'],
  },
  {
    kernel: 'fewbits::vectors::simd::bit_scan',
    simd128: ['i8x16.popcnt'],
    relaxed: ['i8x16.popcnt'],
  },
];

/**
 * The functions of the library, per object file, with their C++ names and the functions that they call in it.
 */
function kernelsOf(archive) {
  const kernels = [];
  for (const { name: file, bytes } of membersOf(archive)) {
    const functions = functionsOf(bytes);
    const byIndex = new Map(functions.map((entry) => [entry.index, entry]));
    for (const entry of functions) {
      const name = demangled(entry.name);
      // Functions that the compiler split off still belong to their only callers.
      const seen = new Set([entry]);
      for (const one of seen) {
        for (const index of one.calls) {
          const callee = byIndex.get(index);
          if (callee) seen.add(callee);
        }
      }
      kernels.push({ file, name, local: entry.local, holds: totals([...seen]) });
    }
  }
  return kernels;
}

/** Checks the modules of a variant; yields [name, failure]. */
function* modulesOf(variant, folder) {
  for (const file of ['fewbits.wasm', 'fewbits_vectors.wasm']) {
    const sum = totals(functionsOf(readFileSync(path.join(folder, file))));
    const vectors = sum.get('v128') ?? 0;
    const relaxed = sum.get('relaxed') ?? 0;
    const of = `${variant}: ${file}`;
    yield [`${of} holds vector instructions`, vectors === 0 && 'it holds none'];
    yield variant === 'simd128'
      ? [`${of} holds no relaxed instruction`, relaxed > 0 && `it holds ${relaxed}`]
      : [`${of} holds relaxed instructions`, relaxed === 0 && 'it holds none'];
  }
  // Node 20 compiles no relaxed instruction without a flag, and both builds have the same imports.
  if (variant !== 'simd128') return;
  const module = new WebAssembly.Module(readFileSync(path.join(folder, 'fewbits_vectors.wasm')));
  const imports = WebAssembly.Module.imports(module).map(({ name }) => name);
  yield [
    `${variant}: fewbits_vectors.wasm wants no more than to tell of growth`,
    String(imports) !== 'emscripten_notify_memory_growth' && `it imports ${imports.join(', ')}`,
  ];
}

/** Returns [{ name, failure }], with failure '' if the check holds. `folders` are the two build folders. */
export function checkWasm(folders) {
  const checks = [];
  const check = (name, failure) => checks.push({ name, failure: failure || '' });
  const glue = {};
  for (const [variant, folder] of Object.entries(folders)) {
    glue[variant] = readFileSync(path.join(folder, 'fewbits.mjs'), 'utf8');
    for (const one of modulesOf(variant, folder)) check(...one);
  }
  check(
    'both variants share the glue, byte for byte',
    glue.simd128 !== glue.relaxed && 'the two differ',
  );
  check(
    'the glue imports nothing from Node',
    /['"]node:|\brequire\s*\(/.test(glue.simd128) && 'it does',
  );
  check(
    'the glue makes no code at run time',
    /\bnew\s+Function\b|\beval\s*\(|\bFunction\s*\(/.test(glue.simd128) && 'it does',
  );
  for (const [variant, folder] of Object.entries(folders)) {
    const archive = path.join(folder, 'libfewbits.a');
    if (!existsSync(archive)) continue;
    const kernels = kernelsOf(readFileSync(archive));
    for (const { name, file, local, holds } of kernels) {
      if (/::simd::/.test(name) && !local) {
        check(
          `${variant}: ${name} holds vector instructions`,
          !holds.get('v128 arithmetic') && `not one in ${file}`,
        );
      } else if (/::scalar::/.test(name) && !local) {
        // Loads, stores and constants only move or clear small structs.
        const vectors = holds.get('v128 arithmetic') ?? 0;
        check(`${variant}: ${name} is scalar`, vectors > 0 && `${vectors} in ${file}`);
      }
    }
    for (const { kernel, ...instructions } of REQUIRED) {
      const found = kernels.filter(({ name }) => name === kernel);
      for (const instruction of instructions[variant] ?? []) {
        const missing = found.filter(({ holds }) => !holds.get(instruction));
        check(
          `${variant}: ${kernel} holds ${instruction}`,
          found.length === 0 ? 'there is no such kernel' : missing.length > 0 && 'it does not',
        );
      }
    }
  }
  return checks;
}
