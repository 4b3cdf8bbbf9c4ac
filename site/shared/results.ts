// Results in words and numbers: facts, tables, transcripts and bits.

import { html, nothing, type TemplateResult } from 'lit-html';

export type Tone = 'original' | 'stored' | 'returned' | '';

/** Named values in a row. */
export function facts(
  entries: readonly (readonly [name: string, value: unknown, tone?: Tone])[],
): TemplateResult {
  return html`<dl class="facts">${entries.map(
    ([name, value, tone = '']) => html`<div><dt>${name}</dt><dd class=${tone}>${value}</dd></div>`,
  )}</dl>`;
}

export interface Column {
  readonly head: string;
  readonly cells: readonly unknown[];
  readonly tone?: Tone;
  /** Whether to mark the cell of a row. */
  readonly marked?: (row: number) => boolean;
}

/** A table whose columns are arrays of the same length. */
export function table(options: {
  caption: string;
  columns: readonly Column[];
  /** Whether the first column names its row, in words. */
  named?: boolean;
  /** Whether cells are words, not numbers. */
  words?: boolean;
}): TemplateResult {
  const { caption, columns, named, words } = options;
  const rows = columns[0]?.cells.length ?? 0;
  const cell = (column: Column, row: number, first: boolean) =>
    named && first
      ? html`<th scope="row">${column.cells[row]}</th>`
      : html`<td class="${column.tone ?? ''} ${column.marked?.(row) ? 'differs' : ''}">${column.cells[row]}</td>`;
  return html`<div class="scroll" role="region" aria-label=${caption} tabindex="0">
    <table class="numbers-table ${named ? 'text' : ''} ${words ? 'words' : ''}">
      <caption>${caption}</caption>
      <thead><tr>${columns.map(({ head }) => html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>${Array.from(
        { length: rows },
        (_, row) => html`<tr>${columns.map((column, i) => cell(column, row, i === 0))}</tr>`,
      )}</tbody>
    </table>
  </div>`;
}

/** The output of a program. */
export function transcript(label: string, text: string): TemplateResult {
  return html`<pre class="transcript" tabindex="0" role="region" aria-label=${label}><samp>${text}</samp></pre>`;
}

/** Bits, most significant first, in named groups. */
export function bits(
  label: string,
  groups: readonly (readonly [bits: string, kind: string])[],
): TemplateResult {
  return html`<span class="bits" role="img" aria-label=${label}>${groups.map(([text, kind]) =>
    [...text].map((bit) => html`<span class=${kind || nothing}>${bit}</span>`),
  )}</span>`;
}
