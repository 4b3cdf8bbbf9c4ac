import { choice, select } from '../../shared/controls.ts';
import { download, fileDrop } from '../../shared/files.ts';
import { byteSize, count, milliseconds, ratio } from '../../shared/format.ts';
import { html, live, message, nothing, type Update } from '../../shared/live.ts';
import '../../shared/plot.ts';
import { progress } from '../../shared/progress.ts';
import { type Column, facts, table } from '../../shared/results.ts';
import { Client, isAbort } from '../../shared/worker.ts';
import type {
  Answer,
  Comparison,
  EmbeddingCalls,
  Hits,
  Kept,
  Learning,
  Opened,
  Query,
  Source,
} from './work.ts';

interface State {
  readonly source: Source;
  readonly opened: Opened | null;
  /** Width and size of the index that was kept before and is open now, without float vectors. */
  readonly reopened: { readonly bits: number; readonly bytes: number } | null;
  readonly learning: Learning;
  readonly comparison: Comparison | null;
  readonly query: Query;
  readonly answer: Answer | null;
  readonly bits: string;
  /** Name and size of what the browser keeps. */
  readonly kept: Kept | null;
  readonly working: { readonly fraction: number; readonly text: string } | null;
  readonly error: unknown;
  readonly notice: string;
}

const client = new Client<EmbeddingCalls>(
  () => new Worker(new URL('./work.ts', import.meta.url), { type: 'module' }),
);
let cancelling = new AbortController();

const LEARNING: readonly (readonly [Learning, string])[] = [
  ['none', 'nothing'],
  ['mean', 'the mean'],
  ['axes', 'mean and principal axes'],
];
const BUILT_IN: Source = { file: null, labels: null };

const widthName = (bits: number | null) =>
  bits === null ? 'exact' : `${bits} bit${bits === 1 ? '' : 's'}`;

/** Does something in the worker that takes its time; what goes wrong is shown. */
async function busy(
  set: Update<State>,
  act: (options: {
    signal: AbortSignal;
    progress: (fraction: number, text: string) => void;
  }) => Promise<Partial<State>>,
): Promise<void> {
  cancelling = new AbortController();
  set({ working: { fraction: 0, text: 'Opening' }, error: null, notice: '' });
  try {
    const change = await act({
      signal: cancelling.signal,
      progress: (fraction, text) => set({ working: { fraction, text } }),
    });
    set({ working: null, ...change });
  } catch (error) {
    set({ working: null, ...(isAbort(error) ? { notice: 'Cancelled.' } : { error }) });
  }
}

/** What is found, or why nothing is: a query that fails leaves the indexes as they are. */
async function ask(query: Query): Promise<Pick<State, 'answer' | 'error'>> {
  try {
    return { answer: await client.call('search', query), error: null };
  } catch (error) {
    return { answer: null, error };
  }
}

/** calibrate() takes axes only where they find more of the sample's neighbours. */
function readyNotice(learning: Learning, { measured }: Comparison): string {
  const without = measured.filter(({ axes }) => !axes).map(({ bits }) => bits);
  if (learning !== 'axes' || without.length === 0) return 'Ready.';
  const where = without.length === measured.length ? '' : ` at ${without.join(', ')} bits`;
  return `Ready. Principal axes would not find clearly more${where}: only the mean was taken off${where && ' there'}.`;
}

const firstQuery = ({ text, labels }: Opened): Query =>
  text ? { by: 'text', value: 'happy cat' } : { by: 'item', value: labels[0] };

/** Reads the vectors, builds the indexes and asks a first question. */
const take = (source: Source, learning: Learning, set: Update<State>) =>
  busy(set, async (options) => {
    set({ source, opened: null, reopened: null, comparison: null, answer: null });
    const opened = await client.call('open', source, options);
    const query = firstQuery(opened);
    set({ opened, query });
    const comparison = await client.call('compare', { learning }, options);
    return { comparison, notice: readyNotice(learning, comparison), ...(await ask(query)) };
  });

