// A progress bar with a button that cancels.

import { html, type TemplateResult } from 'lit-html';
import { percent } from './format.ts';

/** A progress bar for a longer action, with a way to cancel it. */
export function progress(options: {
  /** A description of the current step. */
  text: string;
  /** From 0 to 1. */
  fraction: number;
  cancel?: () => void;
}): TemplateResult {
  const { text, fraction, cancel } = options;
  return html`<div class="working">
    <label class="field full">
      <span class="name">${text}</span>
      <span class="row">
        <progress max="1" .value=${fraction}></progress>
        <output>${percent(fraction)}</output>
      </span>
    </label>
    ${cancel && html`<button type="button" class="button" @click=${cancel}>Cancel</button>`}
  </div>`;
}
