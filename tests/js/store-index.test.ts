// Indexes in a store: saved by the whole package and the index-only build, opened by both and by the reader.

import { load } from 'fewbits';
import * as reader from 'fewbits/reader';
import { load as loadAlone } from 'fewbits/vectors';
import { describe, expect, it } from 'vitest';
import { failure, noise } from '../support/builds.ts';
import { Disk, storeOn } from '../support/disk.ts';

const whole = await load();
const alone = await loadAlone();
const DIMS = 20;
const x = noise(90 * DIMS, 8);
const ids = Array.from({ length: 90 }, (_, i) => (i % 2 === 0 ? `é ${i}` : i));
const query = x.subarray(7 * DIMS, 8 * DIMS);

describe.each([
  ['fewbits', whole],
  ['fewbits/vectors', alone],
])('%s', (_, fb) => {
  it('saves what all of them open, with the same results', async () => {
    const store = storeOn(new Disk());
    using index = fb.createIndex({ dims: DIMS, bits: 2, refine: 4 });
    index.add(x, ids);
    await store.save('index', index, { metadata: { of: 'noise' } });
    const file = index.save();
    expect(Buffer.compare(await store.read('index'), file)).toBe(0);
    const expected = index.search(query, { k: 6 });
    for (const opener of [whole, alone]) {
      using again = await store.openIndex(opener, 'index');
      expect(again.search(query, { k: 6 })).toEqual(expected);
      again.remove(7);
      await store.save('less', again);
    }
    const read = await store.openIndex(reader, 'index');
    expect(read.search(query, { k: 6 })).toEqual(expected);
    expect([...(await store.openIndex(reader, 'less')).ids()]).toEqual(
      ids.filter((id) => id !== 7),
    );
    expect((await store.list()).map(({ name }) => name)).toEqual(['index', 'less']);
  });

  it('an index that has been disposed of is refused, and the version before stays', async () => {
    const store = storeOn(new Disk());
    const index = fb.createIndex({ dims: DIMS });
    await store.save('index', index);
    index.dispose();
    expect((await failure(store.save('index', index))).code).toBe('DISPOSED');
    expect((await store.openIndex(reader, 'index')).size).toBe(0);
  });
});

it('what is no index, and what opens none', async () => {
  const store = storeOn(new Disk());
  await store.save('text', new TextEncoder().encode('no index'));
  for (const opener of [whole, alone, reader]) {
    expect((await failure(store.openIndex(opener, 'text'))).code).toBe('CORRUPT_DATA');
  }
  for (const opener of [null, undefined, {}, 'fewbits', { openIndex: 5 }]) {
    const { code, message } = await failure(store.openIndex(opener as never, 'text'));
    expect(code).toBe('INVALID_ARGUMENT');
    expect(message).toMatch(/takes what load\(\) resolved to, or fewbits\/reader, got /);
  }
});
