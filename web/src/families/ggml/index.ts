// The block formats of ggml: quantize, dequantize, validate and loss.

import { options, output, toFloat32 } from '../../core/arguments.js';
import { type Core, check } from '../../core/core.js';
import { apart, CHUNK, convert, elements, give, windows } from '../../core/windows.js';
import { fieldsOf } from '../quantized.js';
import type { GgmlFunctions } from './functions.js';
import { checkLoss, checkRange, checkSound, shareOf } from './loss.js';
import {
  type Blocks,
  blocks,
  blocksOf,
  bytesOf,
  OPTIONS,
  type Plan,
  planOf,
  types,
} from './plan.js';
import type { Ggml, GgmlOptions, GgmlQuantized, GgmlTypedOptions } from './types.js';

function quantizeBlocks(core: Core, plan: Plan, givenOut: unknown): Uint8Array {
  const wasm = core.functions<GgmlFunctions>();
  const { memory } = core;
  const { type, rowLength, importance, allowLoss } = plan;
  const out = output(Uint8Array, bytesOf(type, plan.x.length), givenOut);
  const x = apart(plan.x, out, givenOut);
  if (x.length === 0) return out;
  // With importance every call gets whole rows, since weights belong to columns; without it rows do not
  // matter.
  const window = importance ? Math.max(1, Math.floor(CHUNK / rowLength)) * rowLength : CHUNK;
  const weights = importance?.length ?? 0;
  const room = [4 * window, bytesOf(type, window), 8, 4 * weights];
  const lost = memory.withScratch(room, (xAt, outAt, lostAt, importanceAt) => {
    if (importance) give(memory, importance, 0, weights, importanceAt);
    const weighed = importance ? importanceAt : 0;
    const counted = allowLoss ? 0 : lostAt;
    memory.f64(lostAt, 1)[0] = 0;
    windows(x.length, window, (start, n) => {
      const row = importance ? rowLength : n;
      give(memory, x, start, n, xAt);
      const outcome = wasm.ggml_quantize(type.ggufId, xAt, n / row, row, weighed, outAt, counted);
      checkRange(outcome, type, x, start);
      check(outcome, 'x', start);
      out.set(memory.u8(outAt, bytesOf(type, n)), bytesOf(type, start));
    });
    return memory.f64(lostAt, 1)[0];
  });
  checkLoss(lost, type, x);
  return out;
}

function validateBlocks(core: Core, { type, length, bytes }: Blocks): void {
  const wasm = core.functions<GgmlFunctions>();
  const { memory } = core;
  memory.withScratch([bytesOf(type, CHUNK)], (at) => {
    windows(length, CHUNK, (start, n) => {
      const first = bytesOf(type, start);
      give(memory, bytes, first, bytesOf(type, n), at);
      checkSound(wasm.ggml_validate(type.ggufId, at, n), type, start);
    });
  });
}

/** The share of the energy of x that was lost in its blocks. */
function lostOf(core: Core, x: Float32Array, { type, bytes }: Blocks): number {
  const wasm = core.functions<GgmlFunctions>();
  const { memory } = core;
  const lost = memory.withScratch([4 * CHUNK, bytesOf(type, CHUNK), 8], (xAt, at, lostAt) => {
    memory.f64(lostAt, 1)[0] = 0;
    windows(x.length, CHUNK, (start, n) => {
      const first = bytesOf(type, start);
      give(memory, x, start, n, xAt);
      give(memory, bytes, first, bytesOf(type, n), at);
      checkRange(wasm.ggml_check(type.ggufId, xAt, at, n, lostAt), type, x, start);
    });
    return memory.f64(lostAt, 1)[0];
  });
  return Math.min(1, shareOf(lost, x));
}

export function createGgml(core: Core): Ggml {
  const wasm = core.functions<GgmlFunctions>();
  const { memory } = core;

  function dequantizeBlocks({ type, length, bytes }: Blocks, givenOut: unknown): Float32Array {
    const out = output(Float32Array, length, givenOut);
    const from = apart(bytes, out, givenOut);
    convert(memory, length, blocks(from, type), elements(out), (inAt, n, outAt, start) =>
      check(wasm.ggml_dequantize(type.ggufId, inAt, n, outAt), 'bytes', start),
    );
    return out;
  }

  function quantize(x: unknown, second: unknown, third?: unknown, out?: unknown) {
    if (typeof second !== 'object' || second === null) {
      const o = options<GgmlOptions>('options', third, OPTIONS);
      return quantizeBlocks(core, planOf(x, second, o), out);
    }
    const o = options<GgmlTypedOptions>('options', second, ['type', ...OPTIONS]);
    const plan = planOf(x, o.type, o);
    const bytes = quantizeBlocks(core, plan, third);
    const byteLength = bytes.length;
    return { kind: 'ggml', type: o.type, bytes, length: plan.x.length, byteLength };
  }

  return {
    types,
    quantize: quantize as Ggml['quantize'],

    dequantize(given: unknown, second?: unknown, length?: unknown, out?: unknown) {
      if (ArrayBuffer.isView(given) || typeof given !== 'object' || given === null) {
        return dequantizeBlocks(blocksOf('bytes', given, second, length), out);
      }
      const q = fieldsOf<GgmlQuantized>('ggml', given, ({ bytes, type, length }) => ({
        bytes,
        type,
        length,
      }));
      return dequantizeBlocks(blocksOf('q.bytes', q.bytes, q.type, q.length), second);
    },

    validate: (bytes, type, length) => validateBlocks(core, blocksOf('bytes', bytes, type, length)),

    loss(given, bytes, type) {
      const x = toFloat32('x', given);
      return { lost: lostOf(core, x, blocksOf('bytes', bytes, type, x.length)) };
    },
  };
}
