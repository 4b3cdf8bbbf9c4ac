// Metadata from the command line, with their types.

import type { GgufArray, GgufEntryInput, GgufValueType } from 'fewbits/io';
import { UsageError } from './text.js';

/** The smallest and the largest integer of each type. */
const integers: Readonly<Record<string, readonly [bigint, bigint]>> = {
  uint8: [0n, 255n],
  int8: [-128n, 127n],
  uint16: [0n, 65_535n],
  int16: [-32_768n, 32_767n],
  uint32: [0n, 2n ** 32n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

const arrays = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  uint64: BigUint64Array,
  int64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

/** A typed value; `u8` and others are short for `uint8`. */
const TYPED = /^(u?int(?:8|16|32|64)|[ui](?:8|16|32|64)|f32|f64|bool|str|int|float):(.*)$/s;

const fullName = (type: string): string =>
  /^[ui]\d/.test(type) ? type.replace('u', 'uint').replace(/^i(?=\d)/, 'int') : type;

/** Parses `KEY=VALUE` or `KEY=TYPE:VALUE`. */
export function entryOf(text: string): GgufEntryInput {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--meta must be KEY=VALUE, got '${text}'`);
  const [key, value] = [text.slice(0, at), text.slice(at + 1)];
  const [, name, given = ''] = TYPED.exec(value) ?? [];
  if (name === undefined) return { key, type: 'string', value };
  const type = fullName(name);
  const fail = (what: string): never => {
    throw new UsageError(`--meta ${key}: '${given}' is not ${what}; str:${value} is the text`);
  };
  if (!given.startsWith('[') || type === 'str') {
    const one = scalar(type, given, fail);
    return { key, ...one };
  }
  let list: unknown;
  try {
    // Integers stay as text, as JSON would round large ones.
    list = JSON.parse(given.replace(/(?<![\w".])-?\d+(?![\w".])/g, '"$&"'));
  } catch {
    return fail(`an array of ${type}`);
  }
  if (!Array.isArray(list)) return fail(`an array of ${type}`);
  const all = list.map((one) => scalar(type, String(one), fail));
  const element = all[0]?.type ?? scalarType(type);
  if (all.some((one) => one.type !== element)) return fail(`an array of one type`);
  return {
    key,
    type: 'array',
    value: arrayOf(
      element,
      all.map((one) => one.value),
    ),
  };
}

type Scalar = { type: Exclude<GgufValueType, 'array'>; value: string | number | bigint | boolean };

const scalarType = (type: string): Scalar['type'] =>
  (({ int: 'int32', float: 'f32', str: 'string' })[type] as Scalar['type']) ??
  (type as Scalar['type']);

function scalar(type: string, text: string, fail: (what: string) => never): Scalar {
  if (type === 'str') return { type: 'string', value: text };
  if (type === 'bool') {
    if (text !== 'true' && text !== 'false') fail('true or false');
    return { type, value: text === 'true' };
  }
  if (type === 'float' || type === 'f32' || type === 'f64') {
    const value = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text)
      ? Number(text)
      : Number.NaN;
    const stored = type === 'f64' ? value : Math.fround(value);
    if (!Number.isFinite(stored)) fail(`a number that ${type} holds`);
    return { type: type === 'f64' ? 'f64' : 'f32', value };
  }
  if (!/^[-+]?\d+$/.test(text)) fail('an integer');
  const value = BigInt(text.replace(/^\+/, ''));
  const found = type === 'int' ? (value < 0n ? 'int32' : 'uint32') : type;
  const [least, most] = integers[found] as readonly [bigint, bigint];
  if (value < least || value > most) fail(`an integer from ${least} to ${most}`);
  const wide = found === 'uint64' || found === 'int64';
  return { type: found as Scalar['type'], value: wide ? value : Number(value) };
}

function arrayOf(type: Scalar['type'], values: readonly Scalar['value'][]): GgufArray {
  if (type === 'string' || type === 'bool') return { type, values } as GgufArray;
  const array = arrays[type as keyof typeof arrays] as {
    from(values: readonly unknown[]): unknown;
  };
  return { type, values: array.from(values) } as GgufArray;
}
