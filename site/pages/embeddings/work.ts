// The page's worker: opens vectors, compares their indexes with exact search, searches and stores them.

import { load, type VectorIndex } from 'fewbits';
import { openStore } from 'fewbits/store';
import { serve, type Work } from '../../shared/worker.ts';
import { compare, K } from './compare.ts';
import { exactSearch } from './exact.ts';
import { hold, holding, indexOf } from './holding.ts';
import type { Answer, Hits, Kept, Learning, Opened, Query, Source } from './messages.ts';
import { emojiEmbedder, emojiVectors, fileVectors } from './source.ts';

/** The name of the stored index. */
const KEPT = 'kept';
const keptStore = () => openStore({ name: 'embeddings' });

/** The result of `act`, and its mean time over a few milliseconds. */
function timed<T>(act: () => T): { result: T; milliseconds: number } {
  let result = act();
  const start = performance.now();
  let runs = 0;
  let elapsed = 0;
  do {
    result = act();
    runs++;
    elapsed = performance.now() - start;
  } while (elapsed < 5 && runs < 500);
  return { result, milliseconds: elapsed / runs };
}

function queryOf({ by, value }: Query, index: VectorIndex | null) {
  const { embed, rows, labels, x, dims } = holding();
  if (by === 'text') {
    if (!embed) throw new RangeError('these vectors come without a way to embed a text');
    return { vector: embed(value), title: `“${value}”`, self: null };
  }
  const small = value.toLowerCase();
  const row =
    rows.get(value) ?? rows.get(labels.find((label) => label.toLowerCase().includes(small)) ?? '');
  if (row === undefined || value === '') throw new RangeError(`no label contains “${value}”`);
  const vector = x
    ? x.slice(row * dims, (row + 1) * dims)
    : (index as VectorIndex).reconstruct(labels[row]);
  return { vector, title: labels[row], self: labels[row] };
}

const calls = {
  async open({ file, labels }: Source, work: Work): Promise<Opened> {
    const vectors = file
      ? await fileVectors(file, labels, async (fraction, text) => {
          work.progress(fraction, text);
          await work.checkpoint();
        })
      : await emojiVectors();
    return hold({ ...vectors, indexes: new Map() });
  },

  compare: ({ learning }: { learning: Learning }, work: Work) => compare(learning, work),

  /** Searches every index, and exactly if the vectors are available. */
  search(query: Query): Answer {
    const { x, dims, labels, indexes } = holding();
    const [first] = indexes.values();
    if (!first) throw new RangeError('there is no index yet');
    const { vector, title, self } = queryOf(query, first);
    const norm = Math.hypot(...vector) || 1;
    const unit = vector.map((value) => value / norm);
    const tidy = (found: readonly string[], scores: ArrayLike<number>) => {
      const pairs = found.map((label, i) => [label, scores[i]] as const);
      const kept = pairs.filter(([label]) => label !== self).slice(0, K);
      return { labels: kept.map(([label]) => label), scores: kept.map(([, score]) => score) };
    };

    const hits: Hits[] = [];
    if (x) {
      const { result, milliseconds } = timed(() => exactSearch(x, dims, unit, K + 1));
      const found = result.rows.map((row) => labels[row]);
      hits.push({ bits: null, ...tidy(found, result.scores), milliseconds, shared: null });
    }
    const exact = x ? hits[0].labels : null;
    for (const [bits, index] of indexes) {
      const { result, milliseconds } = timed(() => index.search(unit, { k: K + 1 }));
      const mine = tidy(result.ids.map(String), result.scores);
      const shared = exact && mine.labels.map((label) => exact.includes(label));
      hits.push({ bits, ...mine, milliseconds, shared });
    }
    return { title, hits };
  },

  /** The index of a width as a file. */
  file({ bits }: { bits: number }): Blob {
    const pieces = [...indexOf(bits).savePieces()].map((piece) => piece as Uint8Array<ArrayBuffer>);
    return new Blob(pieces, { type: 'application/octet-stream' });
  },

  /** Stores the index of a width in the browser, in place of an earlier one. */
  async keep({ bits }: { bits: number }, work: Work): Promise<Kept> {
    const { name, embed } = holding();
    const store = await keptStore();
    await store.save(KEPT, indexOf(bits), {
      // Queries can be embedded from words for the built-in set only.
      metadata: { name, query: embed ? 'text' : 'item' },
      onProgress: ({ bytesDone, bytes = bytesDone }) => work.progress(bytesDone / bytes, 'Saving'),
      signal: work.signal,
    });
    return { name, bytes: await store.size(KEPT) };
  },

  /** The stored index; null if there is none, or no storage. */
  async kept(): Promise<Kept | null> {
    try {
      const entry = (await (await keptStore()).list()).find(({ name }) => name === KEPT);
      return entry ? { name: entry.metadata.name, bytes: entry.byteLength } : null;
    } catch {
      return null;
    }
  },

  async forget(): Promise<void> {
    await (await keptStore()).delete(KEPT);
  },

  async reopen(): Promise<Opened & { readonly bits: number; readonly bytes: number }> {
    const store = await keptStore();
    const index = await store.openIndex(await load(), KEPT);
    const entry = (await store.list()).find(({ name }) => name === KEPT);
    const opened = hold({
      name: entry?.metadata.name ?? '',
      labels: [...index.ids()].map(String),
      embed: entry?.metadata.query === 'text' ? await emojiEmbedder() : null,
      dims: index.dims,
      x: null,
      indexes: new Map([[index.bits, index]]),
    });
    return { ...opened, bits: index.bits, bytes: await store.size(KEPT) };
  },
};

export type EmbeddingCalls = typeof calls;
serve(calls);