const compare = (state: State, learning: Learning, set: Update<State>) =>
  busy(set, async (options) => {
    set({ learning, comparison: null, answer: null });
    const comparison = await client.call('compare', { learning }, options);
    return { comparison, notice: readyNotice(learning, comparison), ...(await ask(state.query)) };
  });

async function search(query: Query, set: Update<State>): Promise<void> {
  set({ query, error: null, notice: '' });
  const found = await ask(query);
  set({ ...found, notice: found.answer ? `Found neighbours of ${found.answer.title}.` : '' });
}

const keepIndex = ({ bits }: State, set: Update<State>) =>
  busy(set, async (options) => ({
    kept: await client.call('keep', { bits: Number(bits) }, options),
    notice: 'Saved in this browser. It is still there after a reload.',
  }));

const reopen = (set: Update<State>) =>
  busy(set, async () => {
    const { bits, bytes, ...opened } = await client.call('reopen', undefined);
    const query = firstQuery(opened);
    return {
      opened,
      query,
      reopened: { bits, bytes },
      bits: String(bits),
      comparison: null,
      notice: 'Opened the index that this browser kept.',
      ...(await ask(query)),
    };
  });

async function downloadIndex({ bits, opened }: State, set: Update<State>): Promise<void> {
  try {
    const file = await client.call('file', { bits: Number(bits) });
    const name = (opened?.name ?? 'index').replaceAll(/[^\w.-]+/g, '_');
    download(`${name}.${bits}-bit.safetensors`, file);
  } catch (error) {
    set({ error });
  }
}

function comparisonView({ measured, exactMilliseconds, queries }: Comparison, opened: Opened) {
  const floatBytes = 4 * opened.dims;
  const rising = [...measured].reverse();
  const x = [...rising.map(({ bytesPerVector }) => bytesPerVector), floatBytes];
  const recalls = rising.map(({ recall }) => recall);
  const lowest = Math.floor(10 * Math.min(...recalls)) / 10;
  return html`
    <h3>Recall against bytes</h3>
    <few-plot .spec=${{
      description: `Recall@10 against bytes a vector: ${rising
        .map(
          ({ bits, bytesPerVector, recall }) =>
            `${widthName(bits)}, ${bytesPerVector} bytes, ${recall.toFixed(3)}`,
        )
        .join('; ')}; float32, ${floatBytes} bytes, 1.`,
      x,
      xLabel: 'bytes a vector',
      yLabel: 'recall@10',
      height: 240,
      xRange: [0, 1.05 * floatBytes],
      yRange: [Math.min(lowest, 0.9), 1.02],
      series: [
        { label: 'fewbits', y: [...recalls, null], color: 'stored' },
        { label: '8, 4, 2, 1 bits', y: [...recalls, null], kind: 'points', color: 'stored' },
        { label: 'float32', y: [...recalls.map(() => null), 1], kind: 'points', color: 'original' },
      ],
    }}></few-plot>
    ${table({
      caption: `${count(opened.size)} vectors of ${opened.dims} dimensions; means over ${queries} queries`,
      named: true,
      columns: [
        {
          head: 'width',
          cells: ['exact, float32', ...measured.map(({ bits }) => widthName(bits))],
        },
        {
          head: 'recall@10',
          cells: ['1', ...measured.map(({ recall }) => recall.toFixed(3))],
          tone: 'returned',
        },
        {
          head: 'bytes a vector',
          cells: [floatBytes, ...measured.map(({ bytesPerVector }) => bytesPerVector)],
          tone: 'stored',
        },
        {
          head: 'smaller',
          cells: ['', ...measured.map(({ bytesPerVector }) => ratio(floatBytes / bytesPerVector))],
          tone: 'stored',
        },
        {
          head: 'a search takes',
          cells: [exactMilliseconds, ...measured.map(({ milliseconds }) => milliseconds)].map(
            short,
          ),
        },
        {
          head: 'faster',
          cells: [
            '',
            ...measured.map(({ milliseconds }) =>
              milliseconds > 0 ? ratio(exactMilliseconds / milliseconds) : '',
            ),
          ],
        },
        {
          head: 'building took',
          cells: ['', ...measured.map(({ addMilliseconds }) => milliseconds(addMilliseconds))],
        },
      ],
    })}`;
}

