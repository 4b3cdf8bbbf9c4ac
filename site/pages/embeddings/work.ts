import { type Fewbits, load, type VectorIndex } from 'fewbits';
import { openStore } from 'fewbits/store';
import { serve, type Work } from '../../shared/worker.ts';
import { exactSearch } from './exact.ts';
import { emojiEmbedder, emojiVectors, fileVectors, type Vectors } from './source.ts';

export const WIDTHS = [8, 4, 2, 1] as const;
export type Width = (typeof WIDTHS)[number];
/** What an index learns before vectors are added. */
export type Learning = 'none' | 'mean' | 'axes';

export interface Source {
  /** null for the built-in set. */
  readonly file: File | null;
  readonly labels: File | null;
}

export interface Opened {
  readonly name: string;
  readonly size: number;
  readonly dims: number;
  /** Whether it can be searched by any text. */
  readonly text: boolean;
  /** Some labels, to choose from. */
  readonly labels: readonly string[];
}

export interface Measured {
  readonly bits: Width;
  readonly byteLength: number;
  readonly bytesPerVector: number;
  /** Mean share of the exact ten that are found, over the sample. */
  readonly recall: number;
  readonly milliseconds: number;
  readonly addMilliseconds: number;
  /** Whether codes are along principal axes. */
  readonly axes: boolean;
}

export interface Comparison {
  readonly measured: readonly Measured[];
  readonly exactMilliseconds: number;
  readonly queries: number;
}

export interface Hits {
  /** null for exact search. */
  readonly bits: number | null;
  readonly labels: readonly string[];
  readonly scores: readonly number[];
  readonly milliseconds: number;
  /** Those that exact search finds too; null when there is none to compare with. */
  readonly shared: readonly boolean[] | null;
}

/** The one index that this browser keeps. */
export interface Kept {
  readonly name: string;
  readonly bytes: number;
}

export interface Query {
  readonly by: 'text' | 'item';
  readonly value: string;
}

export interface Answer {
  /** What was searched for, in words. */
  readonly title: string;
  readonly hits: readonly Hits[];
}

const K = 10;
const QUERIES = 200;
const SAMPLE = 8192;
/** Of the rotation: not that of the built-in file, whose codes would come out as they went in. */
const SEED = 1;
/** Searches before the clock runs, while code is still being compiled. */
const WARM_UP = 20;
const SHOWN_LABELS = 2000;
/** Floats that are added at a time. */
const BATCH = 2 ** 20;
/** Under which an index is kept. */
const KEPT = 'kept';
const keptStore = () => openStore({ name: 'embeddings' });

interface Holding {
  readonly name: string;
  readonly labels: readonly string[];
  readonly rows: ReadonlyMap<string, number>;
  readonly embed: Vectors['embed'];
  readonly dims: number;
  /** null when an index was opened that was kept without them. */
  readonly x: Float32Array | null;
  readonly indexes: Map<number, VectorIndex>;
}

let held: Holding | null = null;

function holding(): Holding {
  if (!held) throw new RangeError('no vectors have been opened');
  return held;
}

function hold(parts: Omit<Holding, 'rows'>): Opened {
  drop();
  held = { ...parts, rows: new Map(parts.labels.map((label, row) => [label, row])) };
  return {
    name: held.name,
    size: held.labels.length,
    dims: held.dims,
    text: held.embed !== null,
    labels: held.labels.slice(0, SHOWN_LABELS),
  };
}

function drop(): void {
  for (const index of held?.indexes.values() ?? []) index.dispose();
  held?.indexes.clear();
}

/** The result of `act` and its mean time over some milliseconds. */
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

/** Rows in equal steps. */
function spread(size: number, count: number): number[] {
  const n = Math.min(size, count);
  return Array.from({ length: n }, (_, i) => Math.floor((i * size) / n));
}

function gather(x: Float32Array, dims: number, rows: readonly number[]): Float32Array {
  const result = new Float32Array(rows.length * dims);
  rows.forEach((row, i) => {
    result.set(x.subarray(row * dims, (row + 1) * dims), i * dims);
  });
  return result;
}

