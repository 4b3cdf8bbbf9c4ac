// A build that exports plain C++ functions, wrapped to look like an Embind module, so that the modules above
// cannot tell them apart.

import { stamp } from '../wasm/vectors.mjs';
import { checkBuild, notABuild } from './build.js';
import { guarded } from './guard.js';
import type { CompiledModule } from './platform.js';
import type { WasmModule } from './wasm.js';

/** The names of cpp/bindings/numbers.cpp that an index uses; a test compares the values. */
export const NUMBERS: Readonly<Record<string, number>> = {
  vectors_metric_cosine: 0,
  vectors_metric_dot: 1,
  vectors_metric_l2: 2,
  vectors_metric_hamming: 3,
  vectors_kMaxDims: 16384,
  vectors_kMaxQueries: 64,
  vectors_kMaxSegments: 512,
};

/** A struct that a function returns: the offset of each member in bytes, and its type. */
type Layout = Readonly<Record<string, readonly [at: number, type: 'u32' | 'f64']>>;

/** Functions that return a struct, which they write to an address passed as the first argument. */
const STRUCTURES: Readonly<Record<string, Layout>> = {
  vectors_create: { status: [0, 'u32'], index: [4, 'u32'] },
  vectors_fit: { expected: [0, 'f64'], seen: [8, 'f64'], count: [16, 'u32'] },
  vectors_row_sizes: {
    codes: [0, 'u32'],
    factors: [4, 'u32'],
    norms: [8, 'u32'],
    mean_products: [12, 'u32'],
    tails: [16, 'u32'],
    refine_codes: [20, 'u32'],
    refine_factors: [24, 'u32'],
  },
};

/** Bytes for the largest struct, with some to spare. */
const MOST_BYTES = 32;

const IMPORTS: WebAssembly.Imports = {
  // Views of memory are created for each use, so growth needs no notification.
  env: { emscripten_notify_memory_growth() {} },
};

/** Instantiates the compiled module synchronously: for workers and Node, and browsers that allow it. */
export function instantiate(compiled: CompiledModule): WasmModule {
  checkBuild(compiled, stamp, 'vectors');
  try {
    return started(new WebAssembly.Instance(compiled as WebAssembly.Module, IMPORTS));
  } catch (cause) {
    throw notABuild(cause);
  }
}

/** Instantiates the compiled module without blocking the thread. */
export async function instantiateLater(compiled: CompiledModule): Promise<WasmModule> {
  checkBuild(compiled, stamp, 'vectors');
  try {
    return started(await WebAssembly.instantiate(compiled as WebAssembly.Module, IMPORTS));
  } catch (cause) {
    throw notABuild(cause);
  }
}

type Call = (...args: unknown[]) => number;

function started({ exports }: WebAssembly.Instance): WasmModule {
  const memory = exports.memory as WebAssembly.Memory;
  (exports._initialize as Call)();
  const result = (exports.allocate as Call)(MOST_BYTES) >>> 0;
  const wasm: Record<string, unknown> = { ...NUMBERS };
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value !== 'function' || name.startsWith('_')) continue;
    const call = value as Call;
    const layout = STRUCTURES[name];
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