const short = (ms: number) =>
  ms < 1 ? `${(1000 * ms).toFixed(ms < 0.01 ? 1 : 0)} µs` : milliseconds(ms);

function neighbours({ title, hits }: Answer) {
  const compared = hits.some(({ shared }) => shared !== null);
  const rows = Math.max(...hits.map(({ labels }) => labels.length));
  const label = ({ labels, shared }: Hits, i: number) =>
    labels[i] === undefined ? '' : `${labels[i]}${shared && !shared[i] ? ' †' : ''}`;
  const head = ({ bits, milliseconds }: Hits) => `${widthName(bits)}, ${short(milliseconds)}`;
  const columns: Column[] = [
    { head: 'rank', cells: Array.from({ length: rows }, (_, i) => i + 1) },
    ...hits.map((one) => ({
      head: head(one),
      cells: Array.from({ length: rows }, (_, i) => label(one, i)),
      marked: (i: number) => one.shared?.[i] === false,
    })),
  ];
  return html`
    ${table({
      caption: `Neighbours of ${title}${compared ? '; † is not among the exact ones' : ''}`,
      words: true,
      named: true,
      columns,
    })}
    ${
      compared
        ? facts(
            hits
              .filter(({ shared }) => shared)
              .map(({ bits, shared }) => [
                `found with ${widthName(bits)}`,
                `${shared?.filter(Boolean).length} of ${shared?.length}`,
                'returned',
              ]),
          )
        : nothing
    }`;
}

function searchForm(state: State, set: Update<State>) {
  const { opened, query, working } = state;
  if (!opened) return nothing;
  const submit = (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const value = (form.elements.namedItem('query') as HTMLInputElement).value.trim();
    search({ by: query.by, value }, set);
  };
  return html`
    <h3>Search</h3>
    ${
      opened.text
        ? choice({
            label: 'By',
            options: [['text', 'text'] as const, ['item', 'item'] as const],
            value: query.by,
            set: (by) => search({ by, value: by === 'text' ? 'happy cat' : opened.labels[0] }, set),
          })
        : nothing
    }
      <form class="controls" @submit=${submit}>
        <label class="field">
          <span class="name">${query.by === 'text' ? 'Some words' : 'A label, or part of one'}</span>
          <input type="text" name="query" autocomplete="off" required .value=${query.value}
            list=${query.by === 'item' ? 'labels' : nothing}>
        </label>
        <button type="submit" class="button main" ?disabled=${working !== null}>Search</button>
      </form>
      <datalist id="labels">${opened.labels.map((label) => html`<option value=${label}></option>`)}</datalist>`;
}

function keeping(state: State, set: Update<State>) {
  const { comparison, reopened, working, bits } = state;
  if (!comparison && !reopened) return nothing;
  const widths = comparison?.measured.map((one) => one.bits) ?? [reopened?.bits ?? 0];
  return html`
    <h3>Keep it</h3>
    <div class="controls">
      ${select({
        label: 'Index of',
        options: widths.map((width) => [String(width), widthName(width)] as const),
        value: bits,
        set: (bits) => set({ bits }),
      })}
      <button type="button" class="button" ?disabled=${working !== null}
        @click=${() => keepIndex(state, set)}>Save in this browser</button>
      <button type="button" class="button" ?disabled=${working !== null}
        @click=${() => downloadIndex(state, set)}>Download</button>
    </div>`;
}

