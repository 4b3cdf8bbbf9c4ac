// A page whose pool uses the application's own worker file.

import { createPool } from 'fewbits/pool';

const createWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

globalThis.run = async () => {
  const pool = await createPool({ dims: 2, workers: 2, createWorker, startTimeout: 10_000 });
  await pool.add([1, 0, 0, 1, -1, 0], ['east', 'north', 'west']);
  const { ids } = await pool.search([1, 0.5], { k: 3 });
  pool.dispose();
  return ids;
};
