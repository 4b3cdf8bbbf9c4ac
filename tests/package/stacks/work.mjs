// The program of every stack: an index of a few vectors, alone and in workers.

/** Vectors of three words, and a query that is nearest to the first. */
const WORDS = ['north', 'east', 'south'];
const VECTORS = [0, 1, 0.1, 1, 0, 0, 0, -1, 0.1];
const QUERY = [0.1, 1, 0];

/** The ids found by an index. */
export async function search(load, options) {
  const fb = await load(options);
  const index = fb.createIndex({ dims: 3, bits: 8 });
  index.add(VECTORS, WORDS);
  const ids = index.search(QUERY, { k: 3 }).ids;
  index.dispose();
  return `${fb.variant}: ${ids.join()}`;
}

/** The ids found by the index-only build, and the same by the reader of the saved file. */
export async function searchAlone(load, openIndex, options) {
  const fb = await load(options);
  const index = fb.createIndex({ dims: 3, bits: 8 });
  index.add(VECTORS, WORDS);
  const reader = openIndex(index.save());
  const [ids, read] = [index, reader].map((one) => one.search(QUERY, { k: 3 }).ids.join());
  index.dispose();
  return ids === read ? ids : `${ids}, but the reader found ${read}`;
}

/** The ids found by two workers. */
export async function searchPool(createPool, options) {
  const pool = await createPool({ dims: 3, bits: 8, workers: 2, startTimeout: 20_000, ...options });
  try {
    await pool.add(VECTORS, WORDS);
    return (await pool.search(QUERY, { k: 3 })).ids.join();
  } finally {
    pool.dispose();
  }
}
