// Builds the built-in emoji vectors from their names and keywords.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { words } from '../shared/words.ts';
import { type Row, termVectors } from './lsa.ts';

// The built-in set of the Embeddings page: the emoji with their names and keywords (emojilib), as vectors of
// 256 dimensions by TF-IDF and a truncated SVD. Both the emoji and the terms that embed a query are stored
// only as fewbits indexes.

const DIMS = 256;
const require = createRequire(import.meta.url);
const output = fileURLToPath(new URL('../../build/emoji/', import.meta.url));

/** The counts of words in a text: one for each keyword, two for the name. */
function counts(text: readonly string[]): Map<string, number> {
  const result = new Map<string, number>();
  text.forEach((part, i) => {
    for (const word of words(part)) result.set(word, (result.get(word) ?? 0) + (i === 0 ? 2 : 1));
  });
  return result;
}

/** TF-IDF rows of norm 1, one per text, over the terms of all texts. */
function tfIdf(texts: readonly Map<string, number>[]) {
  const documents = new Map<string, number>();
  for (const text of texts) {
    for (const word of text.keys()) documents.set(word, (documents.get(word) ?? 0) + 1);
  }
  const terms = [...documents.keys()].sort();
  const number = new Map(terms.map((term, i) => [term, i]));
  const idf = terms.map(
    (term) => Math.log((1 + texts.length) / (1 + (documents.get(term) ?? 0))) + 1,
  );
  const rows: Row[] = texts.map((text) => {
    const row = [...text].map(([word, count]) => {
      const term = number.get(word) ?? 0;
      return [term, (1 + Math.log(count)) * idf[term]] as const;
    });
    const norm = Math.hypot(...row.map(([, value]) => value));
    return row.map(([term, value]) => [term, value / norm] as const);
  });
  return { terms, idf, rows };
}

/** A digest of contents, not times: each build writes the package again. */
function digest(inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of inputs) hash.update(createHash('sha256').update(readFileSync(file)).digest());
  return hash.digest('hex');
}

/** The package's programs: its WebAssembly computes the codes, its JavaScript writes the files. */
function programs(): string[] {
  const folder = path.dirname(require.resolve('fewbits/fewbits.simd128.wasm'));
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.(m?js|wasm)$/.test(name))
    .sort()
    .map((name) => path.join(folder, name));
}

/** Writes items.safetensors and terms.safetensors, unless they exist and were built from the same inputs. */
export async function buildEmojiSet(): Promise<void> {
  const source = require.resolve('emojilib');
  const files = ['items', 'terms'].map((name) => path.join(output, `${name}.safetensors`));
  const inputs = [
    source,
    ...programs(),
    ...['emoji.ts', 'lsa.ts', '../shared/words.ts', '../shared/mt19937.ts'].map((name) =>
      fileURLToPath(new URL(name, import.meta.url)),
    ),
  ];
  const stamp = path.join(output, 'inputs.sha256');
  const made = digest(inputs);
  const whole = [...files, stamp].every((file) => existsSync(file));
  if (whole && readFileSync(stamp, 'utf8') === made) return;

  const emoji = Object.entries<string[]>(JSON.parse(readFileSync(source, 'utf8')));
  const { terms, idf, rows } = tfIdf(emoji.map(([, text]) => counts(text)));
  const basis = termVectors(rows, terms.length, DIMS);
  const items = new Float32Array(rows.length * DIMS);
  rows.forEach((row, i) => {
    const vector = items.subarray(i * DIMS, (i + 1) * DIMS);
    for (const [term, value] of row) {
      for (let d = 0; d < DIMS; d++) vector[d] += value * basis[term * DIMS + d];
    }
  });
  // A term in a query: its direction times its idf.
  const weighted = Float32Array.from(basis, (value, i) => value * idf[Math.floor(i / DIMS)]);

  const { load } = await import('fewbits');
  const fb = await load();
  mkdirSync(output, { recursive: true });
  const itemIndex = fb.createIndex({ dims: DIMS, bits: 8 });
  itemIndex.add(
    items,
    emoji.map(([symbol, [name]]) => `${symbol} ${name.replaceAll('_', ' ')}`),
  );
  writeFileSync(files[0], itemIndex.save());
  itemIndex.dispose();
  const termIndex = fb.createIndex({ dims: DIMS, bits: 4, metric: 'dot' });
  termIndex.add(weighted, terms);
  writeFileSync(files[1], termIndex.save());
  termIndex.dispose();
  // Written last, so that an interrupted build is repeated.
  writeFileSync(stamp, made);
}
