// The build of the site: every page in its frame, with relative addresses.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { escaped, layout } from './layout.ts';
import { type Page, pages } from './pages.ts';
import { buildEmojiSet } from './scripts/emoji.ts';

const root = fileURLToPath(new URL('.', import.meta.url));
const file = (page: Page) => path.join(root, page.name && `pages/${page.name}`, 'index.html');

/** The policy, which a host may also send as a header. Styles and scripts come from files only. */
const CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

/** Fills `<pre data-file="...">` with the text of that file in the page's folder. */
const withFiles = (contents: string, folder: string) =>
  contents.replaceAll(
    /(<pre data-file="([^"]+)"[^>]*>)(?=<\/pre>)/g,
    (_, start: string, name: string) =>
      start + escaped(readFileSync(path.join(folder, name), 'utf8').trimEnd()),
  );

/** Adds the head, the navigation and the footer to the contents of each page. */
function frame(): Plugin {
  let building = false;
  return {
    name: 'frame',
    configResolved(config) {
      building = config.command === 'build';
    },
    transformIndexHtml: {
      order: 'pre',
      handler(contents, { filename }) {
        const page = pages.find((one) => file(one) === path.normalize(filename));
        if (!page) throw new Error(`${filename} is not in site/pages.ts`);
        // The development server needs inline styles and a socket.
        return layout(
          page,
          withFiles(contents, path.dirname(filename)),
          building ? CSP : undefined,
        );
      },
    },
  };
}

const missing = pages.filter((page) => !existsSync(file(page)));
if (missing.length > 0) {
  throw new Error(`no index.html for ${missing.map((page) => page.name).join(', ')}`);
}

export default defineConfig({
  root,
  base: './',
  appType: 'mpa',
  plugins: [frame(), { name: 'emoji', buildStart: buildEmojiSet }],
  worker: { format: 'es' },
  // No page downloads a model.
  resolve: {
    alias: { '@huggingface/transformers': path.join(root, 'pages/transformers-js/standin.ts') },
  },
  build: {
    outDir: path.join(root, 'dist'),
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: Object.fromEntries(pages.map((page) => [page.name || 'index', file(page)])),
    },
  },
});
