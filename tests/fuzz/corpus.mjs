// Files found by fuzzing: the smallest one for each different answer of a reader, as base64 lines.

import { existsSync, readFileSync } from 'node:fs';

export function corpusOf(format) {
  const file = new URL(`corpus/${format}.txt`, import.meta.url);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => new Uint8Array(Buffer.from(line, 'base64')));
}