async function build(
  fb: Fewbits,
  { x, dims, labels }: { x: Float32Array; dims: number; labels: readonly string[] },
  bits: Width,
  learning: Learning,
  progress: (fraction: number, text: string) => Promise<void>,
): Promise<VectorIndex> {
  const index = fb.createIndex({ dims, bits, seed: SEED });
  try {
    if (learning !== 'none') {
      await progress(0, `${bits} bits: learning`);
      index.calibrate(gather(x, dims, spread(labels.length, SAMPLE)), { method: learning });
    }
    const step = Math.max(1, Math.floor(BATCH / dims));
    for (let row = 0; row < labels.length; row += step) {
      const end = Math.min(row + step, labels.length);
      index.add(x.subarray(row * dims, end * dims), labels.slice(row, end));
      await progress(end / labels.length, `${bits} bits: adding`);
    }
    return index;
  } catch (error) {
    index.dispose();
    throw error;
  }
}

function indexOf(bits: number): VectorIndex {
  const index = holding().indexes.get(bits);
  if (!index) throw new RangeError(`there is no index of ${bits} bits`);
  return index;
}

/** `query` without the row that it was taken from. */
const others = <T>(found: readonly T[], self: T): T[] =>
  found.filter((one) => one !== self).slice(0, K);

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

  /** Builds the indexes of every width and compares them with exact search. */
  async compare({ learning }: { learning: Learning }, work: Work): Promise<Comparison> {
    const fb = await load();
    const { x, dims, labels, indexes } = holding();
    if (!x) throw new RangeError('there are no float vectors to compare with');
    drop();
    const stages = WIDTHS.length + 1;
    const stage = (done: number) => async (fraction: number, text: string) => {
      work.progress((done + fraction) / stages, text);
      await work.checkpoint();
    };

    const sample = spread(labels.length, QUERIES);
    for (const row of sample.slice(0, WARM_UP)) {
      exactSearch(x, dims, x.subarray(row * dims, (row + 1) * dims), K + 1);
    }
    const exact: string[][] = [];
    let exactMilliseconds = 0;
    for (const [i, row] of sample.entries()) {
      const query = x.subarray(row * dims, (row + 1) * dims);
      const start = performance.now();
      const { rows } = exactSearch(x, dims, query, K + 1);
      exactMilliseconds += performance.now() - start;
      exact.push(
        others(
          rows.map((found) => labels[found]),
          labels[row],
        ),
      );
      if (i % 8 === 7) await stage(0)((i + 1) / sample.length, 'Exact search');
    }

    const measured: Measured[] = [];
    for (const [i, bits] of WIDTHS.entries()) {
      const start = performance.now();
      const index = await build(fb, { x, dims, labels }, bits, learning, stage(i + 1));
      const addMilliseconds = performance.now() - start;
      indexes.set(bits, index);
      const queries = sample.map((row) => x.subarray(row * dims, (row + 1) * dims));
      for (const query of queries.slice(0, WARM_UP)) index.search(query, { k: K + 1 });
      const began = performance.now();
      const results = queries.map((query) => index.search(query, { k: K + 1 }).ids.map(String));
      const milliseconds = (performance.now() - began) / queries.length;
      let found = 0;
      let wanted = 0;
      results.forEach((ids, q) => {
        const mine = others(ids, labels[sample[q]]);
        found += mine.filter((id) => exact[q].includes(id)).length;
        wanted += exact[q].length;
      });
      const { bytesPerVector, byteLength, calibrated: axes } = index.stats();
      const recall = wanted > 0 ? found / wanted : 1;
      const times = { milliseconds, addMilliseconds };
      measured.push({ bits, byteLength, bytesPerVector, recall, ...times, axes });
    }
    return {
      measured,
      exactMilliseconds: exactMilliseconds / sample.length,
      queries: sample.length,
    };
  },

  /** Searches every index there is, and exactly where the vectors are there. */
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

  /** Keeps the index of a width in the browser, in place of one kept before. */
  async keep({ bits }: { bits: number }, work: Work): Promise<Kept> {
    const { name, embed } = holding();
    const store = await keptStore();
    await store.save(KEPT, indexOf(bits), {
      // Words embed a query of the built-in set alone.
      metadata: { name, query: embed ? 'text' : 'item' },
      onProgress: ({ bytesDone, bytes = bytesDone }) => work.progress(bytesDone / bytes, 'Saving'),
      signal: work.signal,
    });
    return { name, bytes: await store.size(KEPT) };
  },

  /** What is kept; null where nothing is, or where there is no storage. */
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
