// The block formats of ggml.

import {
  type FloatArray,
  integer,
  invalid,
  oneOf,
  options,
  output,
  toFloat32,
} from '../core/arguments.js';
import { type Core, check, type Outcome } from '../core/core.js';
import { type GgmlTargetType, type GgmlType, ggmlTargets, ggmlTypes } from '../core/ggml-types.js';
import { CHUNK, convert, elements, give, type Side, windows } from '../core/windows.js';
import { arrayField, fieldsOf } from './quantized.js';

/** The ggml types that arrays are quantized to and dequantized from. */
export type GgmlQuantizedType = Exclude<GgmlTargetType, 'F32'>;

/** The half types first, then those in blocks by their numbers. */
const QUANTIZED = /* @__PURE__ */ (Object.values(ggmlTypes) as GgmlType[])
  .filter(({ name }) => name !== 'F32' && Object.hasOwn(ggmlTargets, name))
  .sort((a, b) => Number(a.blockSize > 1) - Number(b.blockSize > 1))
  .map(({ name }) => name as GgmlQuantizedType);

export interface GgmlOptions {
  /** Values in a row of the tensor, a multiple of the type's block size. Default: all are one row. */
  readonly rowLength?: number | undefined;
  /**
   * An importance matrix's weights: one for each of the `rowLength` columns, finite and not
   * negative. Types that take none (Q8_0, the ternary, the 4-bit float and the half types) ignore
   * it, as in the native tool.
   */
  readonly importance?: FloatArray | undefined;
}

/** The same with the type: `quantize(x, { type, ... })`. */
export interface GgmlTypedOptions extends GgmlOptions {
  readonly type: GgmlQuantizedType;
}

/** Blocks and what decoding them takes: plain data, fit for structured cloning. */
export interface GgmlQuantized {
  readonly kind: 'ggml';
  readonly type: GgmlQuantizedType;
  /** The bytes that a GGUF file holds. */
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly byteLength: number;
}

/**
 * The block formats of ggml: the bytes that a GGUF file holds, equal to those of the native
 * reference quantizer.
 */
export interface Ggml {
  /**
   * The blocks of `x`, row after row.
   *
   * @param x finite values; F16 and BF16 also hold NaN and infinities
   * @param out a Uint8Array of `x.length / blockSize * bytesPerBlock`, written in part when a later
   *   value turns out not to be finite
   * @throws FewbitsError NON_FINITE with the index of the first such value, INVALID_ARGUMENT for a
   *   length that is not of whole rows or a row that is not of whole blocks
   */
  quantize(
    x: FloatArray,
    type: GgmlQuantizedType,
    options?: GgmlOptions,
    out?: Uint8Array,
  ): Uint8Array;

  /** The same blocks with their type and length, as dequantize takes them. */
  quantize(x: FloatArray, options: GgmlTypedOptions, out?: Uint8Array): GgmlQuantized;

  /**
   * The values of blocks, equal to ggml's to the bit.
   *
   * @param length how many; `bytes` must hold just as many
   * @throws FewbitsError INVALID_ARGUMENT when it does not
   */
  dequantize(
    bytes: Uint8Array,
    type: GgmlQuantizedType,
    length: number,
    out?: Float32Array,
  ): Float32Array;

  /** The same of what quantize returned with its type. */
  dequantize(q: GgmlQuantized, out?: Float32Array): Float32Array;

  /** Block size, bytes, bits per weight and number in GGUF of each type that quantize accepts. */
  readonly types: Readonly<Record<GgmlQuantizedType, GgmlType>>;
}

export interface GgmlFunctions {
  ggml_quantize(
    type: number,
    x: number,
    rows: number,
    rowLength: number,
    importance: number,
    out: number,
  ): Outcome;
  ggml_dequantize(type: number, bytes: number, length: number, out: number): Outcome;
}

const types = /* @__PURE__ */ (() =>
  Object.freeze(
    Object.fromEntries(QUANTIZED.map((name) => [name, ggmlTypes[name]])),
  ) as Ggml['types'])();

const bytesOf = (type: GgmlType, length: number) => (length / type.blockSize) * type.bytesPerBlock;

/** Blocks as a side of a conversion. */
const blocks = (array: Uint8Array, type: GgmlType): Side => ({
  array,
  bytes: (values) => bytesOf(type, values),
});

function wholeBlocks(name: string, length: number, type: GgmlType): void {
  if (length % type.blockSize !== 0) {
    throw invalid(
      `${name} must be a multiple of ${type.blockSize} for ${type.name}, got ${length}`,
    );
  }
}

