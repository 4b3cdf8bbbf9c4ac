// The kind of a typed array of any realm, and whether it is detached. An iframe, a vm context and Jest have
// their own constructors, for which `instanceof` is false.

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

// Intrinsic getters read the engine's internal slots, which neither a subclass nor a property can fake.
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

/** The kind of a typed array of any realm or subclass, such as Node's Buffer; undefined for anything else. */
export function kindOf(x: unknown): ArrayKind | undefined {
  return kindGetter?.call(x) as ArrayKind | undefined;
}

/** Whether `x` is a typed array of one of these kinds, of any realm. */
export function isKind<K extends ArrayKind>(x: unknown, ...kinds: K[]): x is TypedArrays[K] {
  const kind = kindOf(x);
  return kind !== undefined && (kinds as ArrayKind[]).includes(kind);
}

/** Whether `x` is an ArrayBuffer, of any realm. */
export function isArrayBuffer(x: unknown): x is ArrayBuffer {
  return accepts(bufferLength, x);
}

/**
 * Whether `x` is a SharedArrayBuffer; the constructor is missing in pages that are not cross-origin isolated.
 */
export function isSharedBuffer(x: unknown): x is SharedArrayBuffer {
  return accepts(sharedLength, x);
}

/**
 * Whether a buffer or a view has lost its memory: it was transferred to a worker, it belongs to a
 * WebAssembly.Memory that has grown since, or its resizable buffer was shrunk. Such arrays have the length 0
 * and would pass for empty ones.
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
