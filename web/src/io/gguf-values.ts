import { corrupt, describe, invalid } from './source.js';

/** The value types of GGUF metadata, at their numbers in the file. */
export const ggufValueTypes = [
  'u8',
  'i8',
  'u16',
  'i16',
  'u32',
  'i32',
  'f32',
  'bool',
  'string',
  'array',
  'u64',
  'i64',
  'f64',
] as const;

export type GgufValueType = (typeof ggufValueTypes)[number];

/**
 * A metadata value: u64 and i64 are always bigint, so that the JavaScript type follows from the GGUF type alone.
 * Strings are decoded as UTF-8, with U+FFFD for what is not (tokens of some vocabularies are not).
 */
export type GgufValue = number | bigint | boolean | string | GgufArray;

export interface GgufArray {
  readonly type: GgufValueType;
  /** Numbers come as the typed array of their type. */
  readonly values:
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | Float32Array
    | Float64Array
    | BigUint64Array
    | BigInt64Array
    | readonly boolean[]
    | readonly string[]
    | readonly GgufArray[];
}

/** Bytes of a value, or the fewest that one can have. */
export const ggufValueSizes: Record<GgufValueType, number> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  bool: 1,
  string: 8,
  array: 12,
  u64: 8,
  i64: 8,
  f64: 8,
};

export function ggufValueType(id: number, what: string): GgufValueType {
  const type = ggufValueTypes[id];
  if (type === undefined) throw corrupt(`gguf: ${what} has the unknown value type ${id}`);
  return type;
}

const numeric = {
  u8: { array: Uint8Array, get: 'getUint8', set: 'setUint8' },
  i8: { array: Int8Array, get: 'getInt8', set: 'setInt8' },
  u16: { array: Uint16Array, get: 'getUint16', set: 'setUint16' },
  i16: { array: Int16Array, get: 'getInt16', set: 'setInt16' },
  u32: { array: Uint32Array, get: 'getUint32', set: 'setUint32' },
  i32: { array: Int32Array, get: 'getInt32', set: 'setInt32' },
  f32: { array: Float32Array, get: 'getFloat32', set: 'setFloat32' },
  u64: { array: BigUint64Array, get: 'getBigUint64', set: 'setBigUint64' },
  i64: { array: BigInt64Array, get: 'getBigInt64', set: 'setBigInt64' },
  f64: { array: Float64Array, get: 'getFloat64', set: 'setFloat64' },
} as const;

type NumericType = keyof typeof numeric;

// reading ----------------------------------------------------------------------------------------

/** Decodes values from bytes whose structure has been checked. */
export class GgufValueReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  value(type: GgufValueType): GgufValue {
    if (type === 'string') return utf8.decode(this.take(this.length()).slice()); // no decoder takes shared memory
    if (type === 'bool') return this.take(1)[0] === 1;
    if (type === 'array') return this.array();
    const at = this.at;
    this.at += ggufValueSizes[type];
    return this.view[numeric[type].get](at, true);
  }

  private array(): GgufArray {
    const type = ggufValueType(this.view.getUint32(this.at, true), 'an array');
    this.at += 4;
    const count = this.length();
    if (type === 'string' || type === 'bool' || type === 'array') {
      const values = Array.from({ length: count }, () => this.value(type));
      return { type, values } as GgufArray;
    }
    const bytes = this.take(count * ggufValueSizes[type]).slice(); // a copy, for alignment
    return { type, values: new numeric[type].array(bytes.buffer) };
  }

  private length(): number {
    const length = Number(this.view.getBigUint64(this.at, true));
    this.at += 8;
    return length;
  }

  private take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

// writing ----------------------------------------------------------------------------------------

/** Bytes put together piece by piece. */
export class GgufBytesWriter {
  private readonly pieces: Uint8Array[] = [];
  private size = 0;

  get length(): number {
    return this.size;
  }

  bytes(bytes: Uint8Array): void {
    this.pieces.push(bytes);
    this.size += bytes.length;
  }

  number(type: NumericType, value: number | bigint): void {
    const bytes = new Uint8Array(ggufValueSizes[type]);
    const view = new DataView(bytes.buffer);
    (view[numeric[type].set] as (at: number, value: never, little: boolean) => void).call(
      view,
      0,
      value as never,
      true,
    );
    this.bytes(bytes);
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.number('u64', BigInt(bytes.length));
    this.bytes(bytes);
  }

  zeros(count: number): void {
    this.bytes(new Uint8Array(count));
  }

  /** A key, its type and its value; refuses values that are not of the type. */
  entry(key: string, type: GgufValueType, value: GgufValue): void {
    if (!Object.hasOwn(ggufValueSizes, type)) {
      throw invalid(
        `gguf: ${describe(type)} is not a value type; they are ${ggufValueTypes.join(', ')}`,
      );
    }
    this.string(key);
    this.number('u32', ggufValueTypes.indexOf(type));
    this.value(key, type, value);
  }

  private value(key: string, type: GgufValueType, value: unknown): void {
    const wrong = () => invalid(`gguf: ${key} is ${type}, which ${describe(value)} is not`);
    if (type === 'string') {
      if (typeof value !== 'string') throw wrong();
      this.string(value);
    } else if (type === 'bool') {
      if (typeof value !== 'boolean') throw wrong();
      this.bytes(new Uint8Array([value ? 1 : 0]));
    } else if (type === 'array') {
      this.array(key, value);
    } else {
      if (!fits(type, value)) throw wrong();
      this.number(type, value);
    }
  }

  private array(key: string, array: unknown): void {
    const { type, values } = (array ?? {}) as Partial<GgufArray>;
    const sequence = Array.isArray(values) || ArrayBuffer.isView(values);
    if (type === undefined || !Object.hasOwn(ggufValueSizes, type) || !sequence) {
      throw invalid(
        `gguf: ${key} is an array, which takes { type, values }, got ${describe(array)}`,
      );
    }
    this.number('u32', ggufValueTypes.indexOf(type));
    this.number('u64', BigInt((values as ArrayLike<unknown>).length));
    if (type in numeric && values instanceof numeric[type as NumericType].array) {
      this.bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice());
      return;
    }
    for (const value of values as Iterable<unknown>) this.value(key, type, value);
  }

  join(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.size);
    let at = 0;
    for (const piece of this.pieces) {
      out.set(piece, at);
      at += piece.length;
    }
    return out;
  }
}

/** True when a number survives being written as the type: in range for integers, any number for floats. */
function fits(type: NumericType, value: unknown): value is number | bigint {
  if (type === 'u64' || type === 'i64') {
    const typed = type === 'u64' ? BigInt.asUintN : BigInt.asIntN;
    return typeof value === 'bigint' && typed(64, value) === value;
  }
  if (typeof value !== 'number') return false;
  if (type === 'f32' || type === 'f64') return true;
  return new numeric[type].array([value])[0] === value;
}
