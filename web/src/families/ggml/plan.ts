// Arguments of ggml calls, checked.

import {
  describe,
  type FloatArray,
  integer,
  invalid,
  oneOf,
  toFloat32,
} from '../../core/arguments.js';
import { type GgmlType, ggmlTargets, ggmlTypes } from '../../core/ggml-types.js';
import type { Side } from '../../core/windows.js';
import { arrayField } from '../quantized.js';
import type { Ggml, GgmlOptions, GgmlQuantizedType } from './types.js';

/** Types that arrays are quantized to: first those without blocks, then those with blocks, by number. */
const QUANTIZED = /* @__PURE__ */ (Object.values(ggmlTypes) as GgmlType[])
  .filter(({ name }) => name !== 'F32' && Object.hasOwn(ggmlTargets, name))
  .sort((a, b) => Number(a.blockSize > 1) - Number(b.blockSize > 1))
  .map(({ name }) => name as GgmlQuantizedType);

export const types = /* @__PURE__ */ (() =>
  Object.freeze(
    Object.fromEntries(QUANTIZED.map((name) => [name, ggmlTypes[name]])),
  ) as Ggml['types'])();

export const bytesOf = (type: GgmlType, length: number) =>
  (length / type.blockSize) * type.bytesPerBlock;

/** The side of blocks in a conversion. */
export const blocks = (array: Uint8Array, type: GgmlType): Side => ({
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

/** The importance of each column, or null without any. */
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

export const OPTIONS = ['rowLength', 'importance', 'allowLoss'] as const;

/** The arguments of quantize, checked. */
export interface Plan {
  readonly x: Float32Array;
  readonly type: GgmlType;
  readonly rowLength: number;
  readonly importance: Float32Array | null;
  readonly allowLoss: boolean;
}

export function planOf(given: unknown, typeName: unknown, o: GgmlOptions): Plan {
  const x = toFloat32('x', given);
  const type = types[oneOf('type', typeName, QUANTIZED)];
  const least = x.length === 0 ? 0 : 1;
  const rowLength = integer('rowLength', o.rowLength ?? x.length, least, Number.MAX_SAFE_INTEGER);
  wholeBlocks('rowLength', rowLength, type);
  if (x.length > 0 && x.length % rowLength !== 0) {
    throw invalid(`x must hold whole rows of ${rowLength} values, got ${x.length}`);
  }
  const allowLoss = o.allowLoss ?? false;
  if (typeof allowLoss !== 'boolean') {
    throw invalid(`allowLoss must be true or false, got ${describe(allowLoss)}`);
  }
  const importance = importanceOf(o.importance, rowLength);
  return { x, type, rowLength, importance, allowLoss };
}

/** Blocks of a type, and the number of values that they hold. */
export interface Blocks {
  readonly type: GgmlType;
  readonly length: number;
  readonly bytes: Uint8Array;
}

export function blocksOf(
  name: string,
  given: unknown,
  typeName: unknown,
  givenLength: unknown,
): Blocks {
  const type = types[oneOf('type', typeName, QUANTIZED)];
  const length = integer('length', givenLength, 0, Number.MAX_SAFE_INTEGER);
  wholeBlocks('length', length, type);
  const what = () => `${length} values of ${type.name}`;
  return {
    type,
    length,
    bytes: arrayField(name, given, 'Uint8Array', bytesOf(type, length), what),
  };
}
