// The actions of the page's buttons: vectors are read, compared, searched and stored in a worker, and the
// state follows.

import { download } from '../../shared/files.ts';
import type { Update } from '../../shared/live.ts';
import { Client, isAbort } from '../../shared/worker.ts';
import type { Comparison, Kept, Learning, Opened, Query, Source } from './messages.ts';
import type { State } from './state.ts';
import type { EmbeddingCalls } from './work.ts';

const client = new Client<EmbeddingCalls>(
  () => new Worker(new URL('./work.ts', import.meta.url), { type: 'module' }),
);
let cancelling = new AbortController();

export const stop = () => cancelling.abort();

/** Runs a longer action in the worker; errors are shown. */
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

/** The answer to a query, or its error: a query that fails leaves the indexes unchanged. */
async function ask(query: Query): Promise<Pick<State, 'answer' | 'error'>> {
  try {
    return { answer: await client.call('search', query), error: null };
  } catch (error) {
    return { answer: null, error };
  }
}

/** calibrate() uses axes only where they find more of the sample's neighbours. */
function readyNotice(learning: Learning, { measured }: Comparison): string {
  const without = measured.filter(({ axes }) => !axes).map(({ bits }) => bits);
  if (learning !== 'axes' || without.length === 0) return 'Ready.';
  const where = without.length === measured.length ? '' : ` at ${without.join(', ')} bits`;
  return `Ready. Principal axes would not find clearly more${where}: only the mean was taken off${where && ' there'}.`;
}

const firstQuery = ({ text, labels }: Opened): Query =>
  text ? { by: 'text', value: 'happy cat' } : { by: 'item', value: labels[0] };

/** Reads the vectors, builds the indexes and runs a first query. */
export const take = (source: Source, learning: Learning, set: Update<State>) =>
  busy(set, async (options) => {
    set({ source, opened: null, reopened: null, comparison: null, answer: null });
    const opened = await client.call('open', source, options);
    const query = firstQuery(opened);
    set({ opened, query });
    const comparison = await client.call('compare', { learning }, options);
    return { comparison, notice: readyNotice(learning, comparison), ...(await ask(query)) };
  });

export const compare = (state: State, learning: Learning, set: Update<State>) =>
  busy(set, async (options) => {
    set({ learning, comparison: null, answer: null });
    const comparison = await client.call('compare', { learning }, options);
    return { comparison, notice: readyNotice(learning, comparison), ...(await ask(state.query)) };
  });

export async function search(query: Query, set: Update<State>): Promise<void> {
  set({ query, error: null, notice: '' });
  const found = await ask(query);
  set({ ...found, notice: found.answer ? `Found neighbours of ${found.answer.title}.` : '' });
}

export const keepIndex = ({ bits }: State, set: Update<State>) =>
  busy(set, async (options) => ({
    kept: await client.call('keep', { bits: Number(bits) }, options),
    notice: 'Saved in this browser. It is still there after a reload.',
  }));

export const reopen = (set: Update<State>) =>
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

export async function downloadIndex({ bits, opened }: State, set: Update<State>): Promise<void> {
  try {
    const file = await client.call('file', { bits: Number(bits) });
    const name = (opened?.name ?? 'index').replaceAll(/[^\w.-]+/g, '_');
    download(`${name}.${bits}-bit.safetensors`, file);
  } catch (error) {
    set({ error });
  }
}

/** The index that the browser has stored; null if the worker does not work, which other calls report. */
export const kept = (): Promise<Kept | null> => client.call('kept', undefined).catch(() => null);

export async function forget(set: Update<State>): Promise<void> {
  try {
    await client.call('forget', undefined);
    set({ kept: null, notice: 'Deleted from this browser.' });
  } catch (error) {
    set({ error });
  }
}
