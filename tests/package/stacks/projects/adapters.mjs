// Adapters: the recipes of site/docs/adapters.md with the packages they are written for.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../lib.mjs';
import { html } from './bundlers.mjs';

/** The recipes by their file names. */
function recipes() {
  const text = readFileSync(path.join(root, 'site/docs/adapters.md'), 'utf8');
  const found = [...text.matchAll(/```js\n\/\/ ([\w.]+)\n(.*?)```/gs)];
  return Object.fromEntries(found.map(([, name, program]) => [`recipes/${name}`, program]));
}

const VITE = { vite: '8.4.0' };
const SEEDS = `const words = ['north', 'east', 'south'];
const vectors = [[0, 1, 0.1], [1, 0, 0], [0, -1, 0.1]];
const query = [0.1, 1, 0];
`;

const inNode = (program) => async (project) => {
  project.write({ ...recipes(), 'main.mjs': program });
  return { node: await project.answer('node', ['main.mjs']) };
};

const inPage = (program) => async (project) => {
  project.write({ ...recipes(), 'index.html': html('/main.js'), 'main.js': program });
  await project.bin('vite', ['build']);
  return { page: await project.visit((await project.files(project.path('dist'))).url) };
};

export const stacks = [
  {
    name: 'Adapter, transformers.js',
    packages: { '@huggingface/transformers': '4.3.2' },
    needs: 'nothing',
    // Its install scripts download libraries for graphics cards.
    flags: ['--ignore-scripts'],
    // No model is downloaded: the steps after the model are done here with the package's functions.
    run: inNode(`import { mean_pooling, Tensor } from '@huggingface/transformers';
import { load } from 'fewbits';
import { createSearch } from './recipes/transformers.js';

${SEEDS}
const of = { north: vectors[0], east: vectors[1], south: vectors[2], upward: query };

async function embed(given, { normalize }) {
  const texts = [given].flat();
  // Two tokens per text, the second masked.
  const hidden = texts.flatMap((text) => [...of[text], 9, 9, 9]);
  const states = new Tensor('float32', Float32Array.from(hidden), [texts.length, 2, 3]);
  const mask = new Tensor('int64', BigInt64Array.from(texts.flatMap(() => [1n, 0n])), [texts.length, 2]);
  const pooled = mean_pooling(states, mask);
  return normalize ? pooled.normalize(2, -1) : pooled;
}

const search = await createSearch(embed, words, 3);
const ids = await search('upward', 3);
console.log('answer ' + (await load()).variant + ': ' + ids.join());
process.exit();
`),
  },
  {
    name: 'Adapter, LangChain.js',
    packages: { '@langchain/core': '1.4.0' },
    needs: 'a class of 30 lines',
    run: inNode(`import { Document } from '@langchain/core/documents';
import { Embeddings } from '@langchain/core/embeddings';
import { load } from 'fewbits';
import { FewbitsVectorStore } from './recipes/langchain.js';

${SEEDS}
class Seeds extends Embeddings {
  embedQuery = async (text) => vectors[words.indexOf(text)] ?? query;
  embedDocuments = (texts) => Promise.all(texts.map(this.embedQuery));
}

const store = new FewbitsVectorStore(new Seeds({}), {});
const documents = words.map((id) => new Document({ pageContent: id, id, metadata: { id } }));
await store.addDocuments([...documents, new Document({ pageContent: 'north', id: 'other' })]);
await store.delete({ ids: ['other'] });
const found = await store.asRetriever({ k: 3 }).invoke('upward');
const scored = await store.similaritySearchWithScore('upward', 1, ({ metadata }) => metadata.id !== 'north');
if (scored.length !== 1 || scored[0][0].id !== 'east') throw new Error(JSON.stringify(scored));
console.log('answer ' + (await load()).variant + ': ' + found.map(({ id }) => id).join());
`),
  },
  {
    name: 'Adapter, Dexie',
    packages: { dexie: '4.4.7', ...VITE },
    needs: 'nothing',
    run: inPage(`import Dexie from 'dexie';
import { load } from 'fewbits';
import { openVectors } from './recipes/dexie.js';

${SEEDS}
globalThis.run = async () => {
  const db = new Dexie('notes');
  db.version(1).stores({ words: 'id' });
  await db.words.bulkPut(words.map((id, i) => ({ id, vector: vectors[i] })));
  const options = { dims: 3, bits: 8 };
  const first = await openVectors(db.words, options);
  await first.save();
  await db.words.toCollection().modify({ vector: undefined });
  const again = await openVectors(db.words, options);
  const rows = await again.search(query, 3);
  return (await load()).variant + ': ' + rows.map(({ id }) => id).join();
};
`),
  },
  {
    name: 'Adapter, React',
    packages: { react: '19.3.1', 'react-dom': '19.3.1', ...VITE },
    needs: 'a hook of 20 lines',
    async run(project) {
      project.write({ ...recipes(), 'index.html': html('/main.js'), 'main.js': REACT });
      // Only development builds run effects twice in StrictMode.
      const url = await project.serve('npx', ['vite', '--port', 'PORT', '--strictPort']);
      return { dev: await project.visit(url, { reload: true }) };
    },
  },
  {
    name: 'Adapter, Vue',
    packages: { vue: '3.5.45', ...VITE },
    needs: 'a composable of 20 lines',
    run: inPage(`import { load } from 'fewbits';
import { effectScope, nextTick, watch } from 'vue';
import { useIndex } from './recipes/vue.js';

${SEEDS}
globalThis.run = async () => {
  const scope = effectScope();
  const index = scope.run(() => useIndex({ dims: 3, bits: 8 }, vectors.map((v) => Float32Array.from(v)), words));
  const made = index.value ?? (await new Promise((resolve) => watch(index, resolve)));
  const ids = made.search(query, { k: 3 }).ids.join();
  scope.stop();
  await nextTick();
  try {
    made.search(query);
    return 'not disposed of';
  } catch ({ code }) {
    return code === 'DISPOSED' ? (await load()).variant + ': ' + ids : code;
  }
};
`),
  },
];

const REACT = `import { load } from 'fewbits';
import { createElement, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { useIndex } from './recipes/react.js';

${SEEDS}
const options = { dims: 3, bits: 8 };
const rows = vectors.map((vector) => Float32Array.from(vector));
const seen = new Set();

function Search() {
  const index = useIndex(options, rows, words);
  if (index === undefined) return null;
  seen.add(index);
  return createElement('p', { id: 'answer' }, index.search(query, { k: 3 }).ids.join());
}

const root = createRoot(document.getElementById('app'));
root.render(createElement(StrictMode, null, createElement(Search)));

const disposed = (index) => {
  try {
    return !index.search(query);
  } catch ({ code }) {
    return code === 'DISPOSED';
  }
};

globalThis.run = async () => {
  const fb = await load();
  for (let i = 0; i < 100; i++) {
    const text = document.getElementById('answer')?.textContent;
    if (text) {
      root.unmount();
      await new Promise((resolve) => setTimeout(resolve, 50));
      return [...seen].every(disposed) ? fb.variant + ': ' + text : 'not disposed of';
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return 'no answer';
};
`;
