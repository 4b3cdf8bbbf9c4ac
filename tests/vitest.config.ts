// The test projects: js, package and browser.

import { defineConfig } from 'vitest/config';

// Node 20 has relaxed SIMD behind a flag; `npm test` passes the flags that the tested Node needs.
const execArgv = process.env.FEWBITS_NODE_FLAGS?.split(' ').filter(Boolean) ?? [];

const project = (name: string, options = {}) => ({
  extends: true as const,
  test: { name, include: [`tests/${name}/**/*.test.{ts,mts,js,mjs}`], ...options },
});

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    pool: 'forks',
    execArgv,
    // The package runs unchanged, not transformed.
    server: { deps: { external: [/\/web\/dist\//] } },
    projects: [
      project('js', { testTimeout: 60_000 }),
      // Each of these installs, bundles or drives a browser: one after the other.
      project('package', { testTimeout: 300_000, hookTimeout: 300_000, fileParallelism: false }),
      project('browser', { testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false }),
    ],
  },
});
