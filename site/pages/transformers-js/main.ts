// The page on transformers.js: its recipe, tried on generated vectors.

import { byteSize, count, fixed } from '../../shared/format.ts';
import { type Fewbits, html, live, message, nothing, type Update } from '../../shared/live.ts';
import { table } from '../../shared/results.ts';
import * as worker from './recipe/client.js';

const TEXTS = `The kitten sleeps in the sun
Fresh bread from the oven
The last train leaves at midnight
Snow fell on the mountains all night
She plays the violin in an orchestra
A birthday cake with eleven candles
The doctor looked at my broken arm
Rockets carry satellites into space
We caught three fish before breakfast
Rain all week, and I forgot my umbrella`;

interface Found {
  readonly query: string;
  readonly ids: readonly string[];
  readonly scores: Float32Array;
}

interface State {
  /** The number of texts in the worker's index. */
  readonly size: number;
  /** The text in the field. */
  readonly texts: string;
  readonly found: Found | null;
  readonly busy: boolean;
  readonly notice: string;
  readonly error: unknown;
}

async function doing(set: Update<State>, act: () => Promise<Partial<State>>): Promise<void> {
  set({ busy: true, notice: '', error: null });
  try {
    set({ busy: false, ...(await act()) });
  } catch (error) {
    set({ busy: false, error: error instanceof Error ? new RangeError(error.message) : error });
  }
}

const lines = (texts: string) =>
  texts
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

async function search(query: string): Promise<Partial<State>> {
  return { found: { query, ...(await worker.search(query, 10)) } };
}

const add = (state: State, texts: string, set: Update<State>) =>
  doing(set, async () => {
    const all = lines(texts);
    await worker.add(all);
    const notice = `Added ${count(all.length)} ${all.length === 1 ? 'text' : 'texts'}.`;
    return { size: state.size + all.length, texts: '', notice };
  });

/** Handles the submission of a form, with the value of its field. */
const sent = (take: (value: string) => void) => (event: SubmitEvent) => {
  event.preventDefault();
  const [value] = new FormData(event.target as HTMLFormElement).values();
  take(String(value));
};

let begun = false;

const started: State = {
  size: 0,
  texts: '',
  found: null,
  busy: true,
  notice: '',
  error: null,
};

live<State>('demo', started, (_, state, set) => {
  if (!begun) {
    begun = true;
    doing(set, async () => {
      const texts = lines(TEXTS);
      await worker.add(texts);
      return { size: texts.length, ...(await search('winter weather')) };
    });
  }
  const { size, found, busy, notice, error } = state;
  return html`
    <p><strong>A stand-in, not a language model.</strong> In place of transformers.js this page takes a module of the same interface that knows the five thousand words of the <a href="../embeddings/#set">built-in emoji</a> and sums their vectors. All other lines are the ones above, as they are.</p>
    <div aria-busy=${String(busy && size === 0)}>
      <form class="controls" @submit=${sent((query) => doing(set, () => search(query)))}>
        <label class="field">
          <span class="name">Search for</span>
          <input type="text" name="query" required autocomplete="off" .value=${found?.query ?? ''}>
        </label>
        <button type="submit" class="button main" ?disabled=${busy}>Search</button>
      </form>
      <p class="sr-only" role="status">${notice || (found ? `Nearest: ${found.ids[0]}` : '')}</p>
      ${notice ? html`<p aria-hidden="true">${notice}</p>` : nothing}
      ${error ? message(error) : nothing}
      ${
        found
          ? table({
              caption: `Nearest to “${found.query}”, of ${count(size)} texts`,
              columns: [
                { head: 'text', cells: found.ids },
                { head: 'cosine', cells: Array.from(found.scores, (x) => fixed(x, 3)) },
              ],
              named: true,
            })
          : nothing
      }
      <form class="controls spaced" @submit=${sent((texts) => add(state, texts, set))}>
        <label class="field full">
          <span class="name">Texts to add, one a line</span>
          <textarea name="texts" rows="3" required autocomplete="off"
            .value=${state.texts} @input=${(event: Event) => set({ texts: (event.target as HTMLTextAreaElement).value })}></textarea>
        </label>
        <button type="submit" class="button" ?disabled=${busy}>Add</button>
      </form>
    </div>`;
});

const DIMS = 384;
const ROWS = 1000;
const QUERIES = 8;

/** Normally distributed numbers, so that vectors of them point in all directions equally. */
function normals(length: number): Float32Array {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length },
    () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()),
  );
}

interface Width {
  readonly name: string;
  readonly bits: 1 | 2 | 4 | 8;
  readonly refine?: 4 | 8;
}

const WIDTHS: readonly Width[] = [
  { name: '8 bits', bits: 8 },
  { name: '4 bits', bits: 4 },
  { name: '2 bits', bits: 2 },
  { name: '1 bit', bits: 1 },
  { name: '1 bit, refined to 8', bits: 1, refine: 8 },
];

/** Random vectors, and the true cosines of the first ones with all others. */
function sample() {
  const x = normals(ROWS * DIMS);
  const row = (i: number) => x.subarray(i * DIMS, (i + 1) * DIMS);
  const norms = Array.from({ length: ROWS }, (_, i) => Math.hypot(...row(i)));
  const queries = Array.from({ length: QUERIES }, (_, q) => {
    const query = row(q);
    const cosines = Float64Array.from({ length: ROWS }, (_, other) => {
      let dot = 0;
      for (let d = 0; d < DIMS; d++) dot += query[d] * x[other * DIMS + d];
      return dot / norms[q] / norms[other];
    });
    return { query, cosines };
  });
  return { x, queries };
}

/** Bytes per vector, and the error of scores: the standard deviation over random vectors. */
function measure(fb: Fewbits, { bits, refine }: Width, { x, queries }: ReturnType<typeof sample>) {
  const index = fb.createIndex({ dims: DIMS, bits, ...(refine ? { refine } : {}) });
  try {
    index.add(x);
    let squares = 0;
    for (const [q, { query, cosines }] of queries.entries()) {
      const { ids, scores } = index.search(query, { k: ROWS });
      ids.forEach((id, i) => {
        const other = Number(id);
        if (other !== q) squares += (scores[i] - cosines[other]) ** 2;
      });
    }
    const { bytesPerVector } = index.stats();
    return { bytesPerVector, error: Math.sqrt(squares / (QUERIES * (ROWS - 1))) };
  } finally {
    index.dispose();
  }
}

live('widths', {}, (fb) => {
  const vectors = sample();
  const measured = WIDTHS.map((width) => measure(fb, width, vectors));
  const full = 4 * DIMS;
  return table({
    caption: `Vectors of ${DIMS} dimensions; the error of cosines between ${count(ROWS)} random ones, measured here`,
    columns: [
      { head: 'codes', cells: [...WIDTHS.map(({ name }) => name), 'float32'] },
      {
        head: 'bytes each',
        cells: [...measured.map(({ bytesPerVector }) => count(bytesPerVector)), count(full)],
        tone: 'stored',
      },
      {
        head: 'a million',
        cells: [...measured.map(({ bytesPerVector }) => bytesPerVector), full].map((bytes) =>
          byteSize(1e6 * bytes),
        ),
        tone: 'stored',
      },
      {
        head: 'error of a cosine',
        cells: [...measured.map(({ error }) => fixed(error, 4)), '0'],
        tone: 'returned',
      },
    ],
    named: true,
  });
});
