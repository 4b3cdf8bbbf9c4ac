// An index in workers compared with a single index, and a worker that is terminated.

import { load } from 'fewbits';
import { createPool, openPool } from 'fewbits/pool';

/** Compares them; `terminate` ends the worker that was started first. */
export async function compare(terminate) {
  const dims = 64;
  const x = Float32Array.from({ length: 3000 * dims }, (_, i) => ((i * 7919) % 1009) / 500 - 1);
  const query = x.subarray(100 * dims, 101 * dims);
  const settings = { dims, bits: 2, metric: 'cosine', refine: 8 };
  const fb = await load();
  const index = fb.createIndex(settings);
  const pool = await createPool({ ...settings, workers: 3 });
  index.calibrate(x, { method: 'mean' });
  await pool.calibrate(x, { method: 'mean' });
  index.add(x);
  await pool.add(x);
  const equal = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const same = { search: equal(await pool.search(query), index.search(query)) };
  const file = await pool.save();
  const bytes = index.save();
  same.file = file.length === bytes.length && file.every((byte, i) => byte === bytes[i]);
  const again = await openPool(file, { workers: 2 });
  same.opened = equal(await again.search(query), index.search(query));
  again.dispose();
  await terminate();
  let code;
  for (let i = 0; i < 100 && code === undefined; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    code = await pool.search(query).then(
      () => undefined,
      (error) => error.code,
    );
  }
  const { restored, lost } = await pool.restart(file);
  same.restarted = equal(await pool.search(query), index.search(query));
  const leftToDo = pool.search(query).catch((error) => error.code);
  pool.dispose();
  return { same, code, restored, lost, end: await leftToDo };
}
