// Frameworks: Next, Nuxt, SvelteKit, Astro, React Router, Angular; in pages, in workers and on servers.

import { cpSync, mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ANSWER, IMPORTS } from '../lib.mjs';
import { NOTHING } from './bundlers.mjs';

/** The code that a component runs after mounting; the page's `run()` waits for it. */
const CLIENT = `${IMPORTS}
export const run = async () => ${ANSWER};
`;

const SERVER = `${IMPORTS}
export const answer = async () => ${ANSWER};
`;

const work = (text, from) => text.replace('WORK', from);
const json = async (url) => (await fetch(url)).text();

/** The text of an element of a server-rendered page. */
const element = async (url) =>
  /id="answer"[^>]*>(?:<!--.*?-->)*([^<]*)</.exec(await json(url))?.[1] ??
  (await json(url)).slice(0, 300);

/** Moves the build to a folder without node_modules in any parent. */
function elsewhere(project, name) {
  const folder = path.join(
    mkdtempSync(path.join(os.tmpdir(), 'fewbits-moved-')),
    path.basename(name),
  );
  cpSync(project.path(name), folder, { recursive: true, verbatimSymlinks: true });
  return folder;
}

const NUXT_FILES = {
  'nuxt.config.ts': "export default defineNuxtConfig({ compatibilityDate: '2026-07-01' });\n",
  'app/lib/client.js': work(CLIENT, '../../work.mjs'),
  'server/utils/answer.js': work(SERVER, '../work.js'),
  // Nitro's dev server leaves .mjs files of the project outside of its bundle, under another path.
  'server/work.js': readFileSync(new URL('../work.mjs', import.meta.url), 'utf8'),
  'server/api/answer.js': 'export default defineEventHandler(() => answer());\n',
  'app/app.vue': `<script setup>
import { onMounted } from 'vue';
onMounted(async () => { globalThis.run = (await import('./lib/client.js')).run; });
</script>
<template><p>search</p></template>
`,
};

