import { load } from 'fewbits';
import { openStore } from 'fewbits/store';

const store = openStore({ name: 'notes' });

async function open() {
  const [fb, saved] = await Promise.all([load(), store]);
  if (await saved.has('index')) return saved.openIndex(fb, 'index');
  return fb.createIndex({ dims: 384, bits: 4 });
}

export const index = open();

/** Saves the index in place of the one before: all of it or, whatever happens, nothing. */
export const keep = async () => (await store).save('index', await index);
