// A bar of progress with a button that cancels.

import { html, type TemplateResult } from 'lit-html';
import { percent } from './format.ts';

/** A bar for something that takes its time, and a way out of it. */
export function progress(options: {
  /** What is being done. */
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
