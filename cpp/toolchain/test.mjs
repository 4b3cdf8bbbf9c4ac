// `npm test`: the set-up of `npm start`, then all tests. `npm test -- cpp js` runs only those suites: lint,
// wasm, cpp, asan, js, package, browser.

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  buildPackage,
  nodeProgram,
  packageFolder,
  printSizes,
  VARIANTS,
} from './build/package.mjs';
import { setUp } from './build/setup.mjs';
import { lint } from './lint.mjs';
import { chromium } from './setup/chromium.mjs';
import { testNodes } from './setup/nodes.mjs';
import { npm } from './setup/npm.mjs';
import { pythonWithNumpy } from './setup/python.mjs';
import { main, Problem, root, say, seconds } from './setup/steps.mjs';
import { Count, googleTests, hasTests, vitest } from './test/suites.mjs';

/** The packed package, as npm would publish it. */
async function tarball() {
  const folder = path.join(root, 'build/package');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await npm(['pack', '--silent', '--pack-destination', folder], {
    cwd: packageFolder,
    quiet: true,
  });
  return path.join(folder, readdirSync(folder)[0]);
}

const SUITES = {
  async lint(count, { builds }) {
    for (const { name, failure } of await lint(builds)) {
      if (failure) count.fail(`${name}: ${failure}`);
      else count.pass();
    }
  },

  // The checks of the compiled modules; buildPackage() has thrown if one fails.
  async wasm(count, { checks }) {
    count.pass(checks.length);
  },

  async cpp(count, { builds, nodes }) {
    await builds.build('native');
    await googleTests(count, 'native', await builds.tests('native'));
    for (const preset of VARIANTS.map((variant) => `wasm-${variant}`)) {
      await builds.build(preset);
      const tests = await builds.tests(preset);
      for (const node of nodes) await googleTests(count, preset, tests, node);
    }
  },

  async asan(count, { builds }) {
    if (process.platform === 'win32') {
      say('asan: not on Windows, whose compilers lack a part of it');
      return;
    }
    await builds.build('native-asan');
    await googleTests(count, 'native-asan', await builds.tests('native-asan'));
  },

  async js(count, { nodes }) {
    if (!hasTests('js')) return;
    for (const node of nodes) await vitest(count, 'js', node);
  },

  async package(count, { nodes }) {
    if (!hasTests('package')) return;
    await vitest(count, 'package', nodes[0], {
      FEWBITS_TARBALL: await tarball(),
      CHROMIUM: await chromium(),
      FEWBITS_PYTHON: await pythonWithNumpy(),
      FEWBITS_NODES: nodes.map((node) => node.path).join(path.delimiter),
    });
  },

  async browser(count, { nodes }) {
    if (!hasTests('browser')) return;
    const site = path.join(root, 'site');
    if (existsSync(path.join(site, 'index.html'))) {
      await nodeProgram('vite/bin/vite.js', ['build', '--logLevel', 'warn'], { cwd: site });
    }
    await vitest(count, 'browser', nodes.at(-1), { CHROMIUM: await chromium() });
  },
};

await main(async () => {
  const start = performance.now();
  const chosen = process.argv.slice(2);
  const unknown = chosen.filter((name) => !(name in SUITES));
  if (unknown.length > 0) {
    throw new Problem(`no such suite: ${unknown.join(', ')}; there are ${Object.keys(SUITES)}`);
  }
  const builds = await setUp({ tests: true });
  const checks = await buildPackage(builds);
  await printSizes();
  const context = { builds, checks, nodes: testNodes() };
  say(`tests run on ${context.nodes.map((node) => node.name).join(' and ')}`);
  const total = new Count();
  const lines = [];
  for (const [name, suite] of Object.entries(SUITES)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    say(`suite ${name} ...`);
    const began = performance.now();
    const count = new Count();
    try {
      await suite(count, context);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      process.stderr.write(`${error.message}\n`);
      count.fail(name, error.message);
    }
    const skipped = count.skipped ? `, ${count.skipped} skipped` : '';
    lines.push(
      `${name}: ${count.passed} passed, ${count.failures.length} failed${skipped} (${seconds(began)})`,
    );
    say(lines.at(-1));
    total.pass(count.passed);
    total.failures.push(...count.failures);
  }
  process.stdout.write('\n');
  for (const line of lines) say(line);
  for (const { name, why } of total.failures) {
    say(`FAILED ${name}`);
    // Repeated at the end, for readers who have only the end of the log.
    for (const line of why.split('\n', 12)) process.stdout.write(`    ${line}\n`);
  }
  say(`all of it took ${seconds(start)}`);
  process.stdout.write(`${total.passed} passed, ${total.failures.length} failed\n`);
  return total.failures.length > 0 || total.passed === 0 ? 1 : 0;
});
