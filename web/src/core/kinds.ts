// Which typed array a value is, of whatever realm, and whether its memory is still there. An iframe,
// a vm context and Jest have constructors of their own, so `instanceof` says nothing about theirs.

import type { Float16 } from './platform.js';

/** Every typed array by the name of its kind. */
export interface TypedArrays {
  Int8Array: Int8Array;
  Uint8Array: Uint8Array;
  Uint8ClampedArray: Uint8ClampedArray;
  Int16Array: Int16Array;
  Uint16Array: Uint16Array;
  Int32Array: Int32Array;
  Uint32Array: Uint32Array;
  BigInt64Array: BigInt64Array;
  BigUint64Array: BigUint64Array;
  Float16Array: Float16;
  Float32Array: Float32Array;
  Float64Array: Float64Array;
}

export type ArrayKind = keyof TypedArrays;

const prototype = /* @__PURE__ */ Object.getPrototypeOf(Uint8Array.prototype);
const getter = (of: object, name: PropertyKey): ((this: unknown) => unknown) | undefined =>
  Object.getOwnPropertyDescriptor(of, name)?.get;

// They read what the engine keeps, which no subclass and no property of the array's own can change.
const kindGetter = /* @__PURE__ */ getter(prototype, Symbol.toStringTag);
const bufferLength = /* @__PURE__ */ getter(ArrayBuffer.prototype, 'byteLength');
const sharedLength =
  typeof SharedArrayBuffer === 'undefined'
    ? undefined
    : /* @__PURE__ */ getter(SharedArrayBuffer.prototype, 'byteLength');
const viewLength = /* @__PURE__ */ getter(DataView.prototype, 'byteLength');

/** Whether an intrinsic getter accepts `x`. */
function accepts(get: ((this: unknown) => unknown) | undefined, x: unknown): boolean {
  try {
    get?.call(x);
    return get !== undefined;
  } catch {
    return false;
  }
}

/** The kind of a typed array of any realm, also of a subclass such as Node's Buffer; else undefined. */
export function kindOf(x: unknown): ArrayKind | undefined {
  return kindGetter?.call(x) as ArrayKind | undefined;
}

/** Whether `x` is a typed array of one of these kinds, of whatever realm. */
export function isKind<K extends ArrayKind>(x: unknown, ...kinds: K[]): x is TypedArrays[K] {
  const kind = kindOf(x);
  return kind !== undefined && (kinds as ArrayKind[]).includes(kind);
}

/** Whether `x` is an ArrayBuffer, of whatever realm. */
export function isArrayBuffer(x: unknown): x is ArrayBuffer {
  return accepts(bufferLength, x);
}

/** Whether `x` is a SharedArrayBuffer; pages that are not isolated have none of their own. */
export function isSharedBuffer(x: unknown): x is SharedArrayBuffer {
  return accepts(sharedLength, x);
}

/**
 * Whether the memory of a buffer or of a view has gone elsewhere: it was transferred to a worker, it
 * is that of a WebAssembly.Memory that has grown since, or a resizable buffer no longer reaches so far.
 * Such arrays have the length 0 and pass for empty ones.
 */
export function isDetached(x: ArrayBuffer | ArrayBufferView): boolean {
  try {
    if (kindOf(x) !== undefined) {
      if ((x as Uint8Array).length > 0) return false;
      prototype.values.call(x);
    } else if (ArrayBuffer.isView(x)) {
      viewLength?.call(x);
    } else {
      new Uint8Array(x);
    }
    return false;
  } catch {
    return true;
  }
}
