// The tensors of an index file. Stricter than readSafetensors(), and a fifth of its size: apart from
// whitespace, the header must be written as fewbits and most programs write it, without duplicate names.

import { utf8Decoder } from '../core/text.js';
import { corrupt } from './corrupt.js';
import type { Tensors } from './file-contents.js';

/** The types of numbers. */
export type TensorType = `${'F' | 'I' | 'U'}${8 | 16 | 32 | 64}`;

/** Matches a TensorType, with the bits per value. */
const TYPE = /^[FIU](8|16|32|64)$/;

/** The bytes per value of a type, NaN for others. */
export const sizeOf = (dtype: string): number => Number(TYPE.exec(dtype)?.[1]) / 8;

interface Entry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [begin: number, end: number];
}

interface Header {
  readonly __metadata__?: Record<string, string>;
}

/**
 * Parses the header and compares it with its own JSON, so that anything JSON.parse() drops or rounds is
 * detected.
 */
function readHeader(text: string): Header {
  try {
    const header = JSON.parse(text);
    const dense = text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
    const texts = Object.values(header.__metadata__ ?? {});
    if (
      text[0] === '{' &&
      JSON.stringify(header) === dense &&
      texts.every((text) => typeof text === 'string')
    ) {
      return header;
    }
  } catch {
    // Not JSON.
  }
  throw corrupt('it is cut off, or its header is damaged');
}

/**
 * The tensors of a file in memory. Throws unless they cover the file one after another, as the header states.
 */
export function readTensors(file: Uint8Array): Tensors {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const check = (isSound: boolean) => {
    if (!isSound) throw corrupt('it is cut off, or its header is damaged');
  };
  check(file.length >= 8);
  const start = 8 + view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  check(start <= file.length);
  const text = utf8Decoder()(file.subarray(8, start));
  const { __metadata__: metadata = {}, ...entries } = readHeader(text);
  const tensors = new Map<string, Uint8Array>();
  let covered = start;
  const list = Object.entries(entries as Record<string, Entry>);
  const place = (end: 0 | 1, a: Entry, b: Entry) => a.data_offsets[end] - b.data_offsets[end];
  list.sort(([, a], [, b]) => place(0, a, b) || place(1, a, b));
  for (const [name, { dtype, shape, data_offsets }] of list) {
    const [begin, end] = data_offsets;
    const bytes = shape.reduce((product, size) => product * size, sizeOf(dtype));
    check(begin === covered - start && end === begin + bytes && bytes >= 0);
    covered = start + end;
    tensors.set(name, file.subarray(start + begin, covered));
  }
  check(covered === file.length);
  return {
    metadata,
    has: (name) => tensors.has(name),
    bytes(name) {
      const bytes = tensors.get(name);
      if (!bytes) throw corrupt(`it has no '${name}'`);
      return bytes;
    },
  };
}
