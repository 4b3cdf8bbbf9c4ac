// A program for Node: an index of each entry, and one in workers.

import { load } from 'fewbits';
import { createPool } from 'fewbits/pool';
import { load as loadAlone } from 'fewbits/vectors';

const vectors = [0, 1, 1, 0];
const names = ['north', 'east'];
const query = [1, 0.2];

async function found(from) {
  const index = (await from()).createIndex({ dims: 2, bits: 8 });
  index.add(vectors, names);
  return index.search(query, { k: 2 }).ids;
}

async function main() {
  const pool = await createPool({ dims: 2, bits: 8, workers: 2 });
  await pool.add(vectors, names);
  const { ids } = await pool.search(query, { k: 2 });
  pool.dispose();
  const [whole, alone] = await Promise.all([found(load), found(loadAlone)]);
  console.log(JSON.stringify({ whole, alone, pool: ids }));
}
main();
