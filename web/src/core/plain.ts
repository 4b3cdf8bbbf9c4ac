// A build that exports plain C++ functions, wrapped to look like an Embind module, so that the modules above
// cannot tell them apart.

import { type BuildName, checkBuild, notABuild } from './build.js';
import { guarded } from './guard.js';
import type { CompiledModule } from './platform.js';
import type { WasmModule } from './wasm.js';

/** A struct that a function returns: the offset of each member in bytes, and its type. */
export type Layout = Readonly<Record<string, readonly [at: number, type: 'u32' | 'f64']>>;

/** What the scripts know of a build, which its exports do not tell. */
export interface PlainBuild {
  readonly name: BuildName;
  readonly stamp: string;
  /** Enumerators and limits, by the names of cpp/bindings/numbers.cpp; a test compares the values. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Functions that return a struct, which they write to an address passed as the first argument. */
  readonly structures: Readonly<Record<string, Layout>>;
}

/** Bytes for the largest struct, with some to spare. */
const MOST_BYTES = 32;

const IMPORTS: WebAssembly.Imports = {
  // Views of memory are created for each use, so growth needs no notification.
  env: { emscripten_notify_memory_growth() {} },
};

/** Instantiates the compiled module synchronously: for workers and Node, and browsers that allow it. */
export function instantiatePlain(build: PlainBuild, compiled: CompiledModule): WasmModule {
  checkBuild(compiled, build.stamp, build.name);
  try {
    return started(build, new WebAssembly.Instance(compiled as WebAssembly.Module, IMPORTS));
  } catch (cause) {
    throw notABuild(cause);
  }
}

/** Instantiates the compiled module without blocking the thread. */
export async function instantiatePlainLater(
  build: PlainBuild,
  compiled: CompiledModule,
): Promise<WasmModule> {
  checkBuild(compiled, build.stamp, build.name);
  try {
    return started(build, await WebAssembly.instantiate(compiled as WebAssembly.Module, IMPORTS));
  } catch (cause) {
    throw notABuild(cause);
  }
}

type Call = (...args: unknown[]) => number;

function started(build: PlainBuild, { exports }: WebAssembly.Instance): WasmModule {
  const memory = exports.memory as WebAssembly.Memory;
  (exports._initialize as Call)();
  const result = (exports.allocate as Call)(MOST_BYTES) >>> 0;
  const wasm: Record<string, unknown> = { ...build.numbers };
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value !== 'function' || name.startsWith('_')) continue;
    const call = value as Call;
    const layout = build.structures[name];
    wasm[name] =
      layout === undefined
        ? // Addresses and sizes are unsigned; outcomes are not negative.
          (...args: unknown[]) => {
            const answer = call(...args);
            return answer < 0 ? answer >>> 0 : answer;
          }
        : (...args: unknown[]) => {
            call(result, ...args);
            return read(new DataView(memory.buffer, result, MOST_BYTES), layout);
          };
  }
  let bytes = new Uint8Array(memory.buffer);
  Object.defineProperty(wasm, 'HEAPU8', {
    get() {
      if (bytes.buffer !== memory.buffer) bytes = new Uint8Array(memory.buffer);
      return bytes;
    },
  });
  return guarded(wasm);
}

function read(from: DataView, layout: Layout): Record<string, number> {
  const structure: Record<string, number> = {};
  for (const [name, [at, type]] of Object.entries(layout)) {
    structure[name] = type === 'u32' ? from.getUint32(at, true) : from.getFloat64(at, true);
  }
  return structure;
}
