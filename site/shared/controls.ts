// Controls of the pages: sliders, choices, lists and typed numbers.

import { html, nothing, type TemplateResult } from 'lit-html';
import { live as current } from 'lit-html/directives/live.js';

/** A slider for a number in a range, with the number next to it. */
export function slider(options: {
  label: string;
  min: number;
  max: number;
  step?: number;
  value: number;
  set: (value: number) => void;
  /** The text that is shown next to it and read aloud; default the number. */
  text?: string;
}): TemplateResult {
  const { label, min, max, step = 1, value, set } = options;
  const text = options.text ?? String(value);
  return html`<label class="field">
    <span class="name">${label}</span>
    <span class="row">
      <input type="range" min=${min} max=${max} step=${step} .value=${current(String(value))}
        aria-valuetext=${text}
        @input=${(event: Event) => set(Number((event.target as HTMLInputElement).value))}>
      <output>${text}</output>
    </span>
  </label>`;
}

const keep = (event: Event) => event.preventDefault();

/** A choice of a few options, all visible. */
export function choice<T extends string | number>(options: {
  label: string;
  options: readonly (T | readonly [T, string])[];
  value: T;
  set: (value: T) => void;
}): TemplateResult {
  // The form keeps radio buttons separate from those with the same name elsewhere on the page.
  return html`<fieldset class="field choice">
    <legend>${options.label}</legend>
    <form class="row" @submit=${keep}>${options.options.map((option) => {
      const [value, text] = Array.isArray(option) ? option : [option, String(option)];
      return html`<label><input type="radio" name="choice" value=${value}
        .checked=${current(value === options.value)}
        @change=${() => options.set(value)}>${text}</label>`;
    })}</form>
  </fieldset>`;
}

/** A choice of many options. */
export function select<T extends string>(options: {
  label: string;
  options: readonly (readonly [T, string])[];
  value: T;
  set: (value: T) => void;
}): TemplateResult {
  return html`<label class="field">
    <span class="name">${options.label}</span>
    <select .value=${current(options.value)}
      @change=${(event: Event) => options.set((event.target as HTMLSelectElement).value as T)}>
      ${options.options.map(
        ([value, text]) =>
          html`<option value=${value} ?selected=${value === options.value}>${text}</option>`,
      )}
    </select>
  </label>`;
}

/** Parses numbers from a text: separated by commas, spaces or lines; brackets are ignored. */
export function parseNumbers(text: string, limit = 4096): Float32Array {
  const words = text.split(/[\s,;[\]()]+/).filter(Boolean);
  if (words.length > limit) throw new RangeError(`at most ${limit} numbers, got ${words.length}`);
  return Float32Array.from(words, (word) => {
    const value = Number(word);
    if (Number.isNaN(value) && word.toLowerCase() !== 'nan') {
      throw new SyntaxError(`“${word}” is not a number`);
    }
    return value;
  });
}

/** A field for numbers as text; errors are shown below it. */
export function numbers(options: {
  label: string;
  text: string;
  rows?: number;
  set: (text: string) => void;
}): TemplateResult {
  let wrong = '';
  try {
    parseNumbers(options.text);
  } catch (error) {
    wrong = (error as Error).message;
  }
  return html`<label class="field full">
    <span class="name">${options.label}</span>
    <textarea rows=${options.rows ?? 2} spellcheck="false" autocomplete="off"
      aria-invalid=${wrong ? 'true' : nothing}
      .value=${current(options.text)}
      @input=${(event: Event) => options.set((event.target as HTMLTextAreaElement).value)}></textarea>
  </label>`;
}
