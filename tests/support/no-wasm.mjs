// Loads the library with a fallback where WebAssembly is missing or a policy forbids compiling: `node
// no-wasm.mjs gone|refused index.safetensors`. Prints the results and the refusals.

import { readFileSync } from 'node:fs';

const [how, path] = process.argv.slice(2);
if (how === 'gone') delete globalThis.WebAssembly;
else {
  const refuse = () => {
    throw new WebAssembly.CompileError('Wasm code generation disallowed by embedder');
  };
  Object.assign(WebAssembly, { Module: refuse, compile: refuse, compileStreaming: refuse });
}
const { load } = await import('fewbits');

const codeOf = async (work) => {
  try {
    await work();
    return 'passed';
  } catch ({ code, message }) {
    return /WebAssembly|Wasm/.test(message) ? code : message;
  }
};

const fb = await load({ fallback: 'js' });
const index = fb.openIndex(readFileSync(path));
const query = Float32Array.from({ length: index.dims }, (_, i) => Math.sin(i));
const { ids, scores } = index.search(query, { k: 3 });
const results = {
  variant: fb.variant,
  found: { ids: ids.map(String), scores: [...scores] },
  batch: index.searchBatch(query, { k: 3 }).length,
  without: await codeOf(() => load()),
  refused: {},
};
for (const name of process.argv.slice(4)) {
  const [owner, call] = name.split('.');
  const on = owner === 'fb' ? fb : index;
  results.refused[name] = await codeOf(() => on[call]());
}
process.stdout.write(JSON.stringify(results));
