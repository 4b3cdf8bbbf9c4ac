// The metadata of a GGUF file: the place of each key and value, with its structure checked, and its entry.

import { corrupt, quote } from '../checks.js';
import type { Parse } from '../parse.js';
import { type HeaderCursor, MAX_HEADER } from './cursor.js';
import {
  GGUF_VALUE_TYPES,
  type GgufEntry,
  type GgufValue,
  type GgufValueType,
  ggufValueSizes,
} from './format.js';
import { GgufValueReader } from './values.js';

const MAX_NESTED_ARRAYS = 1_000_000;
const MAX_DEPTH = 8;

/** The place of a key and its value in the file. */
interface EntryPlace {
  readonly key: string;
  readonly type: GgufValueType;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
  /** The number of arrays inside arrays so far. */
  readonly nested: number;
}

/** Skips `count` entries, whose keys must differ, and checks their structure. */
export function* parseMetadata(
  cursor: HeaderCursor,
  count: number,
): Parse<ReadonlyMap<string, GgufEntry>> {
  const places = new Map<string, EntryPlace>();
  let nested = 0;
  for (let i = 0; i < count; i++) {
    const place = yield* cursor.whole(() => entryPlace(cursor, i, nested));
    const { key } = place;
    if (places.has(key)) throw corrupt(`gguf: the metadata key ${quote(key)} appears twice`);
    nested = place.nested;
    places.set(key, place);
  }
  // The buffer is replaced whenever more is read: entries are views of the last one.
  return new Map([...places].map(([key, place]) => [key, entryAt(cursor.bytes, place)]));
}

function entryAt(bytes: Uint8Array, { key, type, start, valueStart, end }: EntryPlace): GgufEntry {
  const raw = bytes.subarray(start, end);
  let value: GgufValue | undefined;
  const entry: GgufEntry = {
    key,
    type,
    raw,
    get value() {
      value ??= new GgufValueReader(raw, valueStart - start).value(type);
      return value;
    },
  };
  asRead.add(entry);
  return entry;
}

/** Entries that are unchanged since a reader returned them. */
const asRead = new WeakSet<object>();

/**
 * Whether an entry's `raw` matches its key and value. A copy such as `{ ...entry, value }` has the raw bytes
 * of the entry that it was made from.
 */
export const isAsRead = (entry: object): entry is GgufEntry => asRead.has(entry);

function entryPlace(cursor: HeaderCursor, index: number, nestedBefore: number): EntryPlace {
  const start = cursor.at;
  const key = cursor.name(`metadata key ${index}`);
  const type = valueType(cursor.uint32(`the type of ${quote(key)}`), quote(key));
  const valueStart = cursor.at;
  const nested = skipValue(cursor, type, key, 0, nestedBefore);
  return { key, type, start, valueStart, end: cursor.at, nested };
}

function valueType(id: number, what: string): GgufValueType {
  const type = GGUF_VALUE_TYPES[id];
  if (type === undefined) throw corrupt(`gguf: ${what} has the unknown value type ${id}`);
  return type;
}

/** Skips a value, and returns `nested` plus the number of arrays inside its arrays. */
function skipValue(
  cursor: HeaderCursor,
  type: GgufValueType,
  key: string,
  depth: number,
  nested: number,
): number {
  if (type === 'array') return skipArray(cursor, key, depth, nested);
  if (type === 'string') {
    const length = cursor.count(`the length of a string of ${quote(key)}`, 1, MAX_HEADER);
    cursor.take(length, `a string of ${quote(key)}`);
  } else {
    skipPlain(cursor, type, key, 1);
  }
  return nested;
}

function skipArray(cursor: HeaderCursor, key: string, depth: number, nested: number): number {
  const what = `the array ${quote(key)}`;
  if (depth === MAX_DEPTH) throw corrupt(`gguf: ${what} is nested more than ${MAX_DEPTH} deep`);
  const element = valueType(cursor.uint32(what), what);
  const count = cursor.count(`the length of ${what}`, ggufValueSizes[element], MAX_HEADER);
  if (element === 'string') {
    const text = `a string of ${quote(key)}`;
    for (let i = 0; i < count; i++) {
      cursor.take(cursor.uint64(text), text);
    }
    return nested;
  }
  if (element !== 'array') {
    skipPlain(cursor, element, key, count);
    return nested;
  }
  let all = nested + count;
  if (all > MAX_NESTED_ARRAYS)
    throw corrupt(`gguf: more than ${MAX_NESTED_ARRAYS} arrays within arrays`);
  for (let i = 0; i < count; i++) all = skipArray(cursor, key, depth + 1, all);
  return all;
}

function skipPlain(cursor: HeaderCursor, type: GgufValueType, key: string, count: number): void {
  const start = cursor.take(count * ggufValueSizes[type], `the value of ${quote(key)}`);
  if (type !== 'bool') return;
  const bad = cursor.bytes.subarray(start, cursor.at).findIndex((value) => value > 1);
  if (bad >= 0) {
    const at = start + bad;
    throw corrupt(`gguf: a bool of ${quote(key)} at offset ${at} is ${cursor.bytes[at]}`);
  }
}