const NEXT = { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' };

const next = (name, flags) => ({
  name,
  version: NEXT.next,
  packages: NEXT,
  needs: "`serverExternalPackages: ['fewbits']` for servers; pages need nothing",
  async run(project) {
    project.write({
      'next.config.mjs':
        "export default { serverExternalPackages: ['fewbits'], output: 'standalone' };\n",
      'lib/client.js': work(CLIENT, '../work.mjs'),
      'lib/server.js': work(SERVER, '../work.mjs'),
      'app/layout.js':
        "export default function Layout({ children }) { return <html lang='en'><body>{children}</body></html>; }\n",
      'app/page.js':
        "import Search from './search';\nexport default function Page() { return <Search />; }\n",
      'app/search.js': `'use client';
import { useEffect } from 'react';
import { run } from '../lib/client';
export default function Search() {
  useEffect(() => { globalThis.run = run; }, []);
  return <p>search</p>;
}
`,
      'app/component/page.js': `import { answer } from '../../lib/server';
export const dynamic = 'force-dynamic';
export default async function Page() { return <p id="answer">{await answer()}</p>; }
`,
      'app/route/route.js': `import { answer } from '../../lib/server';
export const dynamic = 'force-dynamic';
export const GET = async () => new Response(await answer());
`,
    });
    await project.bin('next', ['build', ...flags]);
    const url = await project.serve('npx', ['next', 'start', '-p', 'PORT']);
    return {
      page: await project.visit(url),
      'route handler': await json(`${url}route`),
      'server component': await element(`${url}component`),
    };
  },
});

export const stacks = [
  next('Next, Turbopack', []),
  next('Next, webpack', ['--webpack']),
  {
    name: 'Nuxt',
    version: '4.5.2',
    packages: { nuxt: '4.5.2', vue: '3.5.45', 'vue-router': '5.5.1' },
    needs: NOTHING,
    async run(project) {
      project.write(NUXT_FILES);
      await project.bin('nuxt', ['build']);
      const url = await project.serve('node', ['server/index.mjs'], {
        cwd: elsewhere(project, '.output'),
      });
      // Preload hints name no build: only the one that runs is fetched.
      if (/\.wasm/.test(await json(url))) throw new Error('the page names a .wasm');
      return { page: await project.visit(url), 'server route': await json(`${url}api/answer`) };
    },
  },
  {
    name: 'Nuxt, dev',
    version: '4.5.2',
    packages: { nuxt: '4.5.2', vue: '3.5.45', 'vue-router': '5.5.1' },
    needs: NOTHING,
    async run(project) {
      project.write(NUXT_FILES);
      const url = await project.serve('npx', ['nuxt', 'dev', '--port', 'PORT']);
      return {
        page: await project.visit(url, { reload: true }),
        'server route': await json(`${url}api/answer`),
      };
    },
  },
  {
    name: 'SvelteKit',
    packages: {
      '@sveltejs/kit': '3.2.0',
      '@sveltejs/adapter-node': '6.0.1',
      '@sveltejs/vite-plugin-svelte': '7.3.1',
      svelte: '5.57.3',
      vite: '8.4.0',
    },
    needs: NOTHING,
    async run(project) {
      project.write({
        'vite.config.js':
          "import adapter from '@sveltejs/adapter-node';\nimport { sveltekit } from '@sveltejs/kit/vite';\nexport default { plugins: [sveltekit({ adapter: adapter() })] };\n",
        'src/app.html':
          '<!doctype html><html lang="en"><head><meta charset="utf-8">%sveltekit.head%</head><body><div>%sveltekit.body%</div></body></html>\n',
        'src/lib/client.js': work(CLIENT, '../../work.mjs'),
        'src/lib/server.js': work(SERVER, '../../work.mjs'),
        'src/routes/+page.svelte': `<script>
  import { onMount } from 'svelte';
  import { run } from '../lib/client.js';
  onMount(() => { globalThis.run = run; });
</script>
<p>search</p>
`,
        'src/routes/answer/+server.js':
          "import { answer } from '../../lib/server.js';\nexport const GET = async () => new Response(await answer());\n",
      });
      await project.bin('vite', ['build']);
      const url = await project.serve('node', ['build/index.js']);
      return { page: await project.visit(url), endpoint: await json(`${url}answer`) };
    },
  },
  {
    name: 'Astro',
    packages: { astro: '7.3.5', '@astrojs/node': '11.1.6' },
    needs: NOTHING,
    async run(project) {
      project.write({
        'astro.config.mjs':
          "import node from '@astrojs/node';\nexport default { output: 'server', adapter: node({ mode: 'standalone' }) };\n",
        'src/client.js': `${work(CLIENT, '../work.mjs')}globalThis.run = run;\n`,
        'src/server.js': work(SERVER, '../work.mjs'),
        'src/pages/index.astro':
          '<html lang="en"><head><title>stack</title></head><body><p>search</p><script>import "../client.js";</script></body></html>\n',
        'src/pages/answer.js':
          "import { answer } from '../server.js';\nexport const GET = async () => new Response(await answer());\n",
      });
      await project.bin('astro', ['build']);
      const url = await project.serve('node', ['dist/server/entry.mjs'], {
        env: { HOST: 'localhost' },
      });
      return { page: await project.visit(url), endpoint: await json(`${url}answer`) };
    },
  },
  {
    name: 'React Router',
    version: '8.4.0',
    packages: {
      'react-router': '8.4.0',
      '@react-router/dev': '8.4.0',
      '@react-router/node': '8.4.0',
      '@react-router/serve': '8.4.0',
      ...{
        isbot: '5.2.3',
        react: '19.3.1',
        'react-dom': '19.3.1',
        vite: '8.4.0',
        typescript: '5.9.3',
      },
    },
    needs: NOTHING,
    async run(project) {
      project.write({
        'vite.config.js':
          "import { reactRouter } from '@react-router/dev/vite';\nexport default { plugins: [reactRouter()] };\n",
        'app/routes.ts':
          "import { index, route } from '@react-router/dev/routes';\nexport default [index('home.jsx'), route('answer', 'answer.js')];\n",
        'app/root.jsx': `import { Outlet, Scripts } from 'react-router';
export default function Root() {
  return <html lang="en"><body><Outlet /><Scripts /></body></html>;
}
`,
        'app/home.jsx': `import { useEffect } from 'react';
import { run } from './client.js';
export default function Home() {
  useEffect(() => { globalThis.run = run; }, []);
  return <p>search</p>;
}
`,
        'app/client.js': work(CLIENT, '../work.mjs'),
        'app/server.server.js': work(SERVER, '../work.mjs'),
        'app/answer.js':
          "import { answer } from './server.server.js';\nexport const loader = async () => new Response(await answer());\n",
      });
      await project.bin('react-router', ['build']);
      const url = await project.serve('npx', ['react-router-serve', 'build/server/index.js']);
      return { page: await project.visit(url), loader: await json(`${url}answer`) };
    },
  },
];
