// What a value is, in a few words for a message: of any value, however odd, and without throwing.

import { isDetached, kindOf } from './kinds.js';

const MAX_TEXT = 60;

/** Beyond it the digits of a bigint take long to find, and more to read. */
const MAX_BIGINT = 1n << 128n;

/** What a person reads when the wrong thing was passed. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return describeText(value);
    case 'bigint':
      return value < MAX_BIGINT && value > -MAX_BIGINT ? `${value}n` : 'a bigint of many digits';
    case 'function':
      return 'a function';
    case 'object':
      try {
        return value === null ? 'null' : describeObject(value);
      } catch {
        return 'an object that throws when it is looked at';
      }
    default:
      return Object.is(value, -0) ? '-0' : String(value);
  }
}

/** Quoted on one line, without what a terminal would obey, and cut where it is long. */
function describeText(text: string): string {
  const long = text.length > MAX_TEXT;
  const shown = (long ? text.slice(0, MAX_TEXT) : text).replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return long ? `'${shown}...' of ${text.length} characters` : `'${shown}'`;
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = nameOf(value);
  const kind = kindOf(value);
  if (kind !== undefined) {
    const length = `${name ?? kind}(${(value as Uint8Array).length})`;
    return isDetached(value as Uint8Array) ? `${length} without its memory` : length;
  }
  if (ArrayBuffer.isView(value)) return `${name}(${value.byteLength})`;
  if (/^(Number|String|Boolean|BigInt|Symbol)$/.test(tagOf(value))) {
    const inside = value.valueOf();
    if (typeof inside !== 'object') return `an object around ${describe(inside)}`;
  }
  return name ?? 'an object';
}

function nameOf(value: object): string | undefined {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && /^[\w$]{1,60}$/.test(name) ? name : undefined;
}

/** As Object.prototype.toString tells it, in whatever realm `value` was made; '' where it throws. */
export function tagOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value).slice(8, -1);
  } catch {
    return '';
  }
}
