// A page that searches an index file under a policy that allows no WebAssembly.

import { openIndex } from '../node_modules/fewbits/dist/reader/index.js';

globalThis.run = async (query, options) => {
  const file = await (await fetch('./index.safetensors')).arrayBuffer();
  const { ids, scores } = openIndex(file).search(query, options);
  const compiled = WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
  const refused = await compiled.then(
    () => false,
    () => true,
  );
  return { ids: ids.map(String), scores: [...scores], refused };
};