/** The weights of the columns; 0 stands for none. */
function importanceOf(given: FloatArray | undefined, rowLength: number): Float32Array | null {
  if (given === undefined) return null;
  const importance = toFloat32('importance', given);
  if (importance.length !== rowLength) {
    throw invalid(
      `importance must hold one weight for each of ${rowLength} columns, got ${importance.length}`,
    );
  }
  const bad = importance.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (bad >= 0) {
    throw invalid(`importance[${bad}] must be finite and not negative, got ${importance[bad]}`);
  }
  return importance;
}

const OPTIONS = ['rowLength', 'importance'] as const;

/** What quantize was given, checked. */
interface Plan {
  readonly x: Float32Array;
  readonly type: GgmlType;
  readonly rowLength: number;
  readonly importance: Float32Array | null;
}

function planOf(given: unknown, typeName: unknown, o: GgmlOptions): Plan {
  const x = toFloat32('x', given);
  const type = types[oneOf('type', typeName, QUANTIZED)];
  const least = x.length === 0 ? 0 : 1;
  const rowLength = integer('rowLength', o.rowLength ?? x.length, least, Number.MAX_SAFE_INTEGER);
  wholeBlocks('rowLength', rowLength, type);
  if (x.length > 0 && x.length % rowLength !== 0) {
    throw invalid(`x must hold whole rows of ${rowLength} values, got ${x.length}`);
  }
  return { x, type, rowLength, importance: importanceOf(o.importance, rowLength) };
}

export function createGgml(core: Core): Ggml {
  const wasm = core.functions<GgmlFunctions>();
  const { memory } = core;

  function quantizeBlocks({ x, type, rowLength, importance }: Plan, givenOut: unknown): Uint8Array {
    const out = output(Uint8Array, bytesOf(type, x.length), givenOut);
    if (x.length === 0) return out;
    // With importance a call gets whole rows; without, rows make no difference.
    const window = importance ? Math.max(1, Math.floor(CHUNK / rowLength)) * rowLength : CHUNK;
    const weights = importance?.length ?? 0;
    const room = [4 * window, bytesOf(type, window), 4 * weights];
    memory.withScratch(room, (xAt, outAt, importanceAt) => {
      if (importance) give(memory, importance, 0, weights, importanceAt);
      const weighed = importance ? importanceAt : 0;
      windows(x.length, window, (start, n) => {
        const row = importance ? rowLength : n;
        give(memory, x, start, n, xAt);
        check(wasm.ggml_quantize(type.ggufId, xAt, n / row, row, weighed, outAt), 'x', start);
        out.set(memory.u8(outAt, bytesOf(type, n)), bytesOf(type, start));
      });
    });
    return out;
  }

  function dequantizeBlocks(
    name: string,
    given: unknown,
    typeName: unknown,
    givenLength: unknown,
    givenOut: unknown,
  ): Float32Array {
    const type = types[oneOf('type', typeName, QUANTIZED)];
    const length = integer('length', givenLength, 0, Number.MAX_SAFE_INTEGER);
    wholeBlocks('length', length, type);
    const what = `${length} values of ${type.name}`;
    const bytes = arrayField(name, given, 'Uint8Array', bytesOf(type, length), what);
    const out = output(Float32Array, length, givenOut);
    convert(memory, length, blocks(bytes, type), elements(out), (inAt, n, outAt, start) =>
      check(wasm.ggml_dequantize(type.ggufId, inAt, n, outAt), 'bytes', start),
    );
    return out;
  }

  function quantize(x: unknown, second: unknown, third?: unknown, out?: unknown) {
    if (typeof second !== 'object' || second === null) {
      const o = options<GgmlOptions>('options', third, OPTIONS);
      return quantizeBlocks(planOf(x, second, o), out);
    }
    const o = options<GgmlTypedOptions>('options', second, ['type', ...OPTIONS]);
    const plan = planOf(x, o.type, o);
    const bytes = quantizeBlocks(plan, third);
    const byteLength = bytes.length;
    return { kind: 'ggml', type: o.type, bytes, length: plan.x.length, byteLength };
  }

  function dequantize(given: unknown, second?: unknown, length?: unknown, out?: unknown) {
    if (ArrayBuffer.isView(given) || typeof given !== 'object' || given === null) {
      return dequantizeBlocks('bytes', given, second, length, out);
    }
    const q = fieldsOf<GgmlQuantized>('ggml', given, ['bytes', 'type', 'length']);
    return dequantizeBlocks('q.bytes', q.bytes, q.type, q.length, second);
  }

  return {
    types,
    quantize: quantize as Ggml['quantize'],
    dequantize,
  };
}
