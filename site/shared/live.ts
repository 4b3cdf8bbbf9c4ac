// Live parts of a page: a state, and a view of it that is redrawn when it changes.

import { type Fewbits, load } from 'fewbits';
import { html, render, type TemplateResult } from 'lit-html';
import './page.ts';

export type { Fewbits } from 'fewbits';
export { html, nothing, type TemplateResult } from 'lit-html';

/** Changes the state, and redraws the part. */
export type Update<S> = (change: Partial<S>) => void;

/** Errors whose message is sufficient. */
const TOLD = ['FewbitsError', 'RangeError', 'SyntaxError'];

/** The message for something that failed. */
export function message(error: unknown): TemplateResult {
  // By name, as errors from workers lose their class.
  const text = error instanceof Error && TOLD.includes(error.name) ? error.message : String(error);
  return html`<p class="message" role="alert">${text}</p>`;
}

/** Runs a part of a view; an error that it throws is shown in its place. */
export function attempt(view: () => TemplateResult): TemplateResult {
  try {
    return view();
  } catch (error) {
    return message(error);
  }
}

/**
 * A live part of a page: the element with this id shows `view` of the state, and again whenever `set` changes
 * the state. The library is loaded first. Errors are shown in the part, not in the console.
 */
export async function live<S extends object>(
  id: string,
  initial: S,
  view: (fb: Fewbits, state: S, set: Update<S>) => TemplateResult,
): Promise<void> {
  const root = document.getElementById(id);
  if (!root) throw new Error(`there is no #${id} on this page`);
  let fb: Fewbits;
  try {
    fb = await load();
  } catch (error) {
    root.ariaBusy = 'false';
    render(message(error), root);
    return;
  }
  let state = initial;
  let pending = false;
  const draw = () => {
    pending = false;
    const shown = attempt(() => view(fb, state, set));
    render(shown, root);
    root.ariaBusy = 'false';
  };
  const set: Update<S> = (change) => {
    state = { ...state, ...change };
    if (pending) return;
    pending = true;
    queueMicrotask(draw);
  };
  root.replaceChildren();
  draw();
}
