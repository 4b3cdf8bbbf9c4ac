// A page under a policy that forbids code from strings.

import { check } from '../check.mjs';
import { load, support } from '../node_modules/fewbits/dist/index.js';

globalThis.run = () => check(load, support);

globalThis.runInWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message || 'the worker failed'));
  });

/** Searches an index, with WebAssembly or without. */
globalThis.search = async () => {
  const fb = await load({ fallback: 'js' });
  const index = fb.openIndex(await (await fetch('./index.safetensors')).arrayBuffer());
  const { ids } = index.search(new Float32Array(index.dims).fill(1), { k: 5 });
  let refused = '';
  try {
    fb.createIndex({ dims: 3 });
  } catch ({ code }) {
    refused = code;
  }
  return { variant: fb.variant, ids: ids.map(String), refused };
};
