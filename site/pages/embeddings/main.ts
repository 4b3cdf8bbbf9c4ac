// The page on embeddings: vectors in, indexes of each width next to exact search, and one that the browser
// stores.

import { choice, select } from '../../shared/controls.ts';
import { fileDrop } from '../../shared/files.ts';
import { byteSize, count } from '../../shared/format.ts';
import { html, live, message, nothing, type Update } from '../../shared/live.ts';
import { progress } from '../../shared/progress.ts';
import { facts } from '../../shared/results.ts';
import {
  compare,
  downloadIndex,
  forget,
  keepIndex,
  kept,
  reopen,
  search,
  stop,
  take,
} from './actions.ts';
import { comparisonView, neighbours, widthName } from './comparison.ts';
import type { Learning } from './messages.ts';
import { BUILT_IN, type State, started } from './state.ts';

const LEARNING: readonly (readonly [Learning, string])[] = [
  ['none', 'nothing'],
  ['mean', 'the mean'],
  ['axes', 'mean and principal axes'],
];

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
  return html`<div class="controls spaced">
    <p>This browser keeps an index: ${kept.name}, ${byteSize(kept.bytes)}.</p>
    ${
      reopened
        ? nothing
        : html`<button type="button" class="button" ?disabled=${working !== null}
            @click=${() => reopen(set)}>Open it</button>`
    }
    <button type="button" class="button" @click=${() => forget(set)}>Delete it</button>
  </div>`;
}

/** The choice of the vectors. */
function sourceView({ source, reopened, learning }: State, busy: boolean, set: Update<State>) {
  return html`
    ${fileDrop({
      label: 'Drop a .npy or .safetensors file of vectors here, or choose one',
      accept: '.npy,.safetensors',
      disabled: busy,
      take: (file) => take({ file, labels: null }, learning, set),
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
                  if (labels) take({ ...source, labels }, learning, set);
                }}>
            </label>`
          : nothing
      }
      ${
        source.file || reopened
          ? html`<button type="button" class="button" ?disabled=${busy}
              @click=${() => take(BUILT_IN, learning, set)}>Take the built-in emoji</button>`
          : nothing
      }
    </div>`;
}

/** The opened vectors. */
function openedView({ source, opened, reopened }: State) {
  if (!opened) return nothing;
  return facts([
    ['vectors', count(opened.size)],
    ['dimensions', count(opened.dims)],
    ['from', source.file || reopened ? opened.name : 'emoji, built in'],
    reopened
      ? [`kept with ${widthName(reopened.bits)}`, byteSize(reopened.bytes), 'stored']
      : ['as float32', byteSize(4 * opened.size * opened.dims), 'original'],
  ]);
}

/** The choice of what the index learns first. */
function learningView(state: State, busy: boolean, set: Update<State>) {
  if (state.reopened) {
    return html`<p>The float vectors were not kept, so there is no exact search to compare with.</p>`;
  }
  return choice({
    label: 'The index learns from the vectors',
    options: LEARNING,
    value: state.learning,
    set: (learning) => {
      // The running comparison continues with its own choice: the mark moves back to it.
      if (busy) set({});
      else if (state.opened) compare(state, learning, set);
      else set({ learning });
    },
  });
}

let begun = false;

live<State>('embeddings', started, (_, state, set) => {
  if (!begun) {
    begun = true;
    take(BUILT_IN, started.learning, set);
    kept().then((found) => set({ kept: found }));
  }
  const { opened, reopened, comparison, answer, working } = state;
  const busy = working !== null;
  return html`
    ${sourceView(state, busy, set)}
    ${keptView(state, set)}
    <div aria-busy=${String(busy || (!opened && !state.error && !state.notice))}>
      ${openedView(state)}
      ${learningView(state, busy, set)}
      ${working ? progress({ ...working, cancel: stop }) : nothing}
      <p class="sr-only" role="status">${state.notice}</p>
      ${state.notice ? html`<p aria-hidden="true">${state.notice}</p>` : nothing}
      ${state.error ? message(state.error) : nothing}
      ${comparison || reopened ? searchForm(state, set) : nothing}
      ${answer ? neighbours(answer) : nothing}
      ${comparison && opened ? comparisonView(comparison, opened) : nothing}
      ${keeping(state, set)}
    </div>`;
});
