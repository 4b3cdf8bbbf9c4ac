// Conversion of arrays from Fortran order to C order.

import type { ElementArray } from '../elements.js';

/** Copies elements from Fortran order to C order. */
export function toCOrder(data: ElementArray, shape: readonly number[]): ElementArray {
  const out = data.slice();
  reorder(data, out, shape);
  return out;
}

function fortranStrides(shape: readonly number[]): number[] {
  let stride = 1;
  return shape.map((size) => {
    const own = stride;
    stride *= size;
    return own;
  });
}

/**
 * Writes the elements of `from`, in Fortran order, to `to` in C order of `shape`. It moves whole words, not
 * numbers: JavaScript may lose the payload of a NaN when it handles it as a number.
 */
function reorder(from: ElementArray, to: ElementArray, shape: readonly number[]): void {
  const rank = shape.length;
  if (rank < 2 || from.length === 0) return;
  const words = Math.ceil(from.BYTES_PER_ELEMENT / 4);
  const source = asWords(from);
  const target = asWords(to);
  const strides = fortranStrides(shape);
  const index = new Array<number>(rank).fill(0);
  let at = 0;
  for (let word = 0; word < target.length; word += words) {
    for (let i = 0; i < words; i++) target[word + i] = source[at * words + i];
    for (let axis = rank - 1; axis >= 0; axis--) {
      const next = index[axis] + 1;
      if (next < shape[axis]) {
        index[axis] = next;
        at += strides[axis];
        break;
      }
      at -= index[axis] * strides[axis];
      index[axis] = 0;
    }
  }
}

function asWords({ buffer, byteOffset, byteLength, BYTES_PER_ELEMENT }: ElementArray) {
  if (BYTES_PER_ELEMENT === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (BYTES_PER_ELEMENT === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}
