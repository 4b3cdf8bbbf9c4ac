// Files that are dropped or chosen, and downloads.

import { html, type TemplateResult } from 'lit-html';

/** A place to drop a file or to pick one. */
export function fileDrop(options: {
  /** A description of what can be dropped. */
  label: string;
  /** Like `accept` of <input type="file">. */
  accept: string;
  disabled?: boolean;
  take: (file: File) => void;
}): TemplateResult {
  const { label, accept, disabled = false, take } = options;
  const over = (shown: boolean) => (event: DragEvent) => {
    event.preventDefault();
    (event.currentTarget as HTMLElement).toggleAttribute('data-over', shown && !disabled);
  };
  const drop = (event: DragEvent) => {
    over(false)(event);
    const file = event.dataTransfer?.files[0];
    if (file && !disabled) take(file);
  };
  const picked = (event: Event) => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (file) take(file);
    // Allows the same file to be picked again.
    input.value = '';
  };
  return html`<div class="drop" @dragover=${over(true)} @dragleave=${over(false)} @drop=${drop}>
    <label class="field">
      <span>${label}</span>
      <input type="file" accept=${accept} ?disabled=${disabled} @change=${picked}>
    </label>
  </div>`;
}

/** Offers a file to the visitor as a download. */
export function download(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser keeps the content itself once the download has begun.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
