// Files that are dropped or chosen, and downloads.

import { html, type TemplateResult } from 'lit-html';

/** A place to drop a file or to pick one. */
export function fileDrop(options: {
  /** What can be dropped, in words. */
  label: string;
  /** As of <input type="file">. */
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
    // So that the same file can be picked again.
    input.value = '';
  };
  return html`<div class="drop" @dragover=${over(true)} @dragleave=${over(false)} @drop=${drop}>
    <label class="field">
      <span>${label}</span>
      <input type="file" accept=${accept} ?disabled=${disabled} @change=${picked}>
    </label>
  </div>`;
}

/** Hands a file to the visitor. */
export function download(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has its own hold on the content once the download began.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
