// `npm start`: sets up, builds, and serves the demo site. Arguments after `npm start --` go to Vite, for
// example `--host` or `--port 8080`.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { buildPackage, printSizes } from './build/package.mjs';
import { setUp } from './build/setup.mjs';
import { systemNode } from './setup/nodes.mjs';
import { cleanEnvironment, main, Problem, root, say, seconds } from './setup/steps.mjs';

await main(async () => {
  const start = performance.now();
  await buildPackage(await setUp());
  await printSizes();
  const site = path.join(root, 'site');
  if (!existsSync(path.join(site, 'index.html'))) throw new Problem('there is no site/index.html');
  const given = process.argv.slice(2);
  // Opens a browser if there is a display.
  const display =
    !process.env.CI &&
    process.stdout.isTTY &&
    (process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
  const open = display && !given.some((word) => /^--(no-)?open/.test(word)) ? ['--open'] : [];
  say(`ready after ${seconds(start)}; the address of the demo follows, Ctrl-C ends it`);
  const vite = path.join(root, 'node_modules/vite/bin/vite.js');
  const child = spawn(systemNode().path, [vite, ...open, ...given], {
    cwd: site,
    env: cleanEnvironment(),
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 0));
  });
});
