// Engines whose relaxed SIMD computes something else, real and simulated: detected on loading.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { support } from 'fewbits';
import { describe, expect, it } from 'vitest';
import { functionsOf, totals } from '../../cpp/toolchain/build/wasm.mjs';
import { PROBES, probeModule } from '../../web/dist/load/relaxed.js';

const dist = new URL('../../web/dist/', import.meta.url);
const relaxed = readFileSync(new URL('fewbits.relaxed.wasm', dist));
const names = Object.keys(PROBES);
const engine = support();

/** A fresh process of the package, with nothing probed or loaded yet. */
async function fresh(script: string, flags: string[] = []): Promise<unknown> {
  const code = `import { load, loadSync, support } from '${dist.href}node.js';
    const codeOf = (work) => Promise.resolve().then(work).then(() => 'no error', ({ code }) => code);
    const relaxed = (await import('node:fs')).readFileSync(new URL('${dist.href}fewbits.relaxed.wasm'));
    ${script}`;
  const args = [...flags, '--input-type=module', '--eval', code];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

/** Replaces an instruction by another with as many operands. */
const wrongly = (name: string): string => {
  const { number, adds } = PROBES[name];
  const from = [0xfd, (number & 127) | 128, number >> 7];
  const to = adds ? [0xfd, 0xd2, 0] : [0xfd, 0xee, 0]; // v128.bitselect or i8x16.add
  return `const [from, to] = ${JSON.stringify([from, to])};
    const { Module } = WebAssembly;
    WebAssembly.Module = Object.assign(function (given) {
      const bytes = Uint8Array.from(given);
      for (let i = 0; i < bytes.length; i++) {
        if (from.every((byte, j) => bytes[i + j] === byte)) bytes.set(to, i);
      }
      return new Module(bytes);
    }, { exports: Module.exports, imports: Module.imports, customSections: Module.customSections });`;
};

const outcome = `console.log(JSON.stringify({
  support: support(),
  variant: (await load()).variant,
  relaxed: await codeOf(() => load({ variant: 'relaxed' })),
  bytes: await codeOf(() => load({ wasm: relaxed })),
  sync: await codeOf(() => loadSync(new WebAssembly.Module(relaxed))),
}));`;

const found = (name: string) => ({
  support: {
    simd128: true,
    relaxedSimd: true,
    relaxedSimdExact: false,
    relaxedSimdFault: `this engine computes ${name} wrongly`,
  },
  variant: 'simd128',
  relaxed: 'UNSUPPORTED',
  bytes: 'UNSUPPORTED',
  sync: 'UNSUPPORTED',
});

it('every relaxed instruction of the build is tried, and none besides', () => {
  const relaxedOf = (bytes: Uint8Array) =>
    [...totals(functionsOf(bytes)).keys()].filter((name) => name.includes('.relaxed_')).sort();
  expect(relaxedOf(relaxed)).toEqual([...names].sort());
  for (const name of names) expect(relaxedOf(probeModule([PROBES[name]]))).toEqual([name]);
});

describe.runIf(engine.relaxedSimd)('an engine with relaxed SIMD', () => {
  const flags = process.execArgv;

  it.each(names)('that has %s wrong gets the other build', async (name) => {
    // The complete build would be patched too, and must not be run.
    expect(await fresh(`${wrongly(name)}${outcome}`, flags)).toEqual(found(name));
  });

  it('that has it right gets the relaxed build', async () => {
    expect(await fresh(outcome, flags)).toEqual({
      support: { simd128: true, relaxedSimd: true, relaxedSimdExact: true },
      variant: 'relaxed',
      relaxed: 'no error',
      bytes: 'no error',
      sync: 'no error',
    });
  });

  it('that is right until it compiles again gets the other build as well', async () => {
    const turning = `const { Instance } = WebAssembly;
      let runs = 0;
      const run = () => Number(++runs > ${names.length});
      WebAssembly.Instance = function (module, imports) {
        if (imports) return new Instance(module, imports);
        return { exports: { ${names.map((_, i) => `f${i}: run`).join(', ')} } };
      };
      const { relaxedSimdExact } = support();
      const { variant } = await load();
      console.log(JSON.stringify([relaxedSimdExact, variant, support().relaxedSimdExact]));`;
    expect(await fresh(turning, flags)).toEqual([true, 'simd128', false]);
  });
});

const flag = '--experimental-wasm-relaxed-simd';
it.runIf(process.versions.node.startsWith('20.'))(
  'the first compiler of V8 before 11.9, which drops the accumulator, is found out',
  async () => {
    const name = 'i32x4.relaxed_dot_i8x16_i7x16_add_s';
    expect(await fresh(outcome, [flag])).toEqual(found(name));
    const first = `console.log(JSON.stringify((await load()).variant))`;
    expect(await fresh(first, [flag])).toBe('simd128');
  },
);
