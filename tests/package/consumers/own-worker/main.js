// A page whose pools use the application's own worker files.

import { createConverterPool } from 'fewbits/models';
import { createPool } from 'fewbits/pool';

const createConverter = () =>
  new Worker(new URL('./converter.js', import.meta.url), { type: 'module' });
const createWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

globalThis.run = async () => {
  const pool = await createPool({ dims: 2, workers: 2, createWorker, startTimeout: 10_000 });
  await pool.add([1, 0, 0, 1, -1, 0], ['east', 'north', 'west']);
  const { ids } = await pool.search([1, 0.5], { k: 3 });
  pool.dispose();
  const converters = createConverterPool({
    workers: 1,
    createWorker: createConverter,
    startTimeout: 10_000,
  });
  const floats = {
    bytes: new Uint8Array(Float32Array.of(1, -2).buffer),
    from: 'F32',
    to: 'F16',
    rowLength: 2,
  };
  const { bytes } = await converters.convert(floats);
  converters.dispose();
  return [...ids, ...bytes];
};
