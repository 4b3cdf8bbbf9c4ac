import {
  describe,
  type FloatArray,
  integer,
  invalid,
  oneOf,
  options,
  output,
  toFloat32,
} from '../core/arguments.js';
import { type Core, check, type Outcome } from '../core/core.js';
import { type GgmlType, type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';
import { CHUNK, convert, elements, give, type Side, windows } from '../core/windows.js';

const QUANTIZED = [
  'F16',
  'BF16',
  'Q4_0',
  'Q4_1',
  'Q5_0',
  'Q5_1',
  'Q8_0',
  'Q2_K',
  'Q3_K',
  'Q4_K',
  'Q5_K',
  'Q6_K',
  'IQ4_NL',
  'IQ4_XS',
  'TQ1_0',
  'TQ2_0',
  'MXFP4',
  'NVFP4',
  'Q1_0',
  'Q2_0',
] as const satisfies readonly GgmlTypeName[];

/** The ggml types that arrays are quantized to and dequantized from. */
export type GgmlQuantizedType = (typeof QUANTIZED)[number];

export interface GgmlOptions {
  /** Values in a row of the tensor, a multiple of the type's block size. Default: all are one row. */
  readonly rowLength?: number;
  /**
   * An importance matrix's weights: one for each of the `rowLength` columns, finite and not
   * negative. Types that take none (Q8_0, the ternary, the 4-bit float and the half types) ignore
   * it, as in the native tool.
   */
  readonly importance?: FloatArray;
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

  /** Block size, bytes, bits per weight and number in GGUF of each type that quantize accepts. */
  readonly types: Readonly<Record<GgmlQuantizedType, GgmlType>>;
}

interface GgmlFunctions {
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

export function createGgml(core: Core): Ggml {
  const wasm = core.functions<GgmlFunctions>();
  const { memory } = core;
  return {
    types,

    quantize(given, typeName, givenOptions, givenOut) {
      const x = toFloat32('x', given);
      const type = types[oneOf('type', typeName, QUANTIZED)];
      const o = options<GgmlOptions>('options', givenOptions, ['rowLength', 'importance']);
      const rowLength = integer(
        'rowLength',
        o.rowLength ?? x.length,
        x.length === 0 ? 0 : 1,
        Number.MAX_SAFE_INTEGER,
      );
      wholeBlocks('rowLength', rowLength, type);
      if (x.length > 0 && x.length % rowLength !== 0) {
        throw invalid(`x must hold whole rows of ${rowLength} values, got ${x.length}`);
      }
      const importance = importanceOf(o.importance, rowLength);
      const out = output(Uint8Array, bytesOf(type, x.length), givenOut);
      if (x.length === 0) return out;
      // With importance a call gets whole rows; without, rows make no difference.
      const window = importance ? Math.max(1, Math.floor(CHUNK / rowLength)) * rowLength : CHUNK;
      const weights = importance?.length ?? 0;
      return memory.withScratch(
        [4 * window, bytesOf(type, window), 4 * weights],
        (xAt, outAt, importanceAt) => {
          if (importance) memory.f32(importanceAt, weights).set(importance);
          windows(x.length, window, (start, n) => {
            const row = importance ? rowLength : n;
            give(memory, x, start, n, xAt);
            check(
              wasm.ggml_quantize(
                type.ggufId,
                xAt,
                n / row,
                row,
                importance ? importanceAt : 0,
                outAt,
              ),
              'x',
              start,
            );
            out.set(memory.u8(outAt, bytesOf(type, n)), bytesOf(type, start));
          });
          return out;
        },
      );
    },

    dequantize(bytes, typeName, length, givenOut) {
      const type = types[oneOf('type', typeName, QUANTIZED)];
      integer('length', length, 0, Number.MAX_SAFE_INTEGER);
      wholeBlocks('length', length, type);
      const size = bytesOf(type, length);
      if (!(bytes instanceof Uint8Array) || bytes.length !== size) {
        throw invalid(
          `bytes must be a Uint8Array(${size}) for ${length} values of ${type.name}, got ${describe(bytes)}`,
        );
      }
      const out = output(Float32Array, length, givenOut);
      convert(memory, length, blocks(bytes, type), elements(out), (inAt, n, outAt, start) =>
        check(wasm.ggml_dequantize(type.ggufId, inAt, n, outAt), 'bytes', start),
      );
      return out;
    },
  };
}
