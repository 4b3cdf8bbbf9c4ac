// Page environments: Vue and Pinia, React, extensions, import maps with a CDN.

import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { html, NOTHING, PAGE } from './bundlers.mjs';

const VITE = { vite: '8.4.0' };

const ADD = `const words = ['north', 'east', 'south'];
const vectors = [0, 1, 0.1, 1, 0, 0, 0, -1, 0.1];
const query = [0.1, 1, 0];
`;

/** A built page with the given main.js. */
async function builtPage(project, files) {
  project.write({ 'index.html': html('/main.js'), ...files });
  await project.bin('vite', ['build']);
  return { page: await project.visit((await project.files(project.path('dist'))).url) };
}

export const stacks = [
  {
    name: 'Vue, ref and Pinia',
    version: '3.5.45',
    packages: { vue: '3.5.45', pinia: '4.1.0', '@vue/devtools-api': '8.2.1', ...VITE },
    needs: 'nothing; `shallowRef` is what Vue recommends for it',
    async run(project) {
      return builtPage(project, {
        'main.js': `import { load } from 'fewbits';
import { createPinia, defineStore, setActivePinia } from 'pinia';
import { reactive, ref, shallowRef } from 'vue';

${ADD}
globalThis.run = async () => {
  setActivePinia(createPinia());
  const library = ref(await load());
  const useSearch = defineStore('search', () => ({ index: ref(library.value.createIndex({ dims: 3, bits: 8 })) }));
  const store = useSearch();
  store.index.add(vectors, words);
  const state = reactive({ index: store.index });
  const shallow = shallowRef(store.index);
  const answers = [store.index, state.index, shallow.value].map((index) => index.search(query, { k: 3 }).ids.join());
  if (new Set(answers).size !== 1) return answers;
  return library.value.variant + ': ' + answers[0];
};
`,
      });
    },
  },
  {
    name: 'Extension, MV3',
    version: 'Chromium',
    packages: VITE,
    needs: "`script-src 'self' 'wasm-unsafe-eval'` in `content_security_policy.extension_pages`",
    async run(project) {
      project.write({
        'popup.html': html('/main.js'),
        'main.js': PAGE,
        'public/background.js': 'chrome.runtime.onInstalled.addListener(() => {});\n',
        'public/manifest.json': {
          manifest_version: 3,
          name: 'stack',
          version: '1.0',
          action: { default_popup: 'popup.html' },
          background: { service_worker: 'background.js' },
          content_security_policy: {
            extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'",
          },
        },
        'vite.config.js':
          "export default { build: { modulePreload: { polyfill: false }, rollupOptions: { input: 'popup.html' } } };\n",
      });
      await project.bin('vite', ['build']);
      const dist = project.path('dist');
      const profile = mkdtempSync(path.join(os.tmpdir(), 'fewbits-profile-'));
      const context = await chromium.launchPersistentContext(profile, {
        executablePath: project.chromium,
        headless: false,
        args: ['--headless=new', `--disable-extensions-except=${dist}`, `--load-extension=${dist}`],
      });
      try {
        const worker =
          context.serviceWorkers()[0] ??
          (await context.waitForEvent('serviceworker', { timeout: 20_000 }));
        const page = await context.newPage();
        const start = performance.now();
        await page.goto(`chrome-extension://${new URL(worker.url()).host}/popup.html`);
        await page.waitForFunction('globalThis.run');
        const answer = await page.evaluate('run()');
        project.first = performance.now() - start;
        return { popup: answer };
      } finally {
        await context.close();
      }
    },
  },
  {
    name: 'CDN, import map',
    version: 'Chromium',
    needs:
      'an import map; with a policy the CDN in `script-src` and `connect-src`, and `worker-src blob:` for pools',
    async run(project) {
      const cdn = await project.files(project.path('node_modules/fewbits'), {
        'Access-Control-Allow-Origin': '*',
      });
      const imports = {
        fewbits: `${cdn.url}dist/index.js`,
        'fewbits/pool': `${cdn.url}dist/pool/index.js`,
        'fewbits/reader': `${cdn.url}dist/reader/index.js`,
        'fewbits/vectors': `${cdn.url}dist/vectors.js`,
      };
      project.write({
        'index.html': `<!doctype html><html lang="en"><meta charset="utf-8"><title>stack</title>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
${PAGE}</script></html>
`,
      });
      return { page: await project.visit((await project.files(project.folder)).url) };
    },
  },
  {
    name: 'CDN, one file',
    version: 'Chromium',
    needs: NOTHING,
    async run(project) {
      const cdn = await project.files(project.path('node_modules/fewbits'), {
        'Access-Control-Allow-Origin': '*',
      });
      project.write({
        'index.html': `<!doctype html><html lang="en"><meta charset="utf-8"><title>stack</title>
<script type="module">
import { load } from '${cdn.url}dist/fewbits.min.js';
import { search } from './work.mjs';

globalThis.run = () => search(load);
</script></html>
`,
      });
      const page = await project.visit((await project.files(project.folder)).url);
      if (cdn.requests.length !== 2) throw new Error(`more than two requests: ${cdn.requests}`);
      return { page };
    },
  },
];
