// Descriptions of values for messages, in a few words: of any value, however odd, and without throwing.

import { isDetached, kindOf } from './kinds.js';

const MAX_TEXT = 60;

/** The largest bigint that is written out: more digits take long to compute and are hard to read. */
const MAX_BIGINT = 1n << 128n;

/** A value in the words of a message about a wrong argument. */
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

/** Quotes a text on one line, with control characters escaped for terminals, and cut when it is long. */
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

/** The tag by Object.prototype.toString, for values of any realm; '' where that throws. */
export function tagOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value).slice(8, -1);
  } catch {
    return '';
  }
}
