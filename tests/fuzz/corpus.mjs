// Files that fuzzing found: one for each different answer of a reader, the smallest, as base64 lines.

import { readFileSync } from 'node:fs';

export function corpusOf(format) {
  const text = readFileSync(new URL(`corpus/${format}.txt`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => new Uint8Array(Buffer.from(line, 'base64')));
}