function keptView({ kept, working, reopened }: State, set: Update<State>) {
  if (!kept) return nothing;
  const drop = async () => {
    try {
      await client.call('forget', undefined);
      set({ kept: null, notice: 'Deleted from this browser.' });
    } catch (error) {
      set({ error });
    }
  };
  return html`<div class="controls spaced">
    <p>This browser keeps an index: ${kept.name}, ${byteSize(kept.bytes)}.</p>
    ${
      reopened
        ? nothing
        : html`<button type="button" class="button" ?disabled=${working !== null}
            @click=${() => reopen(set)}>Open it</button>`
    }
    <button type="button" class="button" @click=${drop}>Delete it</button>
  </div>`;
}

const started: State = {
  source: BUILT_IN,
  opened: null,
  reopened: null,
  learning: 'none',
  comparison: null,
  query: { by: 'text', value: '' },
  answer: null,
  bits: '4',
  kept: null,
  working: null,
  error: null,
  notice: '',
};

let begun = false;

function begin(set: Update<State>): void {
  take(BUILT_IN, started.learning, set);
  // Where the worker cannot be had, the other call says so.
  client.call('kept', undefined).then(
    (kept) => set({ kept }),
    () => {},
  );
}

live<State>('embeddings', started, (_, state, set) => {
  if (!begun) {
    begun = true;
    begin(set);
  }
  const { source, opened, reopened, comparison, answer, working } = state;
  const busy = working !== null;
  return html`
    ${fileDrop({
      label: 'Drop a .npy or .safetensors file of vectors here, or choose one',
      accept: '.npy,.safetensors',
      disabled: busy,
      take: (file) => take({ file, labels: null }, state.learning, set),
    })}
    <div class="controls spaced">
      ${
        source.file && !reopened
          ? html`
            <label class="field">
              <span class="name">Their labels: a .json array or a .txt with a line each</span>
              <input type="file" accept=".json,.txt" ?disabled=${busy}
                @change=${({ target }: Event) => {
                  const labels = (target as HTMLInputElement).files?.[0];
                  if (labels) take({ ...source, labels }, state.learning, set);
                }}>
            </label>`
          : nothing
      }
      ${
        source.file || reopened
          ? html`<button type="button" class="button" ?disabled=${busy}
              @click=${() => take(BUILT_IN, state.learning, set)}>Take the built-in emoji</button>`
          : nothing
      }
    </div>
    ${keptView(state, set)}
    <div aria-busy=${String(busy || (!opened && !state.error && !state.notice))}>
      ${
        opened
          ? facts([
              ['vectors', count(opened.size)],
              ['dimensions', count(opened.dims)],
              ['from', source.file || reopened ? opened.name : 'emoji, built in'],
              ...(reopened
                ? [
                    [
                      `kept with ${widthName(reopened.bits)}`,
                      byteSize(reopened.bytes),
                      'stored',
                    ] as const,
                  ]
                : [['as float32', byteSize(4 * opened.size * opened.dims), 'original'] as const]),
            ])
          : nothing
      }
      ${
        reopened
          ? html`<p>The float vectors were not kept, so there is no exact search to compare with.</p>`
          : choice({
              label: 'The index learns from the vectors',
              options: LEARNING,
              value: state.learning,
              set: (learning) => {
                // What runs goes on with its own: the mark goes back to that.
                if (busy) set({});
                else if (opened) compare(state, learning, set);
                else set({ learning });
              },
            })
      }
      ${working ? progress({ ...working, cancel: () => cancelling.abort() }) : nothing}
      <p class="sr-only" role="status">${state.notice}</p>
      ${state.notice ? html`<p aria-hidden="true">${state.notice}</p>` : nothing}
      ${state.error ? message(state.error) : nothing}
      ${comparison || reopened ? searchForm(state, set) : nothing}
      ${answer ? neighbours(answer) : nothing}
      ${comparison && opened ? comparisonView(comparison, opened) : nothing}
      ${keeping(state, set)}
    </div>`;
});
